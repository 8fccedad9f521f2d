"""What a file is that is not of the kind it should be, from its first bytes."""

from pathlib import Path

_WEB_PAGE = (b"<!doctype html", b"<html", b"<?xml")
_POINTER = b"version https://git-lfs.github.com/spec/"


def stand_in(path: Path, *, remedy: str) -> str | None:
    """Return what a file is if something else stands in its place, and the remedy; None where its start is no such.

    Args:
        path: the file.
        remedy: against all but pointers of Git LFS.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(256)
    if not start:
        return f"is empty: {remedy}"
    if start.startswith(_POINTER):
        return "is a pointer of Git LFS, which stands for the file: run `git lfs pull`"
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_WEB_PAGE):
        return f"is a web page: {remedy}"
    return None
