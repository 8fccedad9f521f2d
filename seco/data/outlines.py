"""Masks drawn from the outlines of COCO's form: polygons, run lengths and crowds, by pycocotools."""

import math
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from seco.data.json_stream import read_element
from seco.errors import SecoError
from seco.storage.atomic import path_aside
from seco.storage.label_map import IGNORE
from seco.storage.masks import MaskArray, encode_mask

Pixels = npt.NDArray[np.bool_]


class Drawing(NamedTuple):
    """A mask to be drawn: plain values, for a process of its own.

    Attributes:
        outlines: the JSON file of the outlines.
        spans: first byte and length of each object's entry there, one after the other.
        size: (width, height) in pixels.
        class_ids: class id of each category.
        target: the mask's file.
    """

    outlines: Path
    spans: "array[int]"
    size: tuple[int, int]
    class_ids: Mapping[int, int]
    target: Path


def draw(drawing: Drawing) -> str | None:
    """Draw and write a mask; where an outline is not as it should be, return a sentence instead.

    Raises:
        SecoError: the mask cannot be written, or the JSON file was changed meanwhile.
    """
    try:
        with drawing.outlines.open("rb") as file:
            pairs = zip(drawing.spans[::2], drawing.spans[1::2], strict=True)
            objects = [read_element(file, offset, length) for offset, length in pairs]
    except (OSError, ValueError) as error:
        raise SecoError(f"{drawing.outlines} was changed while it was read: run `seco prepare` again") from error
    try:
        mask = paint(objects, size=drawing.size, class_ids=drawing.class_ids)
    except SecoError as fault:
        return str(fault)
    # Not synced to the disk, which would take longer than all the rest: an empty mask is drawn again.
    with path_aside(drawing.target) as aside:
        aside.write_bytes(encode_mask(mask))
        aside.replace(drawing.target)
    return None


def paint(objects: Sequence[Mapping[str, Any]], *, size: tuple[int, int], class_ids: Mapping[int, int]) -> MaskArray:
    """Return the mask `[H, W]` of annotations in COCO's form.

    Crowds, and the boxes of objects without an outline, are 255: nobody knows which of their pixels are the object's.
    Objects lie over them, the smaller ones over the larger ones.

    Args:
        objects: the annotations.
        size: (width, height) in pixels.
        class_ids: class id of each category.

    Raises:
        SecoError: an outline is not as it should be.
    """
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    known: list[tuple[int, Pixels]] = []
    for annotation in objects:
        try:
            pixels = _pixels(annotation.get("segmentation"), annotation.get("bbox"), size)
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            name = f"annotation {annotation.get('id', '')}".rstrip()
            raise SecoError(
                f"the outline of {name} does not fit {width}x{height} pixels ({error}): correct or remove it"
            ) from error
        if annotation.get("iscrowd") or not annotation.get("segmentation"):
            mask[pixels] = IGNORE
        else:
            known.append((class_ids[annotation["category_id"]], pixels))
    for class_id, pixels in sorted(known, key=lambda item: -np.count_nonzero(item[1])):
        mask[pixels] = class_id
    return mask


def _pixels(outline: Any, box: Any, size: tuple[int, int]) -> Pixels:
    """Return the pixels `[H, W]` of an object; raises what numpy does where it is malformed."""
    if not outline:
        return _boxed(box, size)
    return _enclosed(outline, size) if isinstance(outline, list) else _run_through(outline, size)


def _enclosed(polygons: Sequence[Any], size: tuple[int, int]) -> Pixels:
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


def _run_through(runs: Mapping[str, Any], size: tuple[int, int]) -> Pixels:
    """Return what run lengths cover, which go down column by column. (pycocotools trusts that they cover it all.)"""
    width, height = size
    counts = runs["counts"]
    lengths = np.asarray(_lengths(counts) if isinstance(counts, str) else counts, np.int64)
    if list(runs["size"]) != [height, width] or lengths.min() < 0 or lengths.sum() != height * width:
        raise ValueError("run lengths of another size")
    covered = np.arange(len(lengths)) % 2 == 1
    return np.repeat(covered, lengths).reshape(width, height).T


def _lengths(text: str) -> list[int]:
    """Return the run lengths of COCO's compressed form.

    A character holds five bits, and whether more follow; from the fourth number on it is a difference to the last but
    one.
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


def _boxed(box: Any, size: tuple[int, int]) -> Pixels:
    """Return the pixels that a box (left, top, width, height) touches; none where there is no box."""
    width, height = size
    pixels = np.zeros((height, width), np.bool_)
    if box:
        left, top, across, down = np.asarray(box, np.float64).tolist()
        right, bottom = (math.ceil(min(edge, side)) for edge, side in ((left + across, width), (top + down, height)))
        pixels[max(math.floor(top), 0) : max(bottom, 0), max(math.floor(left), 0) : max(right, 0)] = True
    return pixels
