"""A finished run in small: four images of two splits, their masks of every kind and their CAMs."""

from pathlib import Path

import numpy as np
from PIL import Image

from seco.inference.cam_store import write_cam
from seco.reporting.measurements import MaskSource, list_sources
from seco.storage.manifest import Manifest, Record
from seco.storage.masks import mask_path, write_mask

CLASSES = ("cat", "dog", "person")
WIDTH, HEIGHT = 16, 12
LABELS = {"a": ("cat",), "b": ("dog", "person"), "c": ("dog", "person"), "d": ("cat", "dog")}
SPLITS = {"a": "train", "b": "train", "c": "val", "d": "val"}


def truth(image_id: str) -> np.ndarray:
    """Return the mask of an image: left half background, the right half split among its classes."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    ids = [CLASSES.index(label) + 1 for label in LABELS[image_id]]
    columns = np.array_split(np.arange(WIDTH // 2, WIDTH), len(ids))
    for class_id, places in zip(ids, columns, strict=True):
        mask[:, places] = class_id
    return mask


def make_run(root: Path) -> tuple[Manifest, list[MaskSource]]:
    """Write the run below `root`; everything is perfect but `b`, whose seed takes the person for the dog."""
    records = []
    for image_id, labels in LABELS.items():
        image = root / "images" / f"{image_id}.png"
        image.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(len(records)).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        Image.fromarray(noise).save(image)
        mask = truth(image_id)
        write_mask(root / "truth" / f"{image_id}.png", mask)
        seed = np.where((mask == 3) & (image_id == "b"), 2, mask).astype(np.uint8)
        write_mask(mask_path(root / "seeds", image_id), seed)
        folder = root / "refined" if SPLITS[image_id] == "train" else root / "predictions" / "crf"
        write_mask(mask_path(folder, image_id), mask)
        write_cam(root / "cams", image_id, np.array([1]), np.full((1, 3, 4), 0.5, np.float32))
        truth_file = root / "truth" / f"{image_id}.png"
        records.append(Record(image_id, image, truth_file, labels, SPLITS[image_id], WIDTH, HEIGHT))
    sources = list_sources(
        seeds=root / "seeds",
        refined=root / "refined",
        predictions=root / "predictions",
        seed_splits=["train", "val"],
        refined_splits=["train"],
        predicted_splits=["val"],
    )
    return Manifest(tuple(records), CLASSES), sources
