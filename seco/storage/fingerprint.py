"""The fingerprint of a data set: equal where images, masks and classes are."""

import hashlib
from pathlib import Path

from seco.errors import SecoError
from seco.storage.manifest import CLASSES_FILE

DIGESTS_FILE, DIGESTS_COLUMNS = "digests.csv", ("id", "image", "mask", "corrected")
"""Digests of the content of images and masks: later stages depend on this file in place of the data set's folder."""


def data_fingerprint(folder: Path) -> str:
    """Return 16 hexadecimal digits, of the digests of all images and masks and of the class list in their order.

    Args:
        folder: what `seco prepare` wrote.

    Raises:
        SecoError: a file is missing or cannot be read.
    """
    digest = hashlib.blake2b(digest_size=8)
    for name in (DIGESTS_FILE, CLASSES_FILE):
        path = folder / name
        try:
            digest.update(path.read_bytes())
        except FileNotFoundError as error:
            raise SecoError(f"{path} is missing: run `seco prepare`") from error
        except OSError as error:
            raise SecoError(f"{path} cannot be read ({error}): run `seco prepare` again") from error
    return digest.hexdigest()
