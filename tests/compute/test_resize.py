import pytest
import torch
from torch.nn import functional as F

from seco.compute.resize import MOST_SCORES, resize, resize_maps, scored_size


def test_a_row_is_interpolated_between_the_centres_of_its_pixels():
    row = torch.tensor([[[[0.0, 4.0]]]])
    assert resize(row, (1, 4)).tolist() == [[[[0, 1, 3, 4]]]]


def test_bf16_becomes_float32_and_float64_stays():
    maps = torch.ones(1, 1, 2, 2)
    for size in ((2, 2), (4, 4)):
        assert resize(maps.bfloat16(), size).dtype == torch.float32
        assert resize(maps.double(), size).dtype == torch.float64


def test_the_same_size_equals_interpolation():
    maps = torch.randn(2, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    assert torch.equal(resize(maps, [5, 7]), F.interpolate(maps, size=(5, 7), mode="bilinear", align_corners=False))


def test_an_image_without_class_has_no_maps_of_any_size():
    assert resize_maps(torch.zeros(0, 2, 2), (5, 7)).shape == (0, 5, 7)


@pytest.mark.parametrize(
    ("size", "classes"), [((375, 500), 21), ((480, 640), 81), ((375, 500), 255), ((2000, 2000), 3)]
)
def test_common_images_are_scored_at_their_own_size(size, classes):
    assert scored_size(size, classes) == size


@pytest.mark.parametrize(
    ("size", "classes"), [((8000, 10_000), 1), ((8000, 10_000), 21), ((3000, 4000), 255), ((1, 80_000_000), 21)]
)
def test_a_large_image_is_scored_in_its_shape_with_bounded_memory(size, classes):
    height, width = scored_size(size, classes)
    assert height * width * classes <= MOST_SCORES
    assert 1 <= height < size[0] or size[0] == 1
    assert width < size[1]
    if size[0] > 1:
        assert height / width == pytest.approx(size[0] / size[1], rel=1e-3)
