import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seco.classes import IGNORE
from seco.patches import crop_patches, flip_patches, sample_patches

SIDE = 24


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


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
    return sample_patches(labels, boxes, patch_size=size, num_patches=count, generator=seeded(seed))


WHOLE = (0, 0, SIDE, SIDE)
PIXELS = [(10, 10), (10, 11), (11, 10), (11, 11), (12, 12)]


def test_with_enough_uncertain_pixels_every_patch_is_centred_on_one():
    labels = label_map(WHOLE, PIXELS)
    corners = torch.cat([sample(labels, WHOLE, seed=seed)[0] for seed in range(40)])
    centres = {(row + 3, column + 3) for row, column in corners.tolist()}
    assert centres == set(PIXELS)


def test_with_too_few_all_pixels_are_drawn_from():
    labels = label_map(WHOLE, PIXELS[:4])
    corners = torch.cat([sample(labels, WHOLE, seed=seed)[0] for seed in range(100)])
    centres = {(row + 3, column + 3) for row, column in corners.tolist()}
    assert len(centres - set(PIXELS)) > 100


def test_uncertain_pixels_whose_patch_leaves_the_image_do_not_count():
    edge = [(row, 1) for row in range(SIDE)]  # a patch of 6 centred in column 1 would begin in column -2
    corners = sample(label_map(WHOLE, edge), WHOLE, count=5)
    assert (corners >= 0).all()
    assert (corners <= SIDE - 6).all()


def test_each_image_decides_for_itself():
    labels = torch.cat([label_map(WHOLE, PIXELS), label_map(WHOLE, [])])
    corners = torch.cat([sample(labels, WHOLE, seed=seed) for seed in range(20)], dim=1)
    assert {(row + 3, column + 3) for row, column in corners[0].tolist()} == set(PIXELS)
    assert len(set(map(tuple, corners[1].tolist()))) > 50


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_patches_lie_inside_the_image_where_they_fit_and_inside_the_crop_always(data):
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


def test_an_image_of_one_patch_is_cut_there():
    box = (5, 7, 11, 13)
    assert sample(label_map(box, []), box).tolist() == [[[5, 7]] * 5]


def test_a_patch_may_be_as_large_as_the_crop():
    assert sample(label_map(WHOLE, []), WHOLE, size=SIDE).tolist() == [[[0, 0]] * 5]


def test_the_generator_alone_decides():
    labels = label_map(WHOLE, [])
    state = torch.get_rng_state()
    first = sample(labels, WHOLE, seed=3)
    torch.rand(7)
    assert torch.equal(sample(labels, WHOLE, seed=3), first)
    assert not torch.equal(sample(labels, WHOLE, seed=4), first)
    torch.set_rng_state(state)
    sample(labels, WHOLE)
    flip_patches(torch.rand(2, 3, 3, 4, 4, generator=seeded()), generator=seeded())
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("shape", [(2, 9, 11), (2, 3, 9, 11)])
def test_patches_are_cut_where_the_corners_say(shape):
    images = torch.arange(torch.tensor(shape).prod()).reshape(shape)
    corners = torch.tensor([[[0, 0], [5, 7], [2, 3]], [[1, 1], [0, 7], [5, 0]]])
    patches = crop_patches(images, corners, patch_size=4)
    assert patches.shape == (2, 3, *shape[1:-2], 4, 4)
    for image in range(2):
        for index, (row, column) in enumerate(corners[image].tolist()):
            assert torch.equal(patches[image, index], images[image, ..., row : row + 4, column : column + 4])


def test_flips_mirror_whole_patches_about_half_of_them():
    patches = torch.rand(50, 10, 3, 4, 5, generator=seeded())
    flipped = flip_patches(patches, generator=seeded(1))
    same = (flipped == patches).flatten(2).all(dim=2)
    mirrored = (flipped == patches.flip(-1)).flatten(2).all(dim=2)
    assert torch.equal(same, ~mirrored)
    assert 0.4 < mirrored.float().mean() < 0.6
