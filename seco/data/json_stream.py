"""Large JSON files, element by element: a few MB are in memory at a time, however long the lists are."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from seco.errors import SecoError

_CHUNK = 4 * 2**20  # bytes read at a time
_LONGEST = 64 * 2**20  # bytes of one element
_AFTER_VALUE = tuple(",:]} \t\r\n")
_BYTE_ORDER_MARK = "\xef\xbb\xbf"  # UTF-8's, a character a byte


class Element(NamedTuple):
    """An element of a list, or the whole of a value that is none."""

    key: str
    """The top-level key that it stands under."""
    value: Any
    offset: int
    """The place of its first byte in the file."""
    length: int
    """Its bytes."""


class JsonStream:
    """The lists of a file that holds one JSON object.

    Attributes:
        size: the file's bytes, known from the first element on.
        digest: SHA-256 of the file, known once every element was drawn.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.digest = ""

    def __iter__(self) -> Iterator[Element]:
        """Yield the elements of each list under a top-level key, and each other value there as one.

        Raises:
            SecoError: the file is missing, unreadable or no JSON object.
        """
        try:
            with self.path.open("rb") as file:
                self.size = file.seek(0, os.SEEK_END)
                file.seek(0)
                window = _Window(file)
                try:
                    yield from _members(window)
                except (ValueError, RecursionError) as error:
                    raise SecoError(
                        f"{self.path} is not the JSON it should be, near byte {window.offset}"
                        f" ({str(error).split(':')[0]}): export it again"
                    ) from error
                self.digest = window.digest.hexdigest()
        except FileNotFoundError as error:
            raise SecoError(f"{self.path} does not exist: restore it, or correct the section dataset") from error
        except OSError as error:
            raise SecoError(f"{self.path} cannot be read: {error.strerror}; correct it or its permissions") from error


def read_element(file: BinaryIO, offset: int, length: int) -> Any:
    """Return the element that a stream yielded from this place of the file."""
    file.seek(offset)
    return json.loads(file.read(length))


class _Window:
    """The part of the file that is being read, as text of one character a byte: JSON's signs are single bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self.digest = hashlib.sha256()
        self._file = file
        self._text, self._at, self._start = "", 0, 0
        self._decoder = json.JSONDecoder(parse_constant=_refuse_constant)
        self._grow()
        if self._text.startswith(_BYTE_ORDER_MARK):
            self._at = len(_BYTE_ORDER_MARK)

    @property
    def offset(self) -> int:
        """The place in the file that is read next."""
        return self._start + self._at

    def peek(self) -> str:
        """Return the next character that is no space; "" at the end of the file."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in " \t\r\n":
                    return self._text[self._at]
                self._at += 1
            if not self._grow():
                return ""

    def take(self, sign: str) -> None:
        """Pass over a sign that must be next."""
        found = self.peek()
        if found != sign:
            raise ValueError(f"expected {sign!r} and found {found!r}" if found else "the file ends too early")
        self._at += 1

    def value(self) -> tuple[Any, int, int]:
        """Read the value that is next; return it with its first byte and its bytes."""
        self.peek()
        found = self._decode()
        while found is None:
            if len(self._text) - self._at > _LONGEST or not self._grow():
                raise ValueError("a value does not end as it should")
            found = self._decode()
        value, end = found
        raw, offset = self._text[self._at : end], self.offset
        self._at = end
        return (value if raw.isascii() else json.loads(raw.encode("latin-1"))), offset, len(raw)

    def _decode(self) -> tuple[Any, int] | None:
        """Return the value that is next and where it ends in the text; None where the text does not hold it whole."""
        try:
            value, end = self._decoder.raw_decode(self._text, self._at)
        except json.JSONDecodeError:
            return None
        # What is followed by nothing, or by a dot, may be half a number.
        return (value, end) if self._text[end : end + 1] in _AFTER_VALUE else None

    def _grow(self) -> bool:
        data = self._file.read(max(_CHUNK, len(self._text) - self._at))
        self.digest.update(data)
        self._start += self._at
        self._text, self._at = self._text[self._at :] + data.decode("latin-1"), 0
        return bool(data)


def _members(window: _Window) -> Iterator[Element]:
    window.take("{")
    separator = "" if window.peek() == "}" else ","
    while separator == ",":
        key, _, _ = window.value()
        if not isinstance(key, str):
            raise ValueError(f"the key {key!r} is no text")
        window.take(":")
        if window.peek() == "[":
            yield from _entries(window, key)
        else:
            yield Element(key, *window.value())
        separator = window.peek()
        window.take("," if separator == "," else "}")
    if separator == "":
        window.take("}")
    if window.peek():
        raise ValueError("something follows its end")


def _entries(window: _Window, key: str) -> Iterator[Element]:
    window.take("[")
    separator = "" if window.peek() == "]" else ","
    while separator == ",":
        yield Element(key, *window.value())
        separator = window.peek()
        window.take("," if separator == "," else "]")
    if separator == "":
        window.take("]")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
