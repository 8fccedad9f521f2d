from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seco.config.requirements import require_every_stage, without_effect
from seco.errors import SecoError
from seco.storage.manifest import Record
from tests.settings import small_settings

SPLITS = {"refine.splits": ["train"], "predict.splits": ["val"]}


def records(**counts: int) -> list[Record]:
    """Return images without masks, so many of each split."""
    names = [split for split, count in counts.items() for _ in range(count)]
    return [
        Record(f"{split}{number}", Path("a.jpg"), None, ("dog",), split, 8, 8) for number, split in enumerate(names)
    ]


def masked(images: list[Record], *positions: int) -> list[Record]:
    """Give masks to some of the images."""
    return [
        Record(image.id, image.image, Path("a.png"), *(getattr(image, name) for name in ("labels", "split")), 8, 8)
        if number in positions
        else image
        for number, image in enumerate(images)
    ]


def faults(images: list[Record], **changes: Any) -> list[str]:
    try:
        require_every_stage(small_settings(**(SPLITS | changes)), images)
    except SecoError as error:
        return [line.strip() for line in str(error).splitlines()][1:] or [str(error)]
    return []


@pytest.mark.parametrize(
    ("images", "changes"),
    [
        (records(train=1, val=1), {}),
        (records(val=1, train=1, test=1), {"predict.splits": ["test", "val"], "refine.splits": ["train", "val"]}),
        (records(train=1), {"predict.splits": ["train"]}),
        (masked(records(train=1, val=2), 2), {"train.evaluate_every": 1}),
        (records(train=1, val=1), {"train.evaluate_every": 0, "train.evaluate_split": "elsewhere"}),
        (masked(records(train=2, val=1), 0, 1), {"method": "full"}),
        (masked(records(train=2, val=1), 0, 1), {"train.judge_tags": True}),
        (records(train=1, val=1), {"train.judge_tags": True, "method": "toco"}),
        (records(train=1, val=1), {"train.judge_tags": True, "weight_lig": 0.0, "weight_lil": 0.0}),
    ],
)
def test_data_that_serve_every_stage_are_accepted(images: list[Record], changes: dict[str, Any]) -> None:
    assert faults(images, **changes) == []


NO_TRAIN = "no image is in the split 'train', so there is nothing to learn from: correct the splits"
SHARE = "set prepare.validation_share to the share of the images to hold out, such as 0.2"


@pytest.mark.parametrize(
    ("images", "changes", "told"),
    [
        (records(val=3), {}, [NO_TRAIN]),
        (records(train=4), {}, [f"predict.splits: no image is in the split 'val': {SHARE}, or change predict.splits"]),
        (
            records(train=4),
            {"prepare.validation_share": 0.2, "refine.splits": ["val"]},
            [
                f"{key}: no image is in the split 'val': prepare.validation_share, 0.2, holds out none of 4 images: "
                f"raise it or add images, or change {key}"
                for key in ("refine.splits", "predict.splits")
            ],
        ),
        (records(train=4, valid=2), {}, ["predict.splits: no image is in the split 'val': did you mean valid?"]),
        (
            records(train=4, holdout=2),
            {"train.evaluate_every": 5},
            [
                f"{key}: no image is in the split 'val': choose one of train, holdout"
                for key in ("predict.splits", "train.evaluate_split")
            ],
        ),
        (
            masked(records(train=3, val=1), 0),
            {"method": "full"},
            ["method: 2 of 3 training images have no mask, which full supervision needs, such as 'train1': add it, or "
             "choose another method"],
        ),
        (
            records(train=3, val=1),
            {"train.judge_tags": True},
            ["train.judge_tags: 3 of 3 training images have no mask to judge tags by, such as 'train0': "
             "set it to false"],
        ),
        (
            records(train=3, val=1),
            {"train.oracle_tags": True},
            ["train.oracle_tags: 3 of 3 training images have no mask to take tags from, such as 'train0': "
             "set it to false"],
        ),
        (
            masked(records(train=1, val=2), 0),
            {"train.evaluate_every": 5},
            ["train.evaluate_every: no image of the split 'val' has a mask to score by: set it to 0, or "
             "train.evaluate_split to a split with masks"],
        ),
    ],
)  # fmt: skip
def test_what_a_later_stage_would_miss_is_told(images: list[Record], changes: dict[str, Any], told: list[str]) -> None:
    assert faults(images, **changes) == told


def test_settings_that_the_data_leave_nothing_to_do_are_told() -> None:
    lig = "weight_lig has no effect: L_LiG tells a class from the others, and there is one class: set it to 0"
    negatives = "negative_patches has no effect: every training image has a label: set it to anywhere"
    empty = records(train=2, val=1)
    empty[1] = Record("train1", Path("a.jpg"), None, (), "train", 8, 8)

    def told(images: list[Record], num_classes: int, **changes: Any) -> list[str]:
        return [*without_effect(small_settings(**changes), images, num_classes=num_classes)]

    assert told(records(train=2), 2) == []
    assert told(records(train=2), 1) == [lig]
    assert told(records(train=2), 1, weight_lig=0.0) == []
    assert told(records(train=2), 1, method="baseline", negative_patches="hard") == []
    assert told(records(train=2), 2, negative_patches="hard") == [negatives]
    assert told(empty, 2, negative_patches="hard") == []


def test_a_share_of_masks_needs_as_many_and_a_corrected_mask_is_one_for_full_supervision():
    images = masked(records(train=4, val=1), 0)
    assert faults(images, **{"train.mask_share": 0.25}) == []
    assert faults(images, **{"train.mask_share": 0.5}) == [
        "train.mask_share: 0.5 asks for the masks of 2 of 4 training images, but 1 have one: set it to 0.25 or less"
    ]
    assert faults(records(train=1, val=1), **{"train.mask_share": 0.1})[0].endswith("but 0 have one: set it to 0")
    fixed = [replace(image, corrected=Path("c.png")) for image in images]
    assert faults(fixed, method="full") == []
    assert faults(fixed, method="full", **{"train.use_corrections": False})[0].startswith("method: 3 of 4 training")
