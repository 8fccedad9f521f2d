import io
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from seco.console.dataset import show_dataset
from seco.data.cooccurrence import count_pairs
from seco.data.prepare import DatasetStatistics
from seco.storage.audit import audit
from seco.storage.pairs import lift

SUMMARY = {
    "images": {"train": 1500, "val": 2},
    "images_without_mask": {"train": 1, "val": 2},
    "images_corrected": {"train": 0, "val": 0},
    "images_without_label": {"train": 0, "val": 1},
    "images_a_class": {"train": {"cat": 900, "dog": 800, "cow": 0}, "val": {"cat": 1, "dog": 0, "cow": 0}},
    "labels_an_image": {"train": {1: 1300, 2: 190, 4: 7, 6: 3}, "val": {0: 1, 1: 1}},
    "images_with_unseen_labels": {"train": 37, "val": 0},
    "images_with_unnamed_classes": {"train": 1, "val": 0},
    "left_out_without_label": {"train": 702},
    "problems": 4,
}


def shown(counts: np.ndarray, lifts: np.ndarray, class_names: tuple[str, ...], **changes: Any) -> list[str]:
    text = io.StringIO()
    partners = audit(counts, alone=[0] * len(class_names), num_images=counts.trace(), class_names=class_names)
    statistics = DatasetStatistics(SUMMARY | changes, counts, lifts, partners)
    show_dataset(statistics, class_names=class_names, linked=[Path("own/photos")], console=Console(file=text))
    return text.getvalue().splitlines()


def test_tables_and_notes_are_printed() -> None:
    counts = count_pairs([(1, 2), (1, 2), (1,), (2,)], num_classes=3)
    lines = shown(counts, lift(counts, num_images=4), ("cat", "dog", "cow"))
    rows = [" ".join(line.replace("│", " ").split()) for line in lines if line.startswith("│")]
    assert rows == [
        "train 1500 1499 0 1300 190 0 10",
        "val 2 0 1 1 0 0 0",
        "cat 900 1",
        "dog 800 0",
        "cow 0 0",
        "cat dog 2 0.89",
    ]
    assert lines[-8:-1] == [
        "cat is alone in none of its 3 images, but no single class is in more than two thirds of them",
        "dog is alone in none of its 3 images, but no single class is in more than two thirds of them",
        "train: 702 images without a label, left out",
        "train: 37 images with a label of which the mask shows no pixel (normal)",
        "train: 1 image with a mask that shows a class the labels do not name",
        "val: no image has a mask, so nothing can be measured there",
        "problems: 4; the images concerned are left out",
    ]
    assert lines[-1].startswith("own/photos is a link: DVC does not look into a linked folder")


def test_the_ten_most_frequent_pairs_are_shown_in_order() -> None:
    counts = np.zeros((8, 8), np.int64)
    counts[np.triu_indices(8, 1)] = np.arange(28)
    lines = shown(counts + counts.T, np.ones((8, 8)), tuple("abcdefg"), images_a_class={})
    numbers = [int(line.split("│")[3]) for line in lines if line.endswith("1.00 │")]
    assert numbers == list(range(27, 17, -1))
