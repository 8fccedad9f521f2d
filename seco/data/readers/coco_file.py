"""A JSON file of COCO's form, mapped into memory and decoded entry by entry."""

import hashlib
import mmap
import reprlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from seco.data.listing import Legend, Outlines
from seco.data.problems import Problem
from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback
from seco.storage.images import MAX_PIXELS
from seco.storage.names import is_storable
from seco.storage.regular import require_regular, unreadable

_PROGRESS_EVERY = 10_000  # entries
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_KEYS = ("images", "annotations", "categories")
_LARGEST_ID = 2**63  # of a category
_MAX_DIGITS = 20


class ImageEntry(NamedTuple):
    """An entry of `images`; the size is (width, height) in pixels."""

    file_name: str
    size: tuple[int, int] | None


class AnnotationFile:
    """What one JSON file lists. It is mapped into memory: annotations are views of it, and decoded when needed.

    Ids of images are texts: tools write some as numbers and others in quotes.

    Attributes:
        path: the file.
        images: by id.
        problems: of entries that lack something.
        faults: image id → what is wrong with one of its annotations.
    """

    def __init__(self, path: Path, *, needs_labels: bool, progress: ProgressCallback | None) -> None:
        """Read the file; `progress` is called with (done, total) entries of a list.

        Args:
            path: the file.
            needs_labels: whether there must be annotations.
            progress: called with (done, total) entries of a list.

        Raises:
            SecoError: the file is missing, or of another form.
        """
        self.path = path
        self.images: dict[str, ImageEntry] = {}
        self.problems: list[Problem] = []
        self.faults: dict[str, str] = {}
        self._categories: dict[int, str] = {}
        self._used: dict[str, list[int]] = {}  # the category of each annotation, by image
        self._annotations: dict[str, list[msgspec.Raw]] = {}
        self._outlined: set[str] = set()
        content = _map_file(path)
        lists = self._lists(content)
        for key, entries in lists.items():
            self._add_all(key, entries, progress)
        needed = _KEYS if needs_labels else _KEYS[:1]
        missing = [key for key in needed if not lists.get(key)]
        if missing:
            raise SecoError(f"{path} has no {' and no '.join(missing)}: export it in COCO's form")
        self._legend = Legend(path, self._categories, hashlib.sha256(content).hexdigest())

    def _lists(self, content: memoryview) -> dict[str, list[msgspec.Raw]]:
        has_mark = content[: len(_BYTE_ORDER_MARK)] == _BYTE_ORDER_MARK
        try:
            members = msgspec.json.decode(content[len(_BYTE_ORDER_MARK) * has_mark :], type=dict[str, msgspec.Raw])
            return {key: msgspec.json.decode(members[key], type=list[msgspec.Raw]) for key in _KEYS if key in members}
        except Exception as error:
            reason = str(error).removeprefix("JSON is malformed: ")
            raise SecoError(f"{self.path} is not the JSON it should be: {reason}; export it again") from error

    def _add_all(self, key: str, entries: Sequence[msgspec.Raw], progress: ProgressCallback | None) -> None:
        add = {"images": self._add_image, "annotations": self._add_annotation, "categories": self._add_category}[key]
        for number, raw in enumerate(entries, start=1):
            entry: dict[str, Any] = {}
            try:
                entry = _object(raw)
                add(entry, raw)
            except SecoError as error:
                fault = f"entry {number} of {key} {error}: correct it or export the file again"
                image_id = _as_id(entry.get("image_id"))
                if image_id is None:
                    self.problems.append(Problem(self.path, f"{self.path}: {fault}"))
                else:
                    self.faults.setdefault(image_id, fault)
            if progress is not None and number % _PROGRESS_EVERY == 0:
                progress(number, len(entries))

    def labels(self, image_id: str) -> tuple[str, ...]:
        """Return the class names of an image's annotations.

        Raises:
            SecoError: a category is not listed.
        """
        used = dict.fromkeys(self._used.get(image_id, ()))
        for category in used:
            if category not in self._categories:
                raise SecoError(f"its category {category} is not listed: add it to categories")
        return tuple(dict.fromkeys(self._categories[category] for category in used))

    def outlines(self, image_id: str) -> Outlines | None:
        """Return the outlines of an image's objects; None where no object has one.

        Where the file has outlines of other images, an image without annotations has an empty list of them.

        Raises:
            SecoError: the size that outlines need is missing, or too large.
        """
        size = self.images[image_id].size
        if self._outlined and image_id not in self._used and size is not None:
            return Outlines(self._legend, (), size)
        if image_id not in self._outlined:
            return None
        if size is None:
            raise SecoError("it has no width and height, which its outlines need: add them")
        if size[0] * size[1] > MAX_PIXELS:
            raise SecoError(f"it is listed with more than {MAX_PIXELS // 1_000_000} million pixels: correct that")
        return Outlines(self._legend, self._annotations[image_id], size)

    def used_categories(self) -> dict[int, str]:
        """Return the categories that annotations name, by id."""
        used = {category for categories in self._used.values() for category in categories}
        return {category: name for category, name in self._categories.items() if category in used}

    def unlisted_images(self) -> list[str]:
        """Return the image ids that annotations name and `images` does not list."""
        return [image_id for image_id in {**self._used, **self.faults} if image_id not in self.images]

    def _add_image(self, entry: dict[str, Any], _raw: msgspec.Raw) -> None:
        image_id = _id(entry, "id")
        if image_id in self.images:
            raise SecoError(f"has the id {image_id!r} of an entry before it")
        sides = [_as_id(entry.get(name)) or "" for name in ("width", "height")]
        is_sized = all(side.isdecimal() and len(side) < _MAX_DIGITS and int(side) for side in sides)
        size = (int(sides[0]), int(sides[1])) if is_sized else None
        self.images[image_id] = ImageEntry(_text(entry, "file_name"), size)

    def _add_annotation(self, entry: dict[str, Any], raw: msgspec.Raw) -> None:
        image_id, category = _id(entry, "image_id"), _category(entry, "category_id")
        self._used.setdefault(image_id, []).append(category)
        self._annotations.setdefault(image_id, []).append(raw)
        if entry.get("segmentation"):
            self._outlined.add(image_id)

    def _add_category(self, entry: dict[str, Any], _raw: msgspec.Raw) -> None:
        category = _category(entry, "id")
        if category in self._categories:
            raise SecoError(f"has the id {category} of an entry before it")
        self._categories[category] = _text(entry, "name").strip()


def _map_file(path: Path) -> memoryview:
    try:
        require_regular(path)
        with path.open("rb") as file:
            if not path.stat().st_size:
                return memoryview(b"")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError as error:
        raise SecoError(f"{path} does not exist: restore it, or correct the section prepare") from error
    except OSError as error:
        raise unreadable(path, error) from error


def _object(entry: msgspec.Raw) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(entry)
    except Exception as error:  # numbers out of range, nested too deeply, …
        raise SecoError(f"cannot be decoded ({error})") from error
    if not isinstance(value, dict):
        raise SecoError("is not an object with keys")
    return value


def _as_id(value: object) -> str | None:
    """Return an image's id as text; None where it is neither a whole number nor text."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_id = isinstance(value, int | str) and not isinstance(value, bool) and value != ""
    return str(value).strip() if is_id else None


def _id(entry: dict[str, Any], name: str) -> str:
    found = _as_id(_value(entry, name))
    if found is None:
        raise SecoError(f"has the {name!r} {entry[name]!r}, which is no whole number or text")
    return found


def _category(entry: dict[str, Any], name: str) -> int:
    value = _value(entry, name)
    text = _as_id(value) or ""
    if text.isdecimal() and len(text) < _MAX_DIGITS:
        value = int(text)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _LARGEST_ID:
        raise SecoError(f"has the {name!r} {reprlib.repr(value)}, which is no whole number of up to 64 bits")
    return value


def _text(entry: dict[str, Any], name: str) -> str:
    value = _value(entry, name)
    if not isinstance(value, str) or not value.strip() or not is_storable(value):
        raise SecoError(f"has the {name!r} {reprlib.repr(value)}, which is no text")
    return value


def _value(entry: dict[str, Any], name: str) -> Any:
    if name not in entry:
        raise SecoError(f"has no {name!r}")
    return entry[name]
