"""The manifest that `seco prepare` writes: every image of a data set with its labels, mask and split."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seco.errors import SecoError
from seco.storage.csv_file import read_csv, write_csv
from seco.storage.json_file import write_metrics
from seco.storage.label_map import IGNORE
from seco.storage.names import class_fault, id_fault, split_fault

MANIFEST_FILE = "manifest.csv"
CLASSES_FILE = "classes.csv"
SUMMARY_FILE = "summary.json"
TRAIN = "train"
"""The split that the network learns from."""

_COLUMNS = ("id", "image", "mask", "labels", "split", "width", "height", "corrected")
_CLASS_COLUMNS = ("id", "name")
_SEPARATOR = ";"
_REMEDY = "run `seco prepare` again"


@dataclass(frozen=True)
class Record:
    """One image of the data set.

    Attributes:
        id: its name, unique in the manifest; may hold "/" where the data set has folders.
        image: the photograph.
        mask: the ground-truth mask, or None.
        labels: names of the classes the image shows, in class-id order.
        split: "train", "val", …
        width, height: size in pixels.
        corrected: the mask that somebody corrected (`seco corrections add`), or None.
    """

    id: str
    image: Path
    mask: Path | None
    labels: tuple[str, ...]
    split: str
    width: int
    height: int
    corrected: Path | None = None


@dataclass(frozen=True)
class Manifest:
    """All records of a data set and the foreground class names in id order (the first has id 1)."""

    records: tuple[Record, ...]
    class_names: tuple[str, ...]

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits, in the order of their first record."""
        return tuple(dict.fromkeys(record.split for record in self.records))

    def split(self, name: str) -> list[Record]:
        """Return the records of one split.

        Raises:
            SecoError: the manifest has no such split.
        """
        chosen = [record for record in self.records if record.split == name]
        if not chosen:
            raise SecoError(f"the manifest has no split {name!r}: choose one of {', '.join(self.splits)}")
        return chosen

    def label_ids(self, record: Record) -> tuple[int, ...]:
        """Return the class ids (1..K) of a record's labels."""
        return tuple(self.class_names.index(label) + 1 for label in record.labels)


def write_manifest(folder: Path, manifest: Manifest, *, summary: Mapping[str, Any]) -> None:
    """Write `summary.json`, `classes.csv` and, last, `manifest.csv`: where it exists, the others do.

    Relative paths are written relative to `folder`, so that the whole tree can be moved; absolute paths are kept.

    Raises:
        SecoError: a file cannot be written.
    """
    write_metrics(folder / SUMMARY_FILE, summary)
    classes = [(str(index), name) for index, name in enumerate(manifest.class_names, start=1)]
    write_csv(folder / CLASSES_FILE, classes, columns=_CLASS_COLUMNS)
    rows = [_to_row(folder, record) for record in manifest.records]
    write_csv(folder / MANIFEST_FILE, rows, columns=_COLUMNS)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest in `folder`.

    Raises:
        SecoError: it is missing or damaged; the sentence names the file and the line.
    """
    classes = read_csv(folder / CLASSES_FILE, columns=_CLASS_COLUMNS, stage="prepare")
    class_names = tuple(row["name"] for _, row in classes)
    if len(class_names) >= IGNORE:
        raise SecoError(
            f"{folder / CLASSES_FILE} lists {len(class_names)} classes, but a mask holds {IGNORE - 1} at most: leave "
            f"classes out or join some; then {_REMEDY}"
        )
    for where, row in classes:
        if fault := class_fault(row["name"]):
            raise SecoError(f"{where}: the class {row['name']!r} {fault}; then {_REMEDY}")
    records: dict[str, Record] = {}
    for where, row in read_csv(folder / MANIFEST_FILE, columns=_COLUMNS, stage="prepare"):
        record = _from_row(where, folder, row)
        _require_sound(where, record, class_names)
        if record.id in records:
            raise SecoError(f"{where}: the id {record.id!r} is there twice; {_REMEDY}")
        records[record.id] = record
    if not records:
        raise SecoError(f"{folder / MANIFEST_FILE} lists no image; {_REMEDY}")
    return Manifest(records=tuple(records.values()), class_names=class_names)


def _to_row(folder: Path, record: Record) -> tuple[str, ...]:
    files = (record.image, record.mask, record.corrected)
    image, mask, corrected = (_relative(path, folder) if path else "" for path in files)
    labels = _SEPARATOR.join(record.labels)
    return record.id, image, mask, labels, record.split, str(record.width), str(record.height), corrected


def _relative(path: Path, folder: Path) -> str:
    return (path if path.is_absolute() else Path(os.path.relpath(path, folder))).as_posix()


def _from_row(where: str, folder: Path, row: dict[str, str]) -> Record:
    try:
        width, height = int(row["width"]), int(row["height"])
    except ValueError as error:
        raise SecoError(f"{where}: width and height must be whole numbers ({error}); {_REMEDY}") from error
    # normpath and not resolve(): a data folder that is a link keeps the path that the user knows.
    image, mask, corrected = (Path(os.path.normpath(folder / row[name])) for name in ("image", "mask", "corrected"))
    labels = tuple(label for label in row["labels"].split(_SEPARATOR) if label)
    masks = (mask if row["mask"] else None, corrected if row["corrected"] else None)
    return Record(row["id"], image, masks[0], labels, row["split"], width, height, masks[1])


def _require_sound(where: str, record: Record, class_names: tuple[str, ...]) -> None:
    if fault := id_fault(record.id):
        raise SecoError(f"{where}: {record.id!r} {fault}; {_REMEDY}")
    if fault := split_fault(record.split):
        raise SecoError(f"{where}: the split {record.split!r} {fault}; {_REMEDY}")
    if record.width < 1 or record.height < 1:
        raise SecoError(f"{where}: the image's size is {record.width}x{record.height}; {_REMEDY}")
    for label in record.labels:
        if label not in class_names:
            raise SecoError(f"{where}: the label {label!r} is not in {CLASSES_FILE}; {_REMEDY}")
