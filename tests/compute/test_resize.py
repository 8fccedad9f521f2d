import torch
from torch.nn import functional as F

from seco.compute.resize import resize, resize_maps


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
