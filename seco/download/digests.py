"""Is a file the one that was published, or at least the one that came first?"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from seco.errors import SecoError
from seco.storage.atomic import atomic_write_text

_CHUNK = 1 << 20  # bytes


def verify(
    path: Path,
    *,
    sha256: str | None,
    md5: str | None,
    pin: Path,
    reached: Callable[[int], None],
) -> str | None:
    """Compare a file with its published checksums. Without a SHA-256, note the file's, or compare with the one noted.

    Args:
        path: the file.
        sha256, md5: what the publisher's file has, in hexadecimal; None where it is not known.
        pin: where the SHA-256 of the first download is noted.
        reached: called with the number of bytes read.

    Returns:
        A sentence on what was noted now, or None.

    Raises:
        SecoError: the file is another one.
    """
    found = _digests(path, reached)
    for name, expected in (("SHA-256", sha256), ("MD5", md5)):
        if expected is not None and found[name] != expected:
            raise SecoError(f"{path.name} is not the published file: its {name} is {found[name]}, not {expected}")
    if sha256 is not None:
        return None
    if not pin.exists():
        atomic_write_text(pin, f"{found['SHA-256']}  {path.name}\n")
        return f"no SHA-256 of {path.name} is published: that of this first download is noted in {pin}"
    noted = pin.read_text(encoding="utf-8", errors="replace").split()[:1]
    if noted != [found["SHA-256"]]:
        raise SecoError(
            f"{path.name} is not the file of the first download, whose SHA-256 is noted in {pin}: "
            "if its publisher has renewed it, remove that note"
        )
    return None


def _digests(path: Path, reached: Callable[[int], None]) -> dict[str, str]:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
            md5.update(chunk)
            reached(file.tell())
    return {"SHA-256": sha256.hexdigest(), "MD5": md5.hexdigest()}
