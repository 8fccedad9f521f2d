"""Small data sets for tests, to be spoilt one file at a time, and the steps of `seco prepare` on them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seco.data.checks import CheckedDataset, FactsCache, check
from seco.data.dataset import read_dataset
from seco.data.masks import draw_masks
from seco.data.prepare import DatasetStatistics, write_dataset
from seco.errors import SecoError
from seco.storage.manifest import Record
from seco.storage.masks import write_mask

WIDTH, HEIGHT = 12, 8
SQUARE = [[2, 2, 8, 2, 8, 6, 2, 6]]
"""An outline of 6 x 4 pixels."""
CLASSES = ("cat", "dog", "person")
LISTS = {"train": "train_aug", "val": "val"}


def add_photo(path: Path, *, size: tuple[int, int] = (WIDTH, HEIGHT), **options: Any) -> Path:
    """Write a photograph of noise, in the format that its name tells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, **options)
    return path


def add_turned_photo(path: Path) -> Path:
    """Write a photograph that its EXIF data turns by a quarter."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return add_photo(path, exif=exif)


def add_mask(path: Path, values: Sequence[int], *, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Path:
    """Write a mask whose columns hold the values in turn."""
    write_mask(path, np.tile(np.resize(np.array(values, np.uint8), size[0]), (size[1], 1)))
    return path


def write_table(root: Path, *lines: str, name: str = "images.csv") -> str:
    """Write a CSV of these lines; return its name."""
    (root / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return name


def make_photos(root: Path) -> Path:
    """Write three photographs and `images.csv`."""
    for name in ("a.jpg", "b.png", "sub/c.jpg"):
        add_photo(root / "photos" / name)
    write_table(root, "image,labels", "photos/a.jpg,dog;person", "photos/b.png,cat", "photos/sub/c.jpg,dog")
    return root


def make_json(root: Path, *, add: dict[str, list] | None = None, **lists: Any) -> Path:
    """Write the photographs and `images.json` with two outlines; `lists` replace its lists, `add` extends them."""
    make_photos(root)
    content = {
        "images": [listed_image(7, "photos/a.jpg"), listed_image(3, "photos/b.png")],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 2, "segmentation": SQUARE},
            {"id": 2, "image_id": 3, "category_id": 1, "segmentation": SQUARE, "iscrowd": 0},
        ],
        "categories": [{"id": 2, "name": "dog"}, {"id": 1, "name": "cat"}],
    } | lists
    for key, entries in (add or {}).items():
        content[key] = content[key] + entries
    (root / "images.json").write_text(json.dumps(content), encoding="utf-8")
    return root


def listed_image(image_id: int, file_name: str) -> dict[str, Any]:
    """Return an entry of a JSON file's images."""
    return {"id": image_id, "file_name": file_name, "width": WIDTH, "height": HEIGHT}


def add_voc_image(root: Path, image_id: str, *, names: Sequence[str], mask_values: Sequence[int] | None) -> None:
    """Write photograph, annotation and, unless its values are None, a mask whose columns hold them in turn."""
    add_photo(root / "JPEGImages" / f"{image_id}.jpg")
    annotate(root, image_id, "".join(f"<object><name>{name}</name></object>" for name in names))
    if mask_values is not None:
        add_mask(root / "SegmentationClassAug" / f"{image_id}.png", mask_values)


def annotate(root: Path, image_id: str, objects: str) -> None:
    """Write the annotation of an image."""
    (root / "Annotations").mkdir(exist_ok=True)
    (root / "Annotations" / f"{image_id}.xml").write_text(f"<annotation>{objects}</annotation>")


def write_list(root: Path, name: str, ids: Sequence[str]) -> None:
    """Write an image set."""
    path = root / "ImageSets" / "Segmentation" / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{image_id}\n" for image_id in ids))


def make_voc(root: Path) -> Path:
    """Make a tree of two training images and one for validation, the latter without a mask."""
    add_voc_image(root, "a", names=["person", "dog", "dog"], mask_values=[0, 2, 3, 255])
    add_voc_image(root, "b", names=["cat", "dog"], mask_values=[0, 1])
    add_voc_image(root, "c", names=["dog"], mask_values=None)
    write_list(root, "train_aug", ["a", "b"])
    write_list(root, "val", ["c"])
    return root


DEFAULTS: dict[str, dict[str, Any]] = {
    "csv": {"source": "images.csv"},
    "json": {"source": "images.json"},
    "voc": {"classes": CLASSES, "lists": LISTS},
}


@dataclass(frozen=True)
class Prepared:
    """A data set that was read and checked."""

    dataset: CheckedDataset

    @property
    def records(self) -> list[Record]:
        return [item.record for item in self.dataset.images]

    @property
    def faults(self) -> list[str]:
        return [problem.sentence for problem in self.dataset.problems]

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        return {record.id: record.labels for record in self.records}

    @property
    def splits(self) -> dict[str, str]:
        return {record.id: record.split for record in self.records}


def prepared(root: Path, data_format: str, *, cache: Path | None = None, **settings: Any) -> Prepared:
    """Take the steps of `seco prepare`, up to writing; caches lie beside the root unless told otherwise."""
    settings = {"classes": None, "lists": None} | DEFAULTS.get(data_format, {}) | settings
    listing = read_dataset(root, data_format=data_format, **settings)
    cache = cache or root.parent / "cache"
    listing = draw_masks(listing, cache=cache / "masks")
    return Prepared(check(listing, cache=FactsCache(cache, root=str(root))))


def mask_cache(root: Path) -> Path:
    """Return the folder that `prepared` keeps masks in."""
    return root.parent / "cache" / "masks"


def faults_of(root: Path, data_format: str, **settings: Any) -> list[str]:
    """Return the sentences that a user sees: the problems, or why the data set cannot be used at all."""
    try:
        return prepared(root, data_format, **settings).faults
    except SecoError as error:
        return [str(error)]


def written(found: Prepared, root: Path, folder: Path) -> DatasetStatistics:
    """Write what `prepare` writes of a data set into a folder."""
    return write_dataset(folder, found.dataset, root=root, mask_cache=mask_cache(root))
