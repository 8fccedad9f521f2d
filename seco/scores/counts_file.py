"""counts.npz: the counts of every image in every kind of masks, so that two runs can be compared image by image."""

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seco.errors import SecoError
from seco.scores.image_counts import Cells, ImageCounts, Outlines
from seco.storage.atomic import atomic_write_bytes

COUNTS_FILE = "counts.npz"
_FORMAT = 1


class CountsKey(NamedTuple):
    """Which masks were counted; the keys of metrics.json."""

    kind: str
    split: str
    variant: str
    """Empty where there is one only."""


def last_variants(masks: Iterable[CountsKey]) -> list[CountsKey]:
    """Return, of each kind of masks and split, the last variant, which is the most refined."""
    return [*{(key.kind, key.split): key for key in masks}.values()]


class StoredCounts(NamedTuple):
    """The content of counts.npz."""

    data: str
    """The fingerprint of the data set, as of ``data_fingerprint``."""
    class_names: tuple[str, ...]
    counts: dict[CountsKey, ImageCounts]


def write_counts(path: Path, counts: Mapping[CountsKey, ImageCounts], *, data: str, class_names: Sequence[str]) -> None:
    """Write the counts, compressed.

    Raises:
        SecoError: the file cannot be written; an older one survives.
    """
    arrays: dict[str, Any] = {
        "format": np.array(_FORMAT),
        "data": np.array(data),
        "class_names": np.array(class_names, dtype=np.str_),
        "keys": np.array(list(counts), dtype=np.str_).reshape(-1, len(CountsKey._fields)),
    }
    for number, of_images in enumerate(counts.values()):
        arrays[f"{number}.ids"] = np.array(of_images.ids, dtype=np.str_)
        for part in (of_images.cells(), of_images.outlines()):
            arrays |= {f"{number}.{_name(type(part), name)}": array for name, array in part._asdict().items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    atomic_write_bytes(path, buffer.getvalue())


def read_counts(path: Path, *, called: str | None = None) -> StoredCounts:
    """Return the content of counts.npz; errors call it by another name than its path if there is one.

    Raises:
        SecoError: it is missing, damaged or of another version.
    """
    called = called or str(path)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        if arrays["format"] != _FORMAT:
            raise SecoError(f"{called} was written by another version: run `seco evaluate` again")
        data, class_names = str(arrays["data"]), tuple(map(str, arrays["class_names"]))
        counts = {}
        for number, key in enumerate(arrays["keys"].tolist()):
            ids = arrays[f"{number}.ids"].tolist()
            cells, outlines = (
                [arrays[f"{number}.{_name(kind, name)}"] for name in kind._fields] for kind in (Cells, Outlines)
            )
            parts = Cells(*cells), Outlines(*outlines)
            counts[CountsKey(*key)] = ImageCounts.of_parts(len(class_names), ids, *parts, data=data)
    except FileNotFoundError as error:
        raise SecoError(f"{called} is missing: run `seco evaluate`") from error
    except SecoError:
        raise
    except Exception as error:  # numpy and zipfile raise about a dozen kinds
        raise SecoError(f"{called} is damaged: run `seco evaluate` again") from error
    return StoredCounts(data, class_names, counts)


def _name(kind: type, field: str) -> str:
    return f"{kind.__name__.lower()}.{field}"
