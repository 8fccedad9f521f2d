"""labelme's JSON files, one for each annotated image, in any folders.

```
{"imagePath": "a.jpg", "imageWidth": 640, "imageHeight": 480,
 "shapes": [{"label": "cat", "shape_type": "polygon", "points": [[10, 10], [50, 10], [50, 40]]}]}
```

Polygons, rectangles, circles and bitmaps ("mask") become masks; the boxes of other shapes become 255.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from seco.data.listing import Legend, ListedImage, Listing, Outlines, ReaderInput
from seco.data.problems import Problem
from seco.data.rasterise import BITMAP
from seco.data.readers.finder import PHOTOGRAPHS, FileFinder
from seco.data.readers.paths import path_below
from seco.data.readers.walk import walk
from seco.errors import SecoError
from seco.storage.images import MAX_PIXELS
from seco.storage.manifest import TRAIN
from seco.storage.regular import read_file

_CORNERS = 64  # of the polygon that stands for a circle


def read_labelme(data: ReaderInput) -> Listing:
    """List the images that have a JSON file; one without shapes shows none of the classes.

    Args:
        data: `places` names a folder for each split. Images without a JSON file are left out, and those of other splits
            than "train" have no label.

    Raises:
        SecoError: there is no such folder.
    """
    listing, finder = Listing(), FileFinder(data.root, outside_root=data.outside_root)
    for split, name in data.places.items():
        folder = path_below(data.root, name, outside_root=False)
        if not folder.is_dir():
            raise SecoError(f"{folder} is no folder: correct prepare.root or prepare.lists")
        files = list(walk(folder, listing.problems))
        annotated: set[Path] = set()
        for file in files:
            if file.suffix.lower() == ".json":
                try:
                    image = _image(file, finder, split)
                except SecoError as error:
                    listing.problems.append(Problem(file, str(error)))
                    continue
                if image is not None:
                    annotated.add(image.image)
                    listing.images.append(image)
        others = [file for file in files if file.suffix.lower() in PHOTOGRAPHS and file not in annotated]
        if others and split in (None, TRAIN):
            listing.notes.append(f"{folder}: images without a JSON file, left out: {len(others)}, such as {others[0]}")

        elif others:
            listing.images.extend(ListedImage(None, file, str(file), (), split) for file in others)
    finder.settle(listing)
    return listing


def is_labelme(content: object) -> bool:
    """Return whether the content of a JSON file is of labelme's form."""
    return isinstance(content, dict) and isinstance(content.get("shapes"), list) and "imagePath" in content


def _image(file: Path, finder: FileFinder, split: str | None) -> ListedImage | None:
    """Return the image of a JSON file; None where the file is of another form."""
    try:
        data = read_file(file)
        content = msgspec.json.decode(data)
    except Exception as error:
        if isinstance(error, SecoError):
            raise
        raise SecoError(f"{file} is not readable JSON ({error}): save it again") from error
    if not is_labelme(content):
        return None
    place, text = finder.folder_of(file), content["imagePath"]
    if not isinstance(text, str) or finder.look(text, places=(place,)) is None:
        text = f"{file.stem}.jpg"
    image = finder.find(text, places=(place,))
    try:
        labels, outlines = read_shapes(file, content, digest=hashlib.sha256(data).hexdigest())
    except SecoError as error:
        return ListedImage(None, image, str(file), (), split, fault=str(error))
    return ListedImage(None, image, str(file), labels, split, outlines=outlines)


def read_shapes(file: Path, content: Mapping[str, Any], *, digest: str) -> tuple[tuple[str, ...], Outlines]:
    """Return the labels and the outlines of labelme's content.

    Raises:
        SecoError: a shape has no label, or the image no size.
    """
    shapes = [shape for shape in content["shapes"] if isinstance(shape, dict) and str(shape.get("label") or "").strip()]
    if len(shapes) < len(content["shapes"]):
        raise SecoError("a shape has no label: correct it")
    labels = tuple(sorted({str(shape["label"]).strip() for shape in shapes}))
    size: Any = (content.get("imageWidth"), content.get("imageHeight"))
    if not all(isinstance(side, int) and side > 0 for side in size) or size[0] * size[1] > MAX_PIXELS:
        raise SecoError(f"its size {size} is none of an image: save it again")
    ids = {label: number for number, label in enumerate(labels, start=1)}
    legend = Legend(file, {number: label for label, number in ids.items()}, digest)
    return labels, Outlines(legend, [msgspec.json.encode(_annotation(shape, ids)) for shape in shapes], size)


def _annotation(shape: Mapping[str, Any], ids: Mapping[str, int]) -> dict[str, Any]:
    """Return a shape as an annotation of COCO's form."""
    kind, points = shape.get("shape_type") or "polygon", shape.get("points")
    found: dict[str, Any] = {"id": shape["label"], "category_id": ids[str(shape["label"]).strip()]}
    pairs = [point for point in points if _is_point(point)] if isinstance(points, list) else []
    if not pairs or len(pairs) != len(points or ()):
        return {**found, "segmentation": "no points"}  # refused when it is drawn
    if kind == "polygon":
        return {**found, "segmentation": [[value for point in pairs for value in point]]}
    if kind == "mask" and len(pairs) == 2:
        return {**found, "segmentation": {BITMAP: shape.get("mask"), "corners": pairs}}
    if kind == "circle" and len(pairs) == 2:
        return {**found, "segmentation": [_circle(*pairs)]}
    columns, rows = zip(*pairs, strict=True)
    left, top, right, bottom = min(columns), min(rows), max(columns), max(rows)
    if kind == "rectangle":
        return {**found, "segmentation": [[left, top, right, top, right, bottom, left, bottom]]}
    return {**found, "bbox": [left, top, right - left, bottom - top]}


def _is_point(point: object) -> bool:
    return isinstance(point, list) and len(point) == 2 and all(isinstance(value, int | float) for value in point)


def _circle(centre: Sequence[float], edge: Sequence[float]) -> list[float]:
    radius = math.dist(centre, edge)
    angles = [2 * math.pi * number / _CORNERS for number in range(_CORNERS)]
    return [value for a in angles for value in (centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a))]
