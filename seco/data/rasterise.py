"""Masks from outlines of COCO's form: polygons, run lengths and crowds, rasterised by pycocotools; and from bitmaps."""

import base64
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from pycocotools import mask as coco_mask

from seco.errors import SecoError
from seco.storage.label_map import IGNORE
from seco.storage.masks import MaskArray

Pixels = npt.NDArray[np.bool_]

_MAX_BOUNDARY = 2_000_000
"""Pixels: all polygons of an object together. Longer boundaries would take gigabytes; those of real objects are far
shorter."""
BITMAP = "bitmap"
"""The key of an outline that is a PNG in base 64 (labelme's masks), beside "corners": (x, y) of its first and last
pixel."""

_MAX_POLYGONS = 10_000  # of an object
_MORE, _SIGN, _HIGHEST_CODE = 32, 16, 63  # in characters of compressed run lengths
_MAX_DIGITS = 7  # of 5 bits: numbers below 2**34, and no image has as many pixels


class MaskTask(NamedTuple):
    """A mask to be written: plain values, which a worker process can be sent.

    Attributes:
        source: the file of the outlines.
        annotations: the JSON text of each object's annotation.
        size: (width, height) in pixels.
        class_ids: class id of each category.
        target: the mask's file.
    """

    source: Path
    annotations: Sequence[bytes]
    size: tuple[int, int]
    class_ids: Mapping[int, int]
    target: Path

    def draw(self) -> MaskArray:
        """Return the mask `[H, W]`.

        Raises:
            SecoError: an outline is malformed, or the file was changed meanwhile.
        """
        try:
            annotations = [json.loads(bytes(text)) for text in self.annotations]
        except (ValueError, RecursionError) as error:
            raise SecoError(f"{self.source} was changed while it was read: run `seco prepare` again") from error
        return rasterise(annotations, size=self.size, class_ids=self.class_ids)


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
    area = np.full(mask.shape, mask.size + 1, np.uint32)  # of the object that covers a pixel; larger than any: none
    for annotation in annotations:
        outline = annotation.get("segmentation")
        try:
            pixels = _pixels(outline, annotation.get("bbox"), size)
        except MemoryError:
            raise
        except Exception as error:
            name = f"annotation {annotation.get('id', '')}".rstrip()
            reason = error if isinstance(error, SecoError) else "it is neither polygons nor run lengths nor a box"
            raise SecoError(
                f"the outline of {name} does not fit {width}x{height} pixels ({reason}): correct or remove it"
            ) from error
        if annotation.get("iscrowd") or not outline:
            mask[pixels & (area > mask.size)] = IGNORE
            continue
        own_area = np.count_nonzero(pixels)
        pixels &= area >= own_area
        area[pixels] = own_area
        mask[pixels] = class_ids[int(annotation["category_id"])]
    return mask


def _pixels(outline: Any, box: Any, size: tuple[int, int]) -> Pixels:
    """Return the pixels `[H, W]` of an object; for outlines of an unknown form errors of any kind are raised."""
    if not outline:
        return _inside_box(box, size)
    if isinstance(outline, list):
        return _inside_polygons(outline, size)
    return _from_bitmap(outline, size) if BITMAP in outline else _from_run_lengths(outline, size)


def _inside_polygons(outline: list[Any], size: tuple[int, int]) -> Pixels:
    width, height = size
    polygons = [np.asarray(polygon, np.float64).reshape(-1, 2) for polygon in _split_polygons(outline)]  # [P, (x, y)]
    for polygon in polygons:
        # Polygons may leave the image a little. pycocotools takes memory in proportion to the length of the boundary,
        # time in proportion to the square of the number of polygons, and does not check whether it got the memory.
        if not ((polygon >= (-width, -height)) & (polygon <= (2 * width, 2 * height))).all():
            raise SecoError("a point lies far outside")
    if len(polygons) > _MAX_POLYGONS:
        raise SecoError(f"it has more than {_MAX_POLYGONS} polygons")
    if sum(map(_boundary_length, polygons)) > _MAX_BOUNDARY:
        raise SecoError(f"its boundary is longer than {_MAX_BOUNDARY // 1_000_000} million pixels")
    flat = [polygon.ravel().tolist() for polygon in polygons if len(polygon) > 2]  # two points enclose nothing
    if not flat:
        return np.zeros((height, width), np.bool_)
    runs = coco_mask.merge(coco_mask.frPyObjects(flat, height, width))
    return coco_mask.decode(runs).astype(np.bool_)


def _split_polygons(outline: list[Any]) -> list[Any]:
    """Return the polygons of an outline, which may also be the numbers or the points of one polygon."""
    is_one = isinstance(outline[0], int | float) or (len(outline) > 2 and all(len(part) == 2 for part in outline))
    return [outline] if is_one else outline


def _boundary_length(polygon: npt.NDArray[np.float64]) -> float:
    """Return the length of a polygon `[P, 2]` in steps from pixel to pixel; each point counts as one step more."""
    return float(np.abs(polygon - np.roll(polygon, 1, axis=0)).max(axis=1, initial=0).sum()) + len(polygon)


def _from_run_lengths(runs: Mapping[str, Any], size: tuple[int, int]) -> Pixels:
    """Decode run lengths, which go down column by column. pycocotools would not check that they fill the image."""
    width, height = size
    counts = runs["counts"]
    lengths = _decompress(counts) if isinstance(counts, str) else np.asarray(counts)
    if list(runs["size"]) != [height, width]:
        raise SecoError("run lengths of another size")
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or len(lengths) > height * width + 1:
        raise SecoError("its run lengths are no list of whole numbers, or more than pixels")
    # Each length is bounded before they are added: a sum of large ones could wrap round to the right size.
    if lengths.min() < 0 or lengths.max() > height * width or lengths.sum(dtype=np.int64) != height * width:
        raise SecoError("run lengths of another size")
    covered = np.arange(len(lengths)) % 2 == 1
    return np.repeat(covered, lengths.astype(np.int64)).reshape(width, height).T


def _from_bitmap(outline: Mapping[str, Any], size: tuple[int, int]) -> Pixels:
    (left, top), (right, bottom) = np.asarray(outline["corners"], np.float64).astype(np.int64).tolist()
    width, height = size
    if not (0 <= left <= right < width and 0 <= top <= bottom < height):
        raise SecoError("its bitmap lies outside")
    pixels = np.zeros((height, width), np.bool_)
    with Image.open(io.BytesIO(base64.b64decode(outline[BITMAP])), formats=("PNG",)) as image:
        if image.size != (right + 1 - left, bottom + 1 - top):
            raise SecoError("its bitmap is of another size than its corners say")
        pixels[top : bottom + 1, left : right + 1] = np.asarray(image).astype(np.bool_)
    return pixels


def _decompress(text: str) -> npt.NDArray[np.int64]:
    """Return the run lengths of COCO's compressed form.

    A character holds five bits of a number, and a sixth that says whether more follow; the last one's highest bit is
    the sign. From the fourth number on, a number is the difference to the one two places before.

    Raises:
        SecoError: a character is none of these, or a number has more digits than the pixels of an image need.
    """
    codes = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - ord("0")
    ends = np.flatnonzero(codes & _MORE == 0)
    if not len(ends) or ends[-1] != len(codes) - 1 or codes.min() < 0 or codes.max() > _HIGHEST_CODE:
        raise SecoError("its run lengths are no text in COCO's form")
    starts = np.concatenate(([0], ends[:-1] + 1))
    digits = ends - starts + 1
    if digits.max() > _MAX_DIGITS:
        raise SecoError("a run length is larger than any image")
    places = np.arange(len(codes)) - np.repeat(starts, digits)
    values = np.add.reduceat((codes & (_MORE - 1)) << (5 * places), starts)
    values -= (codes[ends] & _SIGN != 0).astype(np.int64) << (5 * digits)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def _inside_box(box: Any, size: tuple[int, int]) -> Pixels:
    """Return the pixels that a box (left, top, width, height) touches; none where there is no box."""
    width, height = size
    pixels = np.zeros((height, width), np.bool_)
    if box:
        left, top, across, down = np.asarray(box, np.float64).tolist()
        right, bottom = (math.ceil(min(edge, side)) for edge, side in ((left + across, width), (top + down, height)))
        pixels[max(math.floor(top), 0) : max(bottom, 0), max(math.floor(left), 0) : max(right, 0)] = True
    return pixels
