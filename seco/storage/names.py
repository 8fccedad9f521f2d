"""Which names a class, a split and an image may have: they become rows, keys and file names of all later stages."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

BACKGROUND_NAME = "background"
"""What the value 0 of masks is called; no class may have this name."""

RESULT_SUFFIXES = (".png", ".npz")
"""Of the files that later stages name after an image: masks and class activation maps."""

_LONGEST_NAME = 255 - max(map(len, RESULT_SUFFIXES))  # bytes: the limit of nearly all file systems
_LONGEST_PATH = 3000  # bytes: Linux allows 4096, with the folders in front
_SPLIT = re.compile(r"[\w-][\w.-]{0,59}")
_NO_LETTERS = re.compile(r"[\W_]+")
_UNSAFE = re.compile(r"[^\w-]+")
_LONGEST_PART = 80  # bytes of a class in the name of a file, after an image's id
_NO_TEXT = "holds a NUL or is not written in UTF-8"


def class_fault(name: str) -> str | None:
    """Return what is wrong with the name of a class, and the remedy; None if it can be used."""
    if not name.strip():
        return "is empty: name it"
    if not is_storable(name):
        return f"{_NO_TEXT}: rename it"
    if ";" in name:
        return "holds a semicolon, which separates labels: rename it"
    if _NO_LETTERS.sub("", name).casefold() == BACKGROUND_NAME:
        return (
            "is no class but what no class covers, with the value 0 in masks: leave it out (an image that shows none "
            "of the classes has no label)"
        )
    return None


def split_fault(name: str) -> str | None:
    """Return what is wrong with the name of a split, and the remedy; None if it can be used."""
    if _SPLIT.fullmatch(name):
        return None
    return "is no name: write train, val or another of letters, digits, - and _"


def id_fault(image_id: str) -> str | None:
    """Return what is wrong with an image's id, and the remedy; None if files below a folder can have its name."""
    path = PurePosixPath(image_id)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\\" in image_id or "\0" in image_id:
        return "cannot be an image's id: rename the file"
    if not is_storable(image_id):
        return f"{_NO_TEXT}: rename the file"
    if any(len(part.encode()) > _LONGEST_NAME for part in path.parts) or len(image_id.encode()) > _LONGEST_PATH:
        return f"is too long for the name of its mask: shorten each part to {_LONGEST_NAME} bytes, suffix not counted"
    return None


def file_parts(names: Sequence[str]) -> list[str]:
    """Return for each class what stands for it in the names of files: letters, digits, - and _, and no dot.

    All are different, whatever the file system does with case and accents: where they would not be, each starts with
    its place in the list.
    """
    composed = (unicodedata.normalize("NFC", name).strip() for name in names)
    parts = [_UNSAFE.sub("_", name).encode()[:_LONGEST_PART].decode(errors="ignore") for name in composed]
    if all(parts) and len({part.casefold() for part in parts}) == len(parts):
        return parts
    return [f"{place}_{part}" for place, part in enumerate(parts)]


def is_storable(name: str) -> bool:
    """Return whether files can hold a name: it has no NUL, and no bytes of a file name that are no UTF-8."""
    return not any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in name)
