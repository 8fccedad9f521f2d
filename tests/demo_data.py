"""A few small demo scenes for tests, through the same door as any data."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from scenes.drawing.bias import CLASSES
from scenes.drawing.writer import write_demo
from seco.data.checks import FactsCache, check
from seco.data.dataset import read_dataset
from seco.storage.manifest import Manifest

LISTS = {"train": "train", "val": "val", "val_unbiased": "val_unbiased"}


def demo_manifest(root: Path) -> Manifest:
    """Draw eight training and two validation scenes below a folder, once, and return their manifest."""
    if not root.exists():
        write_demo(root, train_images=8, val_images=2, bias=0.7, image_size=80, seed=0)
    return read_manifest_of(root, lists=LISTS, classes=CLASSES)


def read_manifest_of(root: Path, *, lists: Mapping[str, str], classes: str | Sequence[str]) -> Manifest:
    """Return the manifest of a sound VOC tree."""
    listing = read_dataset(root, data_format="voc", lists=lists, classes=classes)
    dataset = check(listing, cache=FactsCache(root.parent / "known", root=str(root)))
    assert not dataset.problems
    return Manifest(tuple(item.record for item in dataset.images), dataset.class_names)
