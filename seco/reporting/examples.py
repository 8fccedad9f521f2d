"""The rows of an overview picture: which images it shows, and the CAM and the masks of each."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from seco.inference.cam_store import cam_path, read_cam
from seco.reporting.overlays import RGB, class_colours, heat_overlay, mask_overlay
from seco.storage.images import read_image
from seco.storage.label_map import BACKGROUND, IGNORE
from seco.storage.manifest import Record
from seco.storage.masks import MaskArray, mask_path, read_mask

_SHOWN = 1_000_000  # pixels; a picture of a row is 400 pixels wide at the most
_NEAREST = Image.Resampling.NEAREST


def choose_examples(records: Sequence[Record], count: int) -> list[Record]:
    """Return up to `count` records with many labels that together cover the classes evenly.

    Each choice takes the record whose labels add most: a label adds less each time it was shown. Of equal records the
    earlier one is taken. The choice depends on the labels alone, not on the quality of the masks.
    """
    shown: dict[str, int] = {}
    remaining, chosen = list(records), []
    while remaining and len(chosen) < count:
        # A label adds 1, then 1/4, 1/16, …
        best = max(remaining, key=lambda record: sum(0.25 ** shown.get(label, 0) for label in record.labels))
        remaining.remove(best)
        chosen.append(best)
        for label in best.labels:
            shown[label] = shown.get(label, 0) + 1
    return chosen


def example_pictures(
    record: Record, *, cams: Path, masks: Mapping[str, Path], num_classes: int
) -> tuple[dict[str, RGB], set[int]]:
    """Return the pictures of one image by column title, and the class ids (and 255) that they show.

    Args:
        record: the image; its truth is the last column if it has one.
        cams: the CAM store; no CAM, no column.
        masks: column title → folder of masks; no mask, no column.
        num_classes: number of foreground classes K.

    Raises:
        SecoError: a file is damaged.
    """
    photo = np.asarray(_shrunk(read_image(record.image)))
    pictures = {"photograph": photo}
    if cam_path(cams, record.id).is_file():
        maps = read_cam(cams, record.id).maps  # [C, h, w]
        strongest = maps.max(axis=0) if len(maps) else np.zeros(maps.shape[1:], np.float32)
        pictures["CAM"] = heat_overlay(photo, strongest)
    files = {title: mask_path(folder, record.id) for title, folder in masks.items()}
    if record.mask is not None:
        files["truth"] = record.mask
    seen: set[int] = set()
    for title, path in files.items():
        if path.is_file():
            mask: MaskArray = read_mask(path, num_classes=num_classes, size=(record.width, record.height))
            drawn, (height, width) = Image.fromarray(mask), photo.shape[:2]
            seen.update(value for value, pixels in enumerate(drawn.histogram()) if pixels)
            pictures[title] = mask_overlay(photo, np.asarray(drawn.resize((width, height), _NEAREST)))
    return pictures, seen - {BACKGROUND}


def _shrunk(photo: Image.Image) -> Image.Image:
    """Return a photograph with at most as many pixels as a picture can show."""
    factor = math.sqrt(_SHOWN / (photo.width * photo.height))
    if factor >= 1:
        return photo
    size = (max(round(photo.width * factor), 1), max(round(photo.height * factor), 1))
    return photo.resize(size, Image.Resampling.BILINEAR)


def common_columns(rows: Sequence[Mapping[str, RGB]]) -> list[dict[str, RGB]]:
    """Return the rows cut down to the columns that all of them have, in the order of the first."""
    titles = [title for title in rows[0] if all(title in row for row in rows)]
    return [{title: row[title] for title in titles} for row in rows]


def legend_of(class_ids: set[int], class_names: Sequence[str]) -> list[tuple[str, tuple[float, float, float]]]:
    """Return name and RGB (0..1) of each of the given ids, 255 last."""
    entries: list[tuple[str, tuple[float, float, float]]] = []
    for class_id in sorted(class_ids - {IGNORE}):
        red, green, blue = class_colours()[class_id].tolist()
        entries.append((class_names[class_id - 1], (red / 255, green / 255, blue / 255)))
    if IGNORE in class_ids:
        entries.append(("uncertain or ignored", (1.0, 1.0, 1.0)))
    return entries
