"""The outlines of the classes in a mask: COCO's run lengths, or polygons that enclose exactly the same pixels."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from contourpy import FillType, contour_generator
from pycocotools import mask as coco_mask

from seco.storage.label_map import BACKGROUND, IGNORE
from seco.storage.masks import MaskArray

Pixels = npt.NDArray[np.bool_]
Points = npt.NDArray[np.float64]


class Box(NamedTuple):
    """Rows and columns of the pixels that a class covers; the ends are not part of it."""

    top: int
    left: int
    bottom: int
    right: int


def shown_classes(mask: MaskArray) -> list[int]:
    """Return the ids of the foreground classes that a mask `[H, W]` shows, ascending."""
    return [value for value in np.unique(mask).tolist() if value not in (BACKGROUND, IGNORE)]


def cut_out(mask: MaskArray) -> Iterator[tuple[int, Box, Pixels]]:
    """Yield each foreground class of a mask with the box that it fills, and its pixels in it, bool `[h, w]`."""
    for class_id in shown_classes(mask):
        pixels = mask == class_id
        rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
        box = Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
        yield class_id, box, pixels[box.top : box.bottom, box.left : box.right]


def run_lengths(mask: MaskArray, class_id: int) -> dict[str, Any]:
    """Return the pixels of a class as COCO's compressed run lengths, with their text as `str`."""
    runs: Any = coco_mask.encode(np.asfortranarray(mask == class_id))
    return {"size": runs["size"], "counts": runs["counts"].decode("ascii")}


def polygons(pixels: Pixels, box: Box) -> list[list[tuple[float, float]]]:
    """Return polygons of points (x, y) that together enclose the centres of the pixels of a class, and of no others.

    Coordinates are those of COCO: the pixel in the corner of the image spans 0..1. Polygons run half-way between the
    centres of pixels inside and outside. There is one for each connected part. A hole belongs to the polygon around it:
    a line leads from the first point to the hole and back.

    Args:
        pixels: bool `[h, w]`.
        box: where they are in the image.
    """
    padded = np.pad(pixels.astype(np.uint8), 1)
    generator = contour_generator(z=padded, fill_type=FillType.OuterOffset)
    found: list[list[tuple[float, float]]] = []
    points: Points
    for points, offsets in zip(*generator.filled(0.5, np.inf), strict=True):
        # A centre in the padded array is half a pixel off its corner, and the array begins one pixel before the box.
        shifted = points + np.array([box.left - 0.5, box.top - 0.5])
        outer, *holes = map(_corners, np.split(shifted, offsets[1:-1].astype(int)))
        rings = [outer, *(part for hole in holes for part in (hole, outer[:1]))]
        found.append([(x, y) for x, y in np.concatenate(rings).tolist()])
    return found


def _corners(ring: Points) -> Points:
    """Return a closed ring `[P, 2]` without the points in the middle of straight lines, but with its two ends."""
    before, after = np.diff(ring[:-1], axis=0), np.diff(ring[1:], axis=0)
    turns = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
    return ring[np.concatenate(([True], turns, [True]))]
