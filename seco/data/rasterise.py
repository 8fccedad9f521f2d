"""Masks from outlines of COCO's form: polygons, run lengths and crowds, rasterised by pycocotools."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from seco.errors import SecoError
from seco.storage.atomic import temporary_path
from seco.storage.label_map import IGNORE
from seco.storage.masks import MaskArray, encode_mask

Pixels = npt.NDArray[np.bool_]


class MaskTask(NamedTuple):
    """A mask to be written: plain values, which a worker process can be sent.

    Attributes:
        outline_file: the JSON file of the outlines.
        annotations: the JSON text of each object's annotation.
        size: (width, height) in pixels.
        class_ids: class id of each category.
        target: the mask's file.
    """

    outline_file: Path
    annotations: Sequence[bytes]
    size: tuple[int, int]
    class_ids: Mapping[int, int]
    target: Path


def write_rasterised(task: MaskTask) -> str | None:
    """Rasterise and write a mask; where an outline is malformed, return a sentence instead.

    Raises:
        SecoError: the mask cannot be written, or the JSON file was changed meanwhile.
    """
    try:
        annotations = [json.loads(bytes(text)) for text in task.annotations]
    except ValueError as error:
        raise SecoError(f"{task.outline_file} was changed while it was read: run `seco prepare` again") from error
    try:
        mask = rasterise(annotations, size=task.size, class_ids=task.class_ids)
    except SecoError as error:
        return str(error)
    # Not synced to the disk, which would take longer than all the rest: an empty mask is written again.
    with temporary_path(task.target) as aside:
        aside.write_bytes(encode_mask(mask))
        aside.replace(task.target)
    return None


def rasterise(
    annotations: Sequence[Mapping[str, Any]], *, size: tuple[int, int], class_ids: Mapping[int, int]
) -> MaskArray:
    """Return the mask `[H, W]` of annotations in COCO's form.

    Crowds, and the boxes of objects without an outline, are 255: which of their pixels show the object is unknown.
    Objects cover them, and smaller objects cover larger ones.

    Args:
        annotations: those of one image.
        size: (width, height) in pixels.
        class_ids: class id of each category.

    Raises:
        SecoError: an outline is malformed.
    """
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    objects: list[tuple[int, Pixels]] = []
    for annotation in annotations:
        outline = annotation.get("segmentation")
        try:
            pixels = _pixels(outline, annotation.get("bbox"), size)
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            name = f"annotation {annotation.get('id', '')}".rstrip()
            raise SecoError(
                f"the outline of {name} does not fit {width}x{height} pixels ({error}): correct or remove it"
            ) from error
        if annotation.get("iscrowd") or not outline:
            mask[pixels] = IGNORE
        else:
            objects.append((class_ids[annotation["category_id"]], pixels))
    for class_id, pixels in sorted(objects, key=lambda item: -np.count_nonzero(item[1])):
        mask[pixels] = class_id
    return mask


def _pixels(outline: Any, box: Any, size: tuple[int, int]) -> Pixels:
    """Return the pixels `[H, W]` of an object; for malformed outlines numpy's errors are raised."""
    if not outline:
        return _inside_box(box, size)
    return _inside_polygons(outline, size) if isinstance(outline, list) else _from_run_lengths(outline, size)


def _inside_polygons(polygons: Sequence[Any], size: tuple[int, int]) -> Pixels:
    width, height = size
    points = [np.asarray(polygon, np.float64).reshape(-1, 2) for polygon in polygons]  # [P, (x, y)]
    for polygon in points:
        # Polygons may leave the image a little. Far-away points would cost memory in proportion.
        if not ((polygon >= (-width, -height)) & (polygon <= (2 * width, 2 * height))).all():
            raise ValueError("a point lies far outside")
    flat = [polygon.ravel().tolist() for polygon in points if len(polygon) > 2]  # two points enclose nothing
    if not flat:
        return np.zeros((height, width), np.bool_)
    runs = coco_mask.merge(coco_mask.frPyObjects(flat, height, width))
    return coco_mask.decode(runs).astype(np.bool_)


def _from_run_lengths(runs: Mapping[str, Any], size: tuple[int, int]) -> Pixels:
    """Decode run lengths, which go down column by column. pycocotools would not check that they fill the image."""
    width, height = size
    counts = runs["counts"]
    lengths = np.asarray(_decompress(counts) if isinstance(counts, str) else counts, np.int64)
    if list(runs["size"]) != [height, width] or lengths.min() < 0 or lengths.sum() != height * width:
        raise ValueError("run lengths of another size")
    covered = np.arange(len(lengths)) % 2 == 1
    return np.repeat(covered, lengths).reshape(width, height).T


def _decompress(text: str) -> list[int]:
    """Return the run lengths of COCO's compressed form.

    A character holds five bits of a number, and a sixth that says whether more follow; from the fourth number on, a
    number is the difference to the one two places before.
    """
    lengths: list[int] = []
    value = shift = 0
    for character in text.encode("ascii"):
        bits = character - 48
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            value -= (1 << shift) if bits & 16 else 0
            lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
            value = shift = 0
    return lengths


def _inside_box(box: Any, size: tuple[int, int]) -> Pixels:
    """Return the pixels that a box (left, top, width, height) touches; none where there is no box."""
    width, height = size
    pixels = np.zeros((height, width), np.bool_)
    if box:
        left, top, across, down = np.asarray(box, np.float64).tolist()
        right, bottom = (math.ceil(min(edge, side)) for edge, side in ((left + across, width), (top + down, height)))
        pixels[max(math.floor(top), 0) : max(bottom, 0), max(math.floor(left), 0) : max(right, 0)] = True
    return pixels
