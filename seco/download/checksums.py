"""Checks that a downloaded file is the published one."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from seco.errors import SecoError
from seco.storage.atomic import atomic_write_text

_CHUNK = 1 << 20  # bytes


def verify(
    path: Path, *, sha256: str | None, md5: str | None, noted: Path, on_bytes: Callable[[int], None]
) -> str | None:
    """Compare a file with its published checksums, or with the SHA-256 of the first download where none is published.

    Args:
        path: the file.
        sha256, md5: the published checksums, in hexadecimal; None where unknown.
        noted: the file in which the SHA-256 of the first download is noted.
        on_bytes: called with the number of bytes read so far.

    Returns:
        Where a checksum was noted now, a sentence that says so.

    Raises:
        SecoError: the file is another one.
    """
    found_sha256, found_md5 = _digests(path, on_bytes)
    for name, found, expected in (("SHA-256", found_sha256, sha256), ("MD5", found_md5, md5)):
        if expected not in (None, found):
            raise SecoError(f"{path.name} is not the published file: its {name} is {found}, not {expected}")
    if sha256 is not None:
        return None
    if not noted.exists():
        atomic_write_text(noted, f"{found_sha256}  {path.name}\n")
        return f"no SHA-256 of {path.name} is published: that of this first download is noted in {noted}"
    if noted.read_text(encoding="utf-8", errors="replace").split()[:1] != [found_sha256]:
        raise SecoError(
            f"{path.name} is not the file of the first download, whose SHA-256 is noted in {noted}: "
            "if its publisher has renewed it, remove that note"
        )
    return None


def _digests(path: Path, on_bytes: Callable[[int], None]) -> tuple[str, str]:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
            md5.update(chunk)
            on_bytes(file.tell())
    return sha256.hexdigest(), md5.hexdigest()
