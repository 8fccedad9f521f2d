"""A checked data set written as a CSV and as JSON files of COCO's form, to be read again."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask

from seco.storage.label_map import IGNORE
from seco.storage.manifest import Record


def write_csv(root: Path, records: Sequence[Record]) -> str:
    """Write `images.csv` below the root; return its name."""
    with (root / "images.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "labels", "split", "mask"])
        for record in records:
            mask = record.mask.relative_to(root) if record.mask else ""
            writer.writerow([record.image.relative_to(root), "|".join(reversed(record.labels)), record.split, mask])
    return "images.csv"


def write_jsons(root: Path, records: Sequence[Record], class_names: Sequence[str]) -> dict[str, str]:
    """Write a JSON file a split; return split → its name.

    What a mask shows becomes run lengths, its 255 a crowd; a label without a pixel becomes an annotation without an
    outline.
    """
    ids = {name: 3 * rank + 5 for rank, name in enumerate(class_names)}  # with gaps, as COCO's
    lists = {}
    for split in dict.fromkeys(record.split for record in records):
        chosen = [record for record in records if record.split == split]
        content = {
            "images": [_image(number, record, root) for number, record in enumerate(chosen)],
            "annotations": [
                annotation
                for number, record in enumerate(chosen)
                for annotation in _annotations(number, record, class_names, ids)
            ],
            "categories": [{"id": ids[name], "name": name} for name in reversed(class_names)],
        }
        (root / f"{split}.json").write_text(json.dumps(content))
        lists[split] = f"{split}.json"
    return lists


def _image(number: int, record: Record, root: Path) -> dict[str, Any]:
    name = str(record.image.relative_to(root))
    return {"id": number, "file_name": name, "width": record.width, "height": record.height}


def _annotations(number: int, record: Record, class_names: Sequence[str], ids: dict[str, int]) -> list[dict[str, Any]]:
    found = [{"image_id": number, "category_id": ids[label]} for label in record.labels]
    if record.mask is None:
        return found
    values = np.asarray(Image.open(record.mask))
    for annotation, label in zip(found, record.labels, strict=True):
        pixels = values == class_names.index(label) + 1
        if pixels.any():
            annotation["segmentation"] = _runs(pixels)
    crowd = {**found[0], "iscrowd": 1, "segmentation": _runs(values == IGNORE)}
    return [*found, crowd]


def _runs(pixels: np.ndarray) -> dict[str, Any]:
    runs = coco_mask.encode(np.asfortranarray(pixels, dtype=np.uint8))
    return {"size": [int(side) for side in pixels.shape], "counts": runs["counts"].decode()}
