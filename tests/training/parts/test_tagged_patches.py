import torch

from seco.method.cam import present_classes
from seco.method.patches import crop_patches
from seco.training.crop_pass import Inputs
from seco.training.parts.tagged_patches import PatchCutter, count_right_tags, count_tags
from tests.tiny import seeded

BEFORE = torch.tensor([[1, 1, 2, 0], [2, -1, 0, 1]])
AFTER = torch.tensor([[1, -1, 2, 0], [-1, -1, -1, 1]])
RIGHT = torch.tensor([[True, False, True, True], [True, False, False, False]])


def told(counts: dict) -> dict[str, tuple[int, int]]:
    return {name: (int(some), int(every)) for name, (some, every) in counts.items()}


def test_patches_are_counted_by_what_they_are_tagged_as_and_by_what_was_withdrawn():
    assert told(count_tags(BEFORE, AFTER)) == {
        "patches/background": (2, 8),
        "patches/class": (5, 8),
        "patches/uncertain": (1, 8),
        "patches/withdrawn": (3, 8),
    }


def test_right_tags_are_counted_class_by_class_and_wrong_ones_among_those_withdrawn():
    assert told(count_right_tags(BEFORE, AFTER, RIGHT, num_classes=3)) == {
        "tags/right": (3, 5),
        "tags/right_kept": (2, 3),
        "tags/right_0": (1, 2),
        "tags/right_1": (1, 3),
        "tags/right_2": (2, 2),
        "tags/right_3": (0, 0),
        "tags/withdrawn_wrong": (2, 3),
    }


SIDE, PATCH = 16, 4
QUARTER = PatchCutter(
    patch_size=PATCH,
    num_patches=4,
    centres="uncertain",
    negatives="hard",
    low=0.25,
    high=0.7,
    threshold=0.2,
    settle_uncertain=True,
)


def inputs(labels: list[list[float]]) -> Inputs:
    """Images whose pixels are their numbers; the draws are the middles of four equal parts."""
    shape = (len(labels), SIDE, SIDE)
    pixels = torch.arange(float(SIDE * SIDE)).view(1, 1, SIDE, SIDE).expand(len(labels), 3, SIDE, SIDE)
    draws = torch.tensor([0.125, 0.375, 0.625, 0.875], dtype=torch.float64).view(1, 4, 1).expand(len(labels), 4, 2)
    return Inputs(
        weak=pixels,
        strong=pixels,
        second=torch.zeros(len(labels), 0),
        masks=torch.zeros(shape, dtype=torch.int64),
        boxes=torch.tensor([[0, 0, SIDE, SIDE]]).expand(len(labels), 4),
        labels=torch.tensor(labels),
        draws=draws,
        supervised=torch.zeros(len(labels), 0, dtype=torch.bool),
        class_ids=present_classes(torch.tensor(labels)),
        inside=torch.ones(shape, dtype=torch.bool),
    )


def test_patches_of_images_of_nothing_are_centred_where_the_classifier_fires_and_all_are_background():
    batch = inputs([[0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    cam = torch.zeros(3, 1, SIDE, SIDE)
    cam[0, 0, 8, 4:8] = 0.5  # uncertain in the image with a label
    fires = torch.zeros(3, SIDE, SIDE)
    fires[:, 3, 10:14] = 0.71
    fires[:, 12, :] = 0.7  # not above `high`
    fires[2, 3, 10] = 0.0  # three pixels are fewer than four patches: they are cut anywhere
    hard, plain = (QUARTER.cut(batch, cam, strongest, from_masks=False) for strongest in (fires, None))
    centres = (hard.corners + PATCH // 2).tolist()
    assert centres[0] == [[8, 4], [8, 5], [8, 6], [8, 7]]
    assert centres[1] == [[3, 10], [3, 11], [3, 12], [3, 13]]
    # 13 x 13 corners: the draws fall on numbers 21, 63, 105 and 147.
    assert hard.corners[2].tolist() == [[1, 8], [4, 11], [8, 1], [11, 4]]
    assert hard.tags[1:].tolist() == [[0] * 4] * 2
    assert torch.equal(plain.corners[0], hard.corners[0])
    assert torch.equal(plain.corners[1], hard.corners[2])
    assert crop_patches(batch.weak, hard.corners, patch_size=PATCH)[1, 0, 0, 2, 2] == 3 * SIDE + 10


def test_where_every_image_has_labels_hard_negatives_change_nothing():
    batch, cam = inputs([[0.0, 1.0], [1.0, 1.0]]), torch.rand(2, 2, SIDE, SIDE, generator=seeded())
    hard, plain = (QUARTER.cut(batch, cam, fires, from_masks=False) for fires in (torch.ones(2, SIDE, SIDE), None))
    assert all(torch.equal(one, other) for one, other in zip(hard, plain, strict=True))
