"""YOLO's segmentation folders: `data.yaml`, photographs, and a text file of outlines for each photograph.

```
data.yaml                names: [cat, dog], and the folder of each split, such as train: images/train
images/train/a.jpg       or train/images/a.jpg
labels/train/a.txt       a line for each object: class number, x1 y1 x2 y2 … as shares of width and height
```

A line of four coordinates is a box, which becomes 255. A photograph without a text file shows none of the classes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from seco.data.listing import Legend, ListedImage, Listing, Outlines, ReaderInput
from seco.data.readers.finder import PHOTOGRAPHS
from seco.data.readers.folders import split_of
from seco.data.readers.paths import path_below
from seco.data.readers.walk import walk
from seco.errors import SecoError
from seco.storage.images import upright_size
from seco.storage.regular import read_file
from seco.storage.yaml_file import parse_yaml

DATA_FILES = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
_BOX = 4  # coordinates
_LARGEST_FILE = 1_000_000  # bytes of data.yaml


def read_yolo(data: ReaderInput) -> Listing:
    """List the images of such folders.

    Args:
        data: `places` names the folder of the images of each split; under None, data.yaml does.

    Raises:
        SecoError: data.yaml or a folder is missing or of another form.
    """
    file = next((data.root / name for name in DATA_FILES if (data.root / name).is_file()), data.root / DATA_FILES[0])
    content = read_data_file(file)
    names = _class_names(file, content)
    listing = Listing(class_names=list(dict.fromkeys(names.values())))
    for split, places in _places(data, content).items():
        for place in places:
            folder = _folder(data.root, content, place)
            images = [path for path in walk(folder, listing.problems) if path.suffix.lower() in PHOTOGRAPHS]
            listing.images.extend(_image(path, split, names) for path in images)
    return listing


def read_data_file(file: Path) -> Mapping[str, Any]:
    """Return the content of data.yaml.

    Raises:
        SecoError: the file is missing, too large, or no YAML.
    """
    try:
        text = read_file(file).decode()
    except FileNotFoundError as error:
        raise SecoError(f"{file} does not exist: restore it, or correct prepare.root") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SecoError(f"{file} cannot be read as text ({type(error).__name__}): correct it") from error
    if len(text) > _LARGEST_FILE:
        raise SecoError(f"{file} is larger than {_LARGEST_FILE} bytes: keep names and folders alone")
    return parse_yaml(text, source=str(file), longest=_LARGEST_FILE)


def _class_names(file: Path, content: Mapping[str, Any]) -> Mapping[int, str]:
    names = content.get("names")
    found = dict(enumerate(names)) if isinstance(names, list) else names
    if isinstance(found, dict) and found:
        items = [(key, str(name).strip()) for key, name in found.items() if isinstance(name, str | int)]
        if len(items) == len(found) and all(isinstance(key, int) and name for key, name in items):
            return dict(items)
    raise SecoError(f"{file} has no list of class names: write names: [cat, dog]")


def _places(data: ReaderInput, content: Mapping[str, Any]) -> Mapping[str | None, Sequence[str]]:
    if None not in data.places:
        return {split: [place] for split, place in data.places.items()}
    places: dict[str | None, Sequence[str]] = {}
    for key, value in content.items():
        split, texts = split_of(str(key)), value if isinstance(value, list) else [value]
        if split is not None and texts and all(isinstance(text, str) and text for text in texts):
            places[split] = texts
    if not places:
        raise SecoError(f"{data.root / DATA_FILES[0]} names no folder of images: write train: images/train")
    return places


def _folder(root: Path, content: Mapping[str, Any], text: str) -> Path:
    """Return the folder that a path in data.yaml means; tools write it relative to a folder that is elsewhere."""
    base = str(content.get("path") or "")
    parts = [part for part in text.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    ends = ["/".join(parts[start:]) for start in range(len(parts))] or ["."]
    for candidate in (f"{base}/{text}" if base else text, text, *ends):
        try:
            folder = path_below(root, candidate, outside_root=False)
        except SecoError:
            continue
        if folder.is_dir():
            return folder
    raise SecoError(f"{root / ends[0]} is no folder: correct data.yaml, or prepare.root")


def _image(path: Path, split: str | None, names: Mapping[int, str]) -> ListedImage:
    file = _label_file(path)
    try:
        size = upright_size(path)
        content = read_file(file)
    except FileNotFoundError:
        return ListedImage(None, path, str(path), (), split)
    except SecoError as error:
        return ListedImage(None, path, str(path), (), split, fault=str(error))
    annotations: list[dict[str, Any]] = []
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), start=1):
        try:
            annotations += [_annotation(line.split(), size, names)] if line.strip() else []
        except (ValueError, OverflowError):
            fault = "is not of the form: class number, then two coordinates or more"
        except KeyError:
            fault = f"names the class {line.split()[0]}, but the classes are 0..{len(names) - 1}"
        else:
            continue
        return ListedImage(None, path, str(path), (), split, fault=f"{file}, line {number}, {fault}: correct it")
    labels = tuple(dict.fromkeys(names[annotation["category_id"]] for annotation in annotations))
    digest = hashlib.sha256(repr(size).encode() + content).hexdigest()
    encoded = [msgspec.json.encode(annotation) for annotation in annotations]
    outlines = Outlines(Legend(file, names, digest), encoded, size)
    return ListedImage(None, path, str(path), labels, split, outlines=outlines)


def _label_file(image: Path) -> Path:
    """Return the text file of a photograph: below "labels" in place of the last folder "images", or beside it."""
    beside = image.with_suffix(".txt")
    levels = [index for index, part in enumerate(beside.parts[:-1]) if part.lower() == "images"]
    if not levels or beside.exists():
        return beside
    return Path(*beside.parts[: levels[-1]], "labels", *beside.parts[levels[-1] + 1 :])


def _annotation(cells: Sequence[str], size: tuple[int, int], names: Mapping[int, str]) -> dict[str, Any]:
    """Return an object in COCO's form; ValueError or KeyError where the line is malformed."""
    width, height = size
    category, values = int(cells[0].removesuffix(".0")), [float(cell) for cell in cells[1:]]
    names[category]
    if len(values) < _BOX or len(values) % 2:
        raise ValueError
    pixels = [value * (height if index % 2 else width) for index, value in enumerate(values)]
    if len(values) == _BOX:
        x, y, across, down = pixels
        return {"category_id": category, "bbox": [x - across / 2, y - down / 2, across, down]}
    return {"category_id": category, "segmentation": [pixels]}
