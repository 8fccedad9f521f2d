"""A few small demo scenes for tests, through the same door as any data."""

from pathlib import Path

from seco.classes import DEMO
from seco.datasets.demo.writer import write_demo
from seco.datasets.voc import read_voc
from seco.storage.manifest import Manifest

LISTS = {"train": "train", "val": "val", "val_unbiased": "val_unbiased"}


def demo_manifest(root: Path) -> Manifest:
    """Draw eight training and two validation scenes below a folder, once, and return their manifest."""
    if not root.exists():
        write_demo(root, train_images=8, val_images=2, bias=0.7, image_size=80, seed=0)
    checked = read_voc(root, lists=LISTS, class_names=DEMO)
    return Manifest(tuple(item.record for item in checked), DEMO)
