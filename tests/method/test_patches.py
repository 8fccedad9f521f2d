import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seco.method.patches import crop_patches, flip_patches, sample_patches
from seco.storage.label_map import IGNORE
from tests.tiny import seeded

SIDE = 24


def draws(images: int, count: int, seed: int) -> Tensor:
    return torch.rand(images, count, generator=seeded(seed), dtype=torch.float64)


def label_map(box: tuple[int, int, int, int], uncertain: list[tuple[int, int]]) -> Tensor:
    """Background inside the box, 255 outside and at the uncertain pixels: ``[1, SIDE, SIDE]``."""
    labels = torch.full((1, SIDE, SIDE), IGNORE)
    top, left, bottom, right = box
    labels[0, top:bottom, left:right] = 0
    for row, column in uncertain:
        labels[0, row, column] = IGNORE
    return labels


def sample(labels: Tensor, box: tuple[int, int, int, int], *, size: int = 6, count: int = 5, seed: int = 0) -> Tensor:
    boxes = torch.tensor([box]).expand(len(labels), 4)
    return sample_patches(labels == IGNORE, boxes, draws(len(labels), count, seed), patch_size=size)


WHOLE = (0, 0, SIDE, SIDE)
PIXELS = [(10, 10), (10, 11), (11, 10), (11, 11), (12, 12)]


def test_patches_are_centred_on_uncertain_pixels_if_there_are_enough():
    enough, too_few = label_map(WHOLE, PIXELS), label_map(WHOLE, PIXELS[:4])
    corners = torch.cat([sample(torch.cat([enough, too_few]), WHOLE, seed=seed) for seed in range(100)], dim=1)
    centres = [set(map(tuple, (own + 3).tolist())) for own in corners]
    assert centres[0] == set(PIXELS)
    assert len(centres[1] - set(PIXELS)) > 100  # drawn from all pixels


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_patches_lie_inside_the_crop_and_if_they_fit_inside_the_image(data):
    top, left = data.draw(st.integers(0, SIDE - 1)), data.draw(st.integers(0, SIDE - 1))
    bottom, right = data.draw(st.integers(top + 1, SIDE)), data.draw(st.integers(left + 1, SIDE))
    size = data.draw(st.integers(1, SIDE))
    uncertain = data.draw(st.lists(st.tuples(st.integers(0, SIDE - 1), st.integers(0, SIDE - 1)), max_size=30))
    box = (top, left, bottom, right)
    rows, columns = sample(label_map(box, uncertain), box, size=size)[0].unbind(1)
    assert (rows >= 0).all()
    assert (columns >= 0).all()
    assert (rows + size <= SIDE).all()
    assert (columns + size <= SIDE).all()
    for corner, first, last in ((rows, top, bottom), (columns, left, right)):
        if last - first >= size:
            assert (corner >= first).all()
            assert (corner + size <= last).all()
        else:  # too small: the patch covers all of the image that there is
            assert (corner <= first).all()
            assert (corner + size >= last).all()


def test_a_draw_is_a_position_in_the_list_of_centres():
    labels = label_map(WHOLE, PIXELS)  # five centres, row by row: each has a fifth of the draws
    chances = torch.tensor([[0.0, 0.19, 0.2, 0.41, 0.79, 0.8, 1 - 2**-53]], dtype=torch.float64)
    crowded = label_map(WHOLE, [*PIXELS, (13, 13), (14, 14)])  # enough for seven draws
    corners = sample_patches(labels == IGNORE, torch.tensor([WHOLE]), chances[:, :5], patch_size=6)
    assert [(row + 3, column + 3) for row, column in corners[0].tolist()] == [PIXELS[i] for i in (0, 0, 1, 2, 3)]
    corners = sample_patches(crowded == IGNORE, torch.tensor([WHOLE]), chances, patch_size=6)
    centres = [*PIXELS, (13, 13), (14, 14)]
    assert [(row + 3, column + 3) for row, column in corners[0].tolist()] == [centres[i] for i in (0, 1, 1, 2, 5, 5, 6)]


def test_an_image_has_the_same_patches_in_any_batch():
    labels = torch.cat([label_map(WHOLE, PIXELS), label_map(WHOLE, [])])
    boxes, chances = torch.tensor([WHOLE, WHOLE]), draws(2, 5, seed=1)
    together = sample_patches(labels == IGNORE, boxes, chances, patch_size=6)
    alone = [sample_patches(labels[i : i + 1] == IGNORE, boxes[:1], chances[i : i + 1], patch_size=6) for i in range(2)]
    assert torch.equal(together, torch.cat(alone))


@pytest.mark.parametrize("shape", [(2, 9, 11), (2, 3, 9, 11)])
def test_patches_are_cut_at_the_corners(shape):
    images = torch.arange(torch.tensor(shape).prod()).reshape(shape)
    corners = torch.tensor([[[0, 0], [5, 7], [2, 3]], [[1, 1], [0, 7], [5, 0]]])
    patches = crop_patches(images, corners, patch_size=4)
    assert patches.shape == (2, 3, *shape[1:-2], 4, 4)
    for image in range(2):
        for index, (row, column) in enumerate(corners[image].tolist()):
            assert torch.equal(patches[image, index], images[image, ..., row : row + 4, column : column + 4])


def test_patches_whose_draw_is_below_a_half_are_mirrored():
    patches = torch.rand(2, 3, 3, 4, 5, generator=seeded())
    flipped = flip_patches(patches, torch.tensor([[0.0, 0.49, 0.5], [0.51, 0.2, 0.99]]))
    mirrored = torch.tensor([[True, True, False], [False, True, False]])
    assert torch.equal(flipped[mirrored], patches.flip(-1)[mirrored])
    assert torch.equal(flipped[~mirrored], patches[~mirrored])
