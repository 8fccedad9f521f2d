import io
from pathlib import Path

import numpy as np
from rich.console import Console

from seco.console.dataset import show_dataset
from seco.data.cooccurrence import count_pairs, lift
from seco.data.preparing import Statistics

SUMMARY = {
    "images": {"train": 1500, "val": 2},
    "images_without_mask": {"train": 1, "val": 2},
    "images_without_label": {"train": 0, "val": 1},
    "images_a_class": {"train": {"cat": 900, "dog": 800, "cow": 0}, "val": {"cat": 1, "dog": 0, "cow": 0}},
    "labels_an_image": {"train": {1: 1300, 2: 190, 4: 7, 6: 3}, "val": {0: 1, 1: 1}},
    "images_with_unseen_labels": {"train": 37, "val": 0},
    "images_with_unnamed_classes": {"train": 1, "val": 0},
    "left_out_without_label": {"train": 702},
    "problems": 4,
}
NAMES = ("cat", "dog", "cow")


def shown(summary: dict = SUMMARY, linked: tuple[Path, ...] = ()) -> list[str]:
    counts = count_pairs([(1, 2), (1, 2), (1,), (2,)], num_classes=3)
    text = io.StringIO()
    show_dataset(
        Statistics(summary, counts, lift(counts, num_images=4)),
        class_names=NAMES,
        linked=linked,
        console=Console(file=text),
    )
    return text.getvalue().splitlines()


def cells(lines: list[str], first: str) -> list[str]:
    (line,) = [line for line in lines if line.startswith(f"│ {first} ")]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_splits_have_images_masks_and_numbers_of_labels() -> None:
    assert cells(shown(), "train") == ["train", "1500", "1499", "0", "1300", "190", "0", "10"]
    assert cells(shown(), "val") == ["val", "2", "0", "1", "1", "0", "0", "0"]


def test_classes_have_a_column_a_split() -> None:
    lines = shown()
    assert cells(lines, "cow") == ["cow", "0", "0"]
    assert "│ dog   │   800 │   0 │" in lines


def test_pairs_that_meet_are_shown_with_their_lift_and_no_other() -> None:
    lines = shown()
    assert "│ cat   │ dog   │      2 │ 0.89 │" in lines
    assert not any("cow" in line for line in lines[lines.index("│ cat   │ dog   │      2 │ 0.89 │") :])


def test_the_ten_pairs_that_meet_most_come_first_and_in_order() -> None:
    counts = np.zeros((8, 8), np.int64)
    counts[np.triu_indices(8, 1)] = np.arange(28)
    text = io.StringIO()
    show_dataset(
        Statistics(SUMMARY | {"images_a_class": {}}, counts + counts.T, np.ones((8, 8))),
        class_names=tuple("abcdefg"),
        linked=(),
        console=Console(file=text),
    )
    table = text.getvalue()[text.getvalue().index("Classes that share") :]
    numbers = [int(line.split("│")[3]) for line in table.splitlines() if line.startswith("│ ")]
    assert numbers == list(range(27, 17, -1))


def test_what_to_know_stands_below() -> None:
    lines = shown(linked=(Path("own/photos"),))
    for told in (
        "train: 702 images without a label, left out",
        "train: 37 images with a label of which the mask shows no pixel (normal)",
        "train: 1 image with a mask that shows a class the labels do not name",
        "val: no image has a mask, so nothing can be measured there",
        "problems: 4; the images concerned are left out",
    ):
        assert told in lines
    assert any(line.startswith("own/photos is a link: DVC does not look into a linked folder") for line in lines)
