"""Reads what `seco convert masks` wrote with the readers of other tools, and counts the pixels that differ.

`benchmarks/round_trips.py` runs this file with the Python of an environment that has them; it imports nothing of this
project. `python other_readers.py FORMAT RESULT MASKS CLASS,CLASS,…` prints one line of JSON.
"""

import importlib
import json
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

IGNORE = 255
Masks = Iterator[tuple[str, dict[int, Any]]]  # id, and the pixels of each class as bool [H, W]


def read_voc(path: Path, classes: list[str]) -> Masks:
    """Read a VOC tree with Datumaro."""
    datumaro = importlib.import_module("datumaro")
    found = datumaro.Dataset.import_from(str(path), "voc_segmentation")
    labels = found.categories()[datumaro.AnnotationType.label].items
    ids = {number: IGNORE if label.name == "ignored" else classes.index(label.name) + 1
           for number, label in enumerate(labels) if label.name != "background"}  # fmt: skip
    for item in found:
        yield item.id, {ids[mask.label]: mask.image > 0 for mask in item.annotations if mask.label in ids}


def read_cvat(path: Path, classes: list[str]) -> Masks:
    """Read CVAT's archive with Datumaro, which CVAT imports it with."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
        yield from read_voc(Path(folder), classes)


def read_coco(path: Path, classes: list[str]) -> Masks:
    """Read COCO's JSON with pycocotools."""
    coco = importlib.import_module("pycocotools.coco").COCO(str(path))
    ids = {number: classes.index(category["name"]) + 1 for number, category in coco.cats.items()}
    for number, image in coco.imgs.items():
        found = {ids[entry["category_id"]]: coco.annToMask(entry) > 0 for entry in coco.imgToAnns[number]}
        yield str(Path(image["file_name"]).with_suffix("")), found


def read_label_studio(path: Path, classes: list[str]) -> Masks:
    """Read Label Studio's tasks with its SDK."""
    decode = importlib.import_module("label_studio_sdk.converter.brush").decode_rle
    for task in json.loads((path / "tasks.json").read_text(encoding="utf-8")):
        found = {}
        for result in task["predictions"][0]["result"]:
            height, width = result["original_height"], result["original_width"]
            picture = decode(result["value"]["rle"]).reshape(height, width, 4)
            found[classes.index(result["value"]["brushlabels"][0]) + 1] = picture[..., 3] > 0
        yield str(Path(task["data"]["image"].rpartition("=")[2]).with_suffix("")), found


def read_labelme(path: Path, classes: list[str]) -> Masks:
    """Read labelme's files with labelme."""
    importlib.import_module("loguru").logger.remove()
    labelme = importlib.import_module("labelme")
    ids = {name: number for number, name in enumerate(classes, start=1)}
    for file in sorted(path.rglob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        shape = (content["imageHeight"], content["imageWidth"])
        shapes = labelme.LabelFile(str(file)).shapes
        mask, _ = labelme.utils.shapes_to_label(shape, shapes, ids)
        found = {ids[entry["label"]]: mask == ids[entry["label"]] for entry in shapes}
        yield str(file.relative_to(path).with_suffix("")), found


READERS: dict[str, Callable[[Path, list[str]], Masks]] = {
    "voc": read_voc,
    "cvat": read_cvat,
    "coco": read_coco,
    "label-studio": read_label_studio,
    "labelme": read_labelme,
}


def main(name: str, result: str, folder: str, classes: str) -> None:
    """Compare a result with the masks that it was made of."""
    count = regions = differing = 0
    for mask_id, found in READERS[name](Path(result), classes.split(",")):
        mask = np.asarray(Image.open(Path(folder) / f"{mask_id}.png"))
        read = np.zeros_like(mask)
        for class_id, pixels in found.items():
            read[pixels] = class_id
        wanted = mask if name == "voc" else np.where(mask == IGNORE, 0, mask)
        count, regions, differing = count + 1, regions + len(found), differing + int((read != wanted).sum())
    print(json.dumps({"masks": count, "regions": regions, "differing": differing}))


if __name__ == "__main__":
    main(*sys.argv[1:])
