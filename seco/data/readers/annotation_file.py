"""A JSON file of COCO's form, of which little is kept: what stands where, and which labels it gives to which image."""

from array import array
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from seco.data.candidates import OutlineFile, Outlines
from seco.data.json_stream import Element, JsonStream
from seco.data.problems import Problem
from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback
from seco.storage.images import MAX_PIXELS

Id = int | str
Kind = TypeVar("Kind")

_EVERY = 10_000  # entries between two signs of progress
_MEGABYTE = 10**6


class ListedImage(NamedTuple):
    """An entry of `images`."""

    file_name: str
    size: tuple[int, int] | None
    """Width and height in pixels."""


class AnnotationFile:
    """The images of a JSON file and, for each of them, the numbers of its annotations.

    Attributes:
        path: the file.
        images: by id.
        categories: name by id.
        problems: entries that lack something.
    """

    def __init__(self, path: Path, *, progress: ProgressCallback | None = None) -> None:
        """Read the file, entry by entry; `progress` is called with (done, total) in MB.

        Raises:
            SecoError: it is missing, or of another form.
        """
        self.path = path
        self.images: dict[Id, ListedImage] = {}
        self.categories: dict[int, str] = {}
        self.problems: list[Problem] = []
        self._objects: dict[Id, array[int]] = {}  # category, first byte, bytes, has an outline; of each object in turn
        stream = JsonStream(path)
        self._read(stream, progress)
        self._outline_file = OutlineFile(path, self.categories, stream.digest)

    def _read(self, stream: JsonStream, progress: ProgressCallback | None) -> None:
        takers = {
            "images": self._take_image,
            "annotations": self._take_annotation,
            "categories": self._take_category,
        }
        counts = dict.fromkeys(takers, 0)
        for element in stream:
            if element.key not in takers:
                continue
            counts[element.key] += 1
            try:
                takers[element.key](element)
            except SecoError as fault:
                place = f"{self.path}: entry {counts[element.key]} of {element.key}"
                self.problems.append(Problem(self.path, f"{place} {fault}: correct it or export the file again"))
            if progress is not None and counts[element.key] % _EVERY == 0:
                progress(element.offset // _MEGABYTE, stream.size // _MEGABYTE)
        missing = [key for key, count in counts.items() if not count]
        if missing:
            raise SecoError(f"{self.path} has no {' and no '.join(missing)}: export it in COCO's form")

    def labels(self, image_id: Id) -> tuple[str, ...]:
        """Return the class names of an image's annotations, none where it has none.

        Raises:
            SecoError: a category is not listed.
        """
        used = dict.fromkeys(self._objects.get(image_id, ())[::4])
        for category in used:
            if category not in self.categories:
                raise SecoError(f"its category {category} is not listed: add it to categories")
        return tuple(dict.fromkeys(self.categories[category] for category in used))

    def outlines(self, image_id: Id) -> Outlines | None:
        """Return the outlines of an image's objects; None where no object has one.

        Raises:
            SecoError: the size that they need is not given.
        """
        numbers = self._objects[image_id]
        if not any(numbers[3::4]):
            return None
        size = self.images[image_id].size
        if size is None:
            raise SecoError("it has no width and height, which its outlines need: add them")
        if size[0] * size[1] > MAX_PIXELS:
            raise SecoError(f"it is listed with more than {MAX_PIXELS // 1_000_000} million pixels: correct that")
        spans = array("q", (number for place, number in enumerate(numbers) if place % 4 in (1, 2)))
        return Outlines(self._outline_file, spans, size)

    def used_categories(self) -> dict[int, str]:
        """Return the categories that annotations name, by id."""
        used = {category for numbers in self._objects.values() for category in numbers[::4]}
        return {category: name for category, name in self.categories.items() if category in used}

    def strays(self) -> list[Id]:
        """Return the ids that annotations name and `images` does not list."""
        return [image_id for image_id in self._objects if image_id not in self.images]

    def _take_image(self, element: Element) -> None:
        image_id = _field(element, "id", (int, str))
        if image_id in self.images:
            raise SecoError(f"has the id {image_id!r} of an entry before it")
        width, height = (element.value.get(side) for side in ("width", "height"))
        sized = isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0
        self.images[image_id] = ListedImage(_field(element, "file_name", (str,)), (width, height) if sized else None)

    def _take_annotation(self, element: Element) -> None:
        image_id, category = _field(element, "image_id", (int, str)), _field(element, "category_id", (int,))
        is_outlined = bool(element.value.get("segmentation"))
        numbers = self._objects.setdefault(image_id, array("q"))
        numbers.extend((category, element.offset, element.length, is_outlined))

    def _take_category(self, element: Element) -> None:
        self.categories[_field(element, "id", (int,))] = _field(element, "name", (str,)).strip()


def _field(element: Element, name: str, kinds: tuple[type, ...]) -> Any:
    if not isinstance(element.value, dict):
        raise SecoError("is not an object with keys")
    if name not in element.value:
        raise SecoError(f"has no {name!r}")
    value = element.value[name]
    if not isinstance(value, kinds) or isinstance(value, bool) or value == "":
        raise SecoError(f"has the {name!r} {value!r}, which is no {' or '.join(_NAMES[kind] for kind in kinds)}")
    return value


_NAMES = {int: "whole number", str: "text"}
