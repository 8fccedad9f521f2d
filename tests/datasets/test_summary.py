from pathlib import Path

from seco.datasets.summary import summarise
from seco.datasets.voc import read_voc
from tests.datasets.voc_tree import CLASSES, make_tree


def test_the_summary_counts_what_the_tree_holds(tmp_path: Path) -> None:
    checked = read_voc(make_tree(tmp_path), lists={"train": "train_aug", "val": "val"}, class_names=CLASSES)
    assert summarise(checked, class_names=CLASSES) == {
        "images": {"train": 2, "val": 1},
        "images_without_mask": {"train": 0, "val": 1},
        "images_a_class": {
            "train": {"cat": 1, "dog": 2, "person": 1},
            "val": {"cat": 0, "dog": 1, "person": 0},
        },
        "labels_an_image": {"train": {2: 2}, "val": {1: 1}},
        "cooccurrence": {"cat": {"dog": 1}, "dog": {"cat": 1, "person": 1}, "person": {"dog": 1}},
        "images_with_unseen_labels": {"train": 1, "val": 0},
    }
