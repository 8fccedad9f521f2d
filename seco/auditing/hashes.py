"""Perceptual hashes of photographs, kept for the next run by the digest of each photograph."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from imagehash import phash
from numpy.typing import NDArray
from PIL import Image, ImageOps

from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback, thread_map
from seco.storage.csv_file import read_csv, write_csv
from seco.storage.fingerprint import DIGESTS_COLUMNS, DIGESTS_FILE
from seco.storage.images import read_image
from seco.storage.manifest import Record

_SIDE = 16
BITS = _SIDE * _SIDE
_SEEN = 4 * _SIDE
"""Pixels of the square whose lowest 16 x 16 frequencies are hashed: four times as many, as the library has it."""
_COLUMNS = ("image", f"phash_{BITS}", "mirrored")


class Hashes(NamedTuple):
    """The hashes of some photographs as they are, and as a mirror shows them: bool ``[N, 256]`` each."""

    plain: NDArray[np.bool_]
    mirrored: NDArray[np.bool_]


def hash_image(image: Image.Image) -> tuple[str, str]:
    """Return the hashes of an image and of its mirror image, 64 hexadecimal digits each."""
    grey = image.convert("L").resize((_SEEN, _SEEN), Image.Resampling.LANCZOS)
    plain, mirrored = (str(phash(side, hash_size=_SIDE)) for side in (grey, ImageOps.mirror(grey)))
    return plain, mirrored


def as_bits(texts: Sequence[tuple[str, str]]) -> Hashes:
    """Return hashes, as of `hash_image`, as arrays."""
    digits = (bytes.fromhex("".join(text[side] for text in texts)) for side in (0, 1))
    plain, mirrored = (np.unpackbits(np.frombuffer(part, np.uint8)).astype(np.bool_) for part in digits)
    return Hashes(plain.reshape(-1, BITS), mirrored.reshape(-1, BITS))


def hash_images(
    records: Sequence[Record], *, data: Path, cache: Path, progress: ProgressCallback | None = None
) -> Hashes:
    """Return the hash of each photograph (pHash: signs of its lowest frequencies about their median).

    Args:
        records: the photographs.
        data: the folder that `seco prepare` wrote, whose digests say which photographs have changed.
        cache: a CSV file of known hashes, which may be deleted at any time; a damaged one is ignored. It is replaced by
            the hashes of these photographs.
        progress: called with (done, total) after each photograph.

    Raises:
        SecoError: a photograph cannot be read, or the digests or the cache's folder are missing.
    """
    digests = _digests(data)
    known = _known(cache)
    keys = [digests.get(record.id, "") for record in records]
    new = [record for record, key in zip(records, keys, strict=True) if key not in known]
    made = iter(list(thread_map(lambda record: hash_image(read_image(record.image)), new, progress=progress)))
    texts = [known[key] if key in known else next(made) for key in keys]
    fresh = {key: text for key, text in zip(keys, texts, strict=True) if key}
    if fresh.keys() != known.keys():
        write_csv(cache, [(key, *text) for key, text in fresh.items()], columns=_COLUMNS)
    return as_bits(texts)


def _digests(data: Path) -> dict[str, str]:
    rows = read_csv(data / DIGESTS_FILE, columns=DIGESTS_COLUMNS, stage="prepare")
    return {row["id"]: row["image"] for _, row in rows}


def _known(cache: Path) -> dict[str, tuple[str, str]]:
    with suppress(SecoError, ValueError):
        found = {}
        for _, row in read_csv(cache, columns=_COLUMNS, stage="audit"):
            key, *texts = row.values()
            if any(len(bytes.fromhex(text)) * 8 != BITS for text in texts):
                return {}
            found[key] = (texts[0], texts[1])
        return found
    return {}
