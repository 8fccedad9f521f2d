"""Large images in overlapping tiles, whose maps are blended into one."""

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from seco.compute.pixels import normalise
from seco.compute.resize import resize

_OVERLAP = 4  # a tile overlaps the next by its side over this


class Tile(NamedTuple):
    """A part of an image, in pixels of the size at which the image is seen."""

    top: int
    left: int
    bottom: int
    right: int


def tiles_of(size: tuple[int, int], *, side: int, patch: int) -> list[Tile]:
    """Return tiles of one shape that cover an image.

    Args:
        size: (height, width) at which the image is seen, multiples of ``patch``.
        side: of a tile, in pixels, rounded to a multiple of ``patch``; an image that is shorter has shorter tiles.
        patch: side in pixels of the ViT's patches.
    """
    side = max(round(side / patch), 1) * patch
    rows, columns = (_spans(length, min(side, length)) for length in size)
    return [Tile(top, left, bottom, right) for (top, bottom), (left, right) in product(rows, columns)]


def blend_tiles(
    image: Image.Image,
    maps_of: Callable[[Tensor], Tensor],
    *,
    seen: tuple[int, int],
    side: int,
    patch: int,
    size: tuple[int, int],
    device: torch.device,
    count: int,
) -> Tensor:
    """Return the maps ``[C, h, w]`` of a large image, blended from those of its tiles.

    Where tiles overlap, the weight of each falls linearly to its edge.

    Args:
        image: RGB.
        maps_of: returns the maps ``[B, C, h, w]`` of normalised tiles ``[B, 3, h, w]``.
        seen: (height, width) at which the network sees the image.
        side: of a tile, in pixels of that size.
        patch: side in pixels of the ViT's patches.
        size: ``(h, w)`` of the result, which may be smaller than the image: memory does not grow with it.
        device: where the network is.
        count: tiles a batch.
    """
    total: Tensor | None = None
    weights = torch.zeros(size, device=device)
    tiles = tiles_of(seen, side=side, patch=patch)
    for batch in (tiles[first : first + count] for first in range(0, len(tiles), count)):
        maps = maps_of(torch.stack([_cut(image, tile, seen) for tile in batch]).to(device))
        total = torch.zeros(maps.shape[1], *size, device=device) if total is None else total
        for tile, of_tile in zip(batch, maps.split(1), strict=True):
            place = Tile(*(round(edge * to / of) for edge, to, of in zip(tile, size * 2, seen * 2, strict=True)))
            window = _window(place, size).to(device)
            rows, columns = slice(place.top, place.bottom), slice(place.left, place.right)
            total[:, rows, columns] += resize(of_tile, window.shape)[0] * window
            weights[rows, columns] += window
    assert total is not None, "an image has at least one tile"
    return total / weights


def _spans(length: int, side: int) -> list[tuple[int, int]]:
    """Return (first, end) of spans of one length that cover 0..length and overlap by a quarter or more."""
    step = side - side // _OVERLAP
    count = 1 + -(-(length - side) // step)
    return [(int(first), int(first) + side) for first in np.linspace(0, length - side, count).round()]


def _cut(image: Image.Image, tile: Tile, seen: tuple[int, int]) -> Tensor:
    """Return a tile, normalised, ``[3, h, w]``."""
    down, across = image.height / seen[0], image.width / seen[1]
    box = (tile.left * across, tile.top * down, tile.right * across, tile.bottom * down)
    size = (tile.right - tile.left, tile.bottom - tile.top)
    pixels = np.array(image.resize(size, Image.Resampling.BILINEAR, box=box))
    return normalise(torch.from_numpy(pixels).permute(2, 0, 1))


def _window(tile: Tile, size: tuple[int, int]) -> Tensor:
    """Return the weights ``[h, w]`` of a tile: 1, and falling linearly to the edges that are not the image's."""
    down = _ramp(tile.bottom - tile.top, starts=tile.top == 0, ends=tile.bottom == size[0])
    across = _ramp(tile.right - tile.left, starts=tile.left == 0, ends=tile.right == size[1])
    return down[:, None] * across[None, :]


def _ramp(length: int, *, starts: bool, ends: bool) -> Tensor:
    """Return the weights of a span; ``starts`` and ``ends``: it does so where the image does."""
    place = (torch.arange(length) + 0.5) / max(length // _OVERLAP, 1)
    weights = torch.ones(length)
    if not starts:
        weights = torch.minimum(weights, place)
    return weights if ends else torch.minimum(weights, place.flip(0))
