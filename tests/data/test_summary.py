from collections import Counter
from pathlib import Path

from seco.data.summary import summarise
from tests.data.preparation import prepared
from tests.data.voc_tree import CLASSES, add_image, make_tree, write_list


def test_the_summary_counts_what_the_tree_holds(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "data")
    add_image(root, "d", names=["cat"], mask_values=[1, 2])
    write_list(root, "train_aug", ["a", "b", "d"])
    found = prepared(root, "voc", lists={"train": "train_aug", "val": "val"}, classes=CLASSES)
    counted = summarise(found.checked, class_names=CLASSES, left_out=Counter(train=3), problems=5)
    assert counted == {
        "images": {"train": 3, "val": 1},
        "images_without_mask": {"train": 0, "val": 1},
        "images_without_label": {"train": 0, "val": 0},
        "images_a_class": {
            "train": {"cat": 2, "dog": 2, "person": 1},
            "val": {"cat": 0, "dog": 1, "person": 0},
        },
        "labels_an_image": {"train": {1: 1, 2: 2}, "val": {1: 1}},
        "images_with_unseen_labels": {"train": 1, "val": 0},
        "images_with_unnamed_classes": {"train": 1, "val": 0},
        "left_out_without_label": {"train": 3},
        "problems": 5,
    }
