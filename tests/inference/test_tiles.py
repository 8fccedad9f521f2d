"""Tiles cover an image with overlaps, and maps that depend on the place alone come back as they were."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from seco.compute.pixels import to_rgb
from seco.inference.photographs import Resizing
from seco.inference.tiles import blend_tiles, tiles_of

CPU = torch.device("cpu")


@pytest.mark.parametrize("size", [(64, 64), (672, 688), (1008, 2016), (48, 20_000), (5_000, 3_008)])
def test_tiles_of_one_shape_cover_the_image_and_overlap_by_a_quarter(size):
    side, covered = 640, np.zeros(size, np.uint8)
    tiles = tiles_of(size, side=side, patch=16)
    for tile in tiles:
        assert (tile.bottom - tile.top, tile.right - tile.left) == tuple(min(side, length) for length in size)
        covered[tile.top : tile.bottom, tile.left : tile.right] += 1
    assert covered.min() > 0
    for one, other in ((a.left, b.left) for a, b in pairwise(tiles) if a.top == b.top):
        assert other - one <= side * 3 / 4


def test_maps_of_tiles_are_blended_into_those_of_the_image():
    ramp = np.linspace(0, 255, 320).astype(np.uint8)
    image = Image.fromarray(np.stack([np.tile(ramp, (192, 1))] * 3, axis=2))

    def red(tiles: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(to_rgb(tiles)[:, :1], 4)

    blended = blend_tiles(image, red, seen=(192, 320), side=128, patch=16, size=(96, 160), device=CPU, count=3)
    assert blended.shape == (1, 96, 160)
    wanted = np.asarray(image.resize((160, 96), Image.Resampling.BOX), dtype=np.float32)[:, :, 0]
    assert np.abs(blended[0].numpy() - wanted).max() < 3  # levels of 255: the maps have a quarter of the pixels
    steps = blended[0].diff(dim=1)
    assert (steps > -0.1).all(), "no edge where a tile begins"
    assert steps.max() < 4


@pytest.mark.parametrize(
    ("resizing", "size", "seen"),
    [
        (Resizing(square=96), (500, 375), (96, 96)),
        (Resizing(), (500, 375), (496, 368)),
        (Resizing(), (1, 1), (16, 16)),
        (Resizing(longest=250), (500, 375), (256, 192)),
        (Resizing(longest=600), (500, 375), (496, 368)),
    ],
)
def test_the_network_sees_multiples_of_its_patch(resizing, size, seen):
    assert resizing.seen(size, patch=16) == seen


def test_only_long_images_that_keep_their_shape_are_cut():
    assert Resizing(tile=64).cuts((32, 80))
    assert not Resizing(tile=64).cuts((64, 64))
    assert not Resizing(square=96, tile=64).cuts((96, 96))
