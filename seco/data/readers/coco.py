"""Images listed in JSON files of COCO's form: COCO itself, and what many annotation tools export.

```
{"images": [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}],
 "annotations": [{"image_id": 1, "category_id": 3, "iscrowd": 0, "segmentation": …}],
 "categories": [{"id": 3, "name": "car"}]}
```

Annotations without a segmentation give labels only; width and height are needed where there is one. Images without an
annotation are left out and counted.
"""

import hashlib
import mmap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from seco.data.listing import UNSPLIT, ListedImage, Listing, OutlineFile, Outlines, ReaderInput
from seco.data.problems import Problem
from seco.data.readers.paths import path_below, unreadable
from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback
from seco.storage.images import MAX_PIXELS

_EXPORT_FOLDERS = ("", "images", "data")  # where annotation tools put the images that file_name names
_PROGRESS_EVERY = 10_000  # entries
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TYPE_NAMES = {int: "whole number", str: "text"}

Id = int | str
Locate = Callable[[str, str], tuple[str | None, Path]]  # from file name and place to the image's id, if any, and path


def read_coco(data: ReaderInput) -> Listing:
    """List the images of COCO: `<list>/<file name>` and `annotations/instances_<list>.json` below the root.

    Args:
        data: `places` names the images' folder of each split ("train" → "train2014").

    Raises:
        SecoError: a JSON file is missing or of another form.
    """

    def locate(text: str, folder: str) -> tuple[str, Path]:
        return Path(text).stem, data.root / folder / Path(text).name

    return _list_images(data, lambda name: data.root / "annotations" / f"instances_{name}.json", locate)


def read_json(data: ReaderInput) -> Listing:
    """List the images of the user's own JSON files.

    Args:
        data: `places` names a file for each split. In it, `file_name` is a path below `root`, or below its folder
            `images` or `data`.

    Raises:
        SecoError: a file is missing or of another form.
    """

    def below_root(text: str) -> Path:
        return path_below(data.root, text, outside_root=data.outside_root)

    def locate(text: str, _file: str) -> tuple[None, Path]:
        paths = [below_root(str(Path(folder, text))) for folder in _EXPORT_FOLDERS]
        return None, next((path for path in paths if path.is_file()), paths[0])

    return _list_images(data, below_root, locate)


def _list_images(data: ReaderInput, json_path: Callable[[str], Path], locate: Locate) -> Listing:
    listing, used = Listing(), {}
    for split, place in data.places.items():
        file = _AnnotationFile(json_path(place), progress=data.progress)
        listing.problems.extend(file.problems)
        for image_id, entry in file.images.items():
            where = f"{file.path}: the image {entry.file_name!r}"
            try:
                labels = file.labels(image_id)
                if not labels:
                    listing.unlabelled[split or UNSPLIT] += 1
                    continue
                name, path = locate(entry.file_name, place)
                image = ListedImage(name, path, where, labels, split, outlines=file.outlines(image_id))
                listing.images.append(image)
            except SecoError as error:
                listing.problems.append(Problem(file.path, f"{where}: {error}"))
        for image_id in file.unlisted_images():
            fault = f"{file.path}: annotations name the image {image_id!r}, which is not listed: add it to images"
            listing.problems.append(Problem(file.path, fault))
        used |= file.used_categories()
    listing.class_names.extend(dict.fromkeys(used[category] for category in sorted(used)))
    return listing


class _ImageEntry(NamedTuple):
    file_name: str
    size: tuple[int, int] | None  # width and height in pixels


class _AnnotationFile:
    """What one JSON file lists. It is mapped into memory: annotations are views of it, and decoded when needed.

    Attributes:
        path: the file.
        images: by id.
        problems: of entries that lack something.
    """

    def __init__(self, path: Path, *, progress: ProgressCallback | None) -> None:
        """Read the file; `progress` is called with (done, total) entries of a list.

        Raises:
            SecoError: the file is missing, or of another form.
        """
        self.path = path
        self.images: dict[Id, _ImageEntry] = {}
        self.problems: list[Problem] = []
        self._categories: dict[int, str] = {}
        self._used: dict[Id, list[int]] = {}  # the category of each annotation, by image
        self._annotations: dict[Id, list[msgspec.Raw]] = {}
        self._outlined: set[Id] = set()
        content = _map_file(path)
        try:
            self._read(content, progress)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            reason = str(error).removeprefix("JSON is malformed: ")
            raise SecoError(f"{path} is not the JSON it should be: {reason}; export it again") from error
        self._outline_file = OutlineFile(path, self._categories, hashlib.sha256(content).hexdigest())

    def _read(self, content: memoryview, progress: ProgressCallback | None) -> None:
        readers = {"images": self._add_image, "annotations": self._add_annotation, "categories": self._add_category}
        has_mark = content[: len(_BYTE_ORDER_MARK)] == _BYTE_ORDER_MARK
        members = msgspec.json.decode(content[len(_BYTE_ORDER_MARK) * has_mark :], type=dict[str, msgspec.Raw])
        lists = {key: msgspec.json.decode(members[key], type=list[msgspec.Raw]) for key in members if key in readers}
        for key, entries in lists.items():
            for number, entry in enumerate(entries, start=1):
                try:
                    readers[key](_object(entry), entry)
                except SecoError as error:
                    fault = f"{self.path}: entry {number} of {key} {error}: correct it or export the file again"
                    self.problems.append(Problem(self.path, fault))
                if progress is not None and number % _PROGRESS_EVERY == 0:
                    progress(number, len(entries))
        missing = [key for key in readers if not lists.get(key)]
        if missing:
            raise SecoError(f"{self.path} has no {' and no '.join(missing)}: export it in COCO's form")

    def labels(self, image_id: Id) -> tuple[str, ...]:
        """Return the class names of an image's annotations.

        Raises:
            SecoError: a category is not listed.
        """
        used = dict.fromkeys(self._used.get(image_id, ()))
        for category in used:
            if category not in self._categories:
                raise SecoError(f"its category {category} is not listed: add it to categories")
        return tuple(dict.fromkeys(self._categories[category] for category in used))

    def outlines(self, image_id: Id) -> Outlines | None:
        """Return the outlines of an image's objects; None where no object has one.

        Raises:
            SecoError: the size that outlines need is missing, or too large.
        """
        if image_id not in self._outlined:
            return None
        size = self.images[image_id].size
        if size is None:
            raise SecoError("it has no width and height, which its outlines need: add them")
        if size[0] * size[1] > MAX_PIXELS:
            raise SecoError(f"it is listed with more than {MAX_PIXELS // 1_000_000} million pixels: correct that")
        return Outlines(self._outline_file, self._annotations[image_id], size)

    def used_categories(self) -> dict[int, str]:
        """Return the categories that annotations name, by id."""
        used = {category for categories in self._used.values() for category in categories}
        return {category: name for category, name in self._categories.items() if category in used}

    def unlisted_images(self) -> Iterator[Id]:
        """Yield the image ids that annotations name and `images` does not list."""
        return (image_id for image_id in self._used if image_id not in self.images)

    def _add_image(self, entry: dict[str, Any], _raw: msgspec.Raw) -> None:
        image_id = _field(entry, "id", int, str)
        if image_id in self.images:
            raise SecoError(f"has the id {image_id!r} of an entry before it")
        size: Any = (entry.get("width"), entry.get("height"))
        is_sized = all(isinstance(side, int) and side > 0 for side in size)
        self.images[image_id] = _ImageEntry(_field(entry, "file_name", str), size if is_sized else None)

    def _add_annotation(self, entry: dict[str, Any], raw: msgspec.Raw) -> None:
        image_id, category = _field(entry, "image_id", int, str), _field(entry, "category_id", int)
        self._used.setdefault(image_id, []).append(category)
        self._annotations.setdefault(image_id, []).append(raw)
        if entry.get("segmentation"):
            self._outlined.add(image_id)

    def _add_category(self, entry: dict[str, Any], _raw: msgspec.Raw) -> None:
        self._categories[_field(entry, "id", int)] = _field(entry, "name", str).strip()


def _map_file(path: Path) -> memoryview:
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                return memoryview(b"")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError as error:
        raise SecoError(f"{path} does not exist: restore it, or correct the section prepare") from error
    except OSError as error:
        raise unreadable(path, error) from error


def _object(entry: msgspec.Raw) -> dict[str, Any]:
    value = msgspec.json.decode(entry)
    if not isinstance(value, dict):
        raise SecoError("is not an object with keys")
    return value


def _field(entry: dict[str, Any], name: str, *kinds: type) -> Any:
    if name not in entry:
        raise SecoError(f"has no {name!r}")
    value = entry[name]
    if not isinstance(value, kinds) or isinstance(value, bool) or value == "":
        raise SecoError(f"has the {name!r} {value!r}, which is no {' or '.join(_TYPE_NAMES[kind] for kind in kinds)}")
    return value
