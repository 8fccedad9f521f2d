"""Label Studio's export "JSON": tasks with annotations, whose brushes, polygons, boxes and ellipses become masks.

```
[{"data": {"image": "/data/local-files/?d=a.jpg"},
  "annotations": [{"result": [{"type": "brushlabels", "original_width": 640, "original_height": 480,
                               "value": {"format": "rle", "rle": [0, 18, …], "brushlabels": ["cat"]}}]}]}]
```

A task without an annotation is one that nobody has worked on: predictions do not count.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from seco.data.listing import Legend, Outlines
from seco.errors import SecoError
from seco.storage.images import MAX_PIXELS
from seco.storage.regular import read_file

_KINDS = ("brushlabels", "polygonlabels", "rectanglelabels", "ellipselabels")
_CHANNELS = 4  # of the RGBA picture that a brush paints
_VALUE_BITS = 8
_CORNERS = 64  # of the polygon that stands for an ellipse


class Task(NamedTuple):
    """An annotated task: the text that names its photograph, what lists it, its labels and its outlines."""

    image: str
    where: str
    labels: tuple[str, ...]
    outlines: Outlines


def is_label_studio(content: object) -> bool:
    """Return whether the content of a JSON file is a list of tasks."""
    return isinstance(content, list) and all(isinstance(item, dict) and "data" in item for item in content)


def read_tasks(path: Path) -> tuple[list[Task], list[str]]:
    """Return the annotated tasks of an export, and a sentence for each that is at fault.

    Raises:
        SecoError: the file cannot be read, or holds no list of tasks.
    """
    data = read_file(path)
    try:
        content = msgspec.json.decode(data)
    except Exception as error:  # nested too deeply, …
        raise SecoError(f"{path} is not readable JSON ({error}): export it again") from error
    if not is_label_studio(content):
        raise SecoError(f"{path} is no list of Label Studio's tasks: export it as JSON (not JSON-MIN)")
    tasks, faults = [], []
    for number, entry in enumerate(content, start=1):
        where = f"{path}, task {entry.get('id', number)}"
        try:
            task = _task(entry, where, path, digest=hashlib.sha256(data).hexdigest())
        except SecoError as error:
            faults.append(f"{where}: {error}")
        except Exception as error:
            faults.append(f"{where}: it is not of Label Studio's form ({error!r}): export it again")
        else:
            tasks.extend([task] if task else [])
    return tasks, faults


def _task(entry: Mapping[str, Any], where: str, path: Path, *, digest: str) -> Task | None:
    submitted = [item for item in entry.get("annotations") or () if not item.get("was_cancelled")]
    if not submitted:
        return None
    if len(submitted) > 1:
        raise SecoError(f"it has {len(submitted)} annotations: delete all but one")
    texts = [value for value in entry["data"].values() if isinstance(value, str)]
    image = entry["data"].get("image") or (texts[0] if texts else None)
    if not isinstance(image, str):
        raise SecoError("its data name no image: export it again")
    regions = [item for item in submitted[0].get("result") or () if item.get("type") in _KINDS]
    if not regions:
        return Task(image, where, (), Outlines(Legend(path, {}, digest), (), (0, 0)))
    sizes = {(item["original_width"], item["original_height"]) for item in regions}
    width, height = next(iter(sizes))
    if len(sizes) > 1 or not 0 < width * height <= MAX_PIXELS or any(item.get("image_rotation") for item in regions):
        raise SecoError("its regions are of several sizes, turned or too large: annotate the image as it is")
    labels = [_label(item) for item in regions]
    ids = {label: number for number, label in enumerate(dict.fromkeys(labels), start=1)}
    annotations = [
        msgspec.json.encode(
            {"id": item.get("id"), "category_id": ids[label], "segmentation": _outline(item, width, height)}
        )
        for item, label in zip(regions, labels, strict=True)
    ]
    legend = Legend(path, {number: label for label, number in ids.items()}, digest)
    return Task(image, where, tuple(ids), Outlines(legend, annotations, (width, height)))


def _label(region: Mapping[str, Any]) -> str:
    names = region["value"].get(region["type"]) or ()
    if len(names) != 1:
        raise SecoError(f"the region {region.get('id')!r} has {len(names)} labels: give it one")
    return str(names[0]).strip()


def _outline(region: Mapping[str, Any], width: int, height: int) -> Any:
    """Return the outline of a region in COCO's form; those of the tool are percentages of the image's sides."""
    value, kind = region["value"], region["type"]
    if kind == "brushlabels":
        pixels = decode_brush(value["rle"], width=width, height=height)
        runs: Any = coco_mask.encode(np.asfortranarray(pixels, np.uint8))
        return {"size": [height, width], "counts": runs["counts"].decode("ascii")}
    if kind == "polygonlabels":
        return [[number for x, y in value["points"] for number in (x * width / 100, y * height / 100)]]
    return [[number for x, y in _corners(value, kind) for number in (x * width / 100, y * height / 100)]]


def _corners(value: Mapping[str, Any], kind: str) -> Iterator[tuple[float, float]]:
    if value.get("rotation"):
        raise SecoError("a box or ellipse is turned: draw it as a polygon")
    x, y = value["x"], value["y"]
    if kind == "rectanglelabels":
        right, bottom = x + value["width"], y + value["height"]
        yield from ((x, y), (right, y), (right, bottom), (x, bottom))
        return
    for step in range(_CORNERS):
        angle = 2 * math.pi * step / _CORNERS
        yield x + value["radiusX"] * math.cos(angle), y + value["radiusY"] * math.sin(angle)


def decode_brush(data: Sequence[int], *, width: int, height: int) -> npt.NDArray[np.bool_]:
    """Return the pixels `[height, width]` that a brush has painted: the opaque ones of its RGBA picture.

    `seco.conversion.brush` describes the run lengths; lists of single values, which it never writes, are read too.

    Raises:
        SecoError: the run lengths are damaged, or of another size.
    """
    total = _CHANNELS * width * height
    packed = np.asarray(data, np.uint8)
    bits = f"{int.from_bytes(packed.tobytes(), 'big'):0{8 * len(packed)}b}" if len(packed) else ""
    place = 0

    def take(count: int) -> int:
        nonlocal place
        place += count
        return int(bits[place - count : place], 2)

    values = np.zeros(total, np.uint8)
    try:
        if take(32) != total or take(5) + 1 != _VALUE_BITS:
            raise SecoError(f"a brush is not that of an image of {width}x{height} pixels: export it again")
        sizes, done = [take(4) + 1 for _ in range(4)], 0
        while done < total:
            is_run, end = take(1), done + 1 + take(sizes[take(2)])
            values[done:end] = take(_VALUE_BITS) if is_run else [take(_VALUE_BITS) for _ in range(end - done)]
            done = end
    except ValueError as error:  # no more bits, or more values than pixels
        raise SecoError("the run lengths of a brush are damaged: export it again") from error
    return values.reshape(height, width, _CHANNELS)[..., -1] > 0
