import pytest
import torch
from torch import Tensor

from seco.method.local_crops import sample_local_crops, show_objects
from seco.storage.label_map import IGNORE

SIDE, SIZE = 24, 6
WHOLE = torch.tensor([[0, 0, SIDE, SIDE]])
OBJECT, UNCERTAIN = 3, IGNORE


def thirds() -> Tensor:
    """Background on the left, uncertain in the middle, an object on the right: ``[1, SIDE, SIDE]``."""
    labels = torch.zeros(1, SIDE, SIDE, dtype=torch.int64)
    labels[:, :, 8:16] = UNCERTAIN
    labels[:, :, 16:] = OBJECT
    return labels


def sample(labels: Tensor, boxes: Tensor = WHOLE, *, count: int = 200) -> Tensor:
    draws = torch.rand(len(labels), count, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return sample_local_crops(labels, boxes, draws, crop_size=SIZE)


def shows(labels: Tensor, *corners: tuple[int, int], inside: Tensor | None = None) -> list[bool]:
    inside = torch.ones_like(labels, dtype=torch.bool) if inside is None else inside
    places = torch.tensor([corners])
    return show_objects(labels, inside, places, crop_size=SIZE, threshold=0.2)[0].tolist()


def test_crops_are_centred_on_background_and_uncertain_pixels():
    centres = sample(thirds())[0, :, 1] + SIZE // 2
    found = set(centres.tolist())
    assert found == set(range(SIZE // 2, 16))


def test_crops_of_an_image_of_object_only_lie_anywhere():
    columns = sample(torch.full((1, SIDE, SIDE), OBJECT))[0, :, 1]
    assert set(columns.tolist()) == set(range(SIDE - SIZE + 1))


def test_crops_lie_inside_the_real_image():
    box = torch.tensor([[4, 2, 20, 15]])
    rows, columns = sample(thirds(), box)[0].unbind(1)
    assert rows.min() == 4
    assert rows.max() == 20 - SIZE
    assert columns.min() == 2
    assert columns.max() == 15 - SIZE


@pytest.mark.parametrize(
    ("uncertain", "certain", "expected"),
    [(0, 0, False), (7, 0, False), (8, 0, True), (0, 3, False), (0, 4, True), (2, 2, False), (2, 3, True)],
)
def test_a_crop_shows_an_object_if_the_mean_of_its_pixels_exceeds_a_fifth(uncertain, certain, expected):
    labels = torch.zeros(1, SIZE, SIZE, dtype=torch.int64)  # 36 pixels: the threshold is 7.2; a certain one counts 2
    labels.view(-1)[:uncertain] = UNCERTAIN
    labels.view(-1)[uncertain : uncertain + certain] = OBJECT
    assert shows(labels, (0, 0)) == [expected]


def test_each_crop_is_judged_by_its_own_pixels():
    assert shows(thirds(), (0, 0), (5, 5), (9, 9), (18, 18)) == [False, True, True, True]


def test_padding_is_not_counted():
    labels = torch.full((1, SIZE, SIZE), UNCERTAIN)
    inside = torch.zeros_like(labels, dtype=torch.bool)
    assert shows(labels, (0, 0), inside=inside) == [False]
    inside[:, :2, :2] = True  # of 4 real pixels, one is certain: a mean of 5 / 4
    labels[:, :2, :2] = torch.tensor([[OBJECT, UNCERTAIN], [UNCERTAIN, UNCERTAIN]])
    assert shows(labels, (0, 0), inside=inside) == [True]
    labels[:, :2, :2] = 0
    assert shows(labels, (0, 0), inside=inside) == [False]
