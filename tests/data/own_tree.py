"""A few photographs of one's own in `photos/`, with the lists that name them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seco.storage.masks import write_mask

WIDTH, HEIGHT = 12, 8
SQUARE = [[2, 2, 8, 2, 8, 6, 2, 6]]
"""An outline of 6 x 4 pixels."""


def add_photo(path: Path, *, size: tuple[int, int] = (WIDTH, HEIGHT), **options: Any) -> Path:
    """Write a photograph of noise, in the format that its name tells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, **options)
    return path


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


def make_json(root: Path, **changes: Any) -> dict[str, Any]:
    """Write the photographs and `images.json` with outlines; `changes` replace whole lists of it. Return it."""
    make_photos(root)
    content = {
        "images": [
            {"id": 7, "file_name": "photos/a.jpg", "width": WIDTH, "height": HEIGHT},
            {"id": 3, "file_name": "photos/b.png", "width": WIDTH, "height": HEIGHT},
        ],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 2, "segmentation": SQUARE},
            {"id": 2, "image_id": 3, "category_id": 1, "segmentation": SQUARE, "iscrowd": 0},
        ],
        "categories": [{"id": 2, "name": "dog"}, {"id": 1, "name": "cat"}],
    }
    content.update(changes)
    write_json(root, content)
    return content


def write_json(root: Path, content: Mapping[str, Any]) -> None:
    """Write `images.json`."""
    (root / "images.json").write_text(json.dumps(content), encoding="utf-8")
