import torch

from seco.training.parts.tagged_patches import count_right_tags, count_tags

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
