"""What the false positives of a class on background look like, where no contexts are known: clusters of tokens."""

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seco.inference.embeddings import TokenMap, token_maps
from seco.inference.photographs import photo_of
from seco.inference.predictor import Predictor
from seco.reporting.blocks import Picture, Strip
from seco.reporting.measurements import Measurement
from seco.reporting.overlays import RGB
from seco.storage.label_map import BACKGROUND
from seco.storage.manifest import Record
from seco.storage.masks import mask_path, read_mask

_CLASSES = 4  # classes that are looked at: those with most false positives
_IMAGES = 12  # images of each, those with most of its false positives: a ViT-S takes a second or two for one on a CPU
_CLUSTERS = 4
_CROPS = 6  # of a strip, each from another image
_SIDE = 0.35  # of a crop, as a share of the image's shorter side
_PIXELS = 120  # of a crop as shown
_MOSTLY = 0.5  # of a token's pixels are false positives, where it is looked at
_PALE = 0.6
_SEED = 0


class _Looks(NamedTuple):
    """Tokens in false positives of one class."""

    tokens: NDArray[np.float32]
    """``[N, D]``, unit length."""
    pixels: NDArray[np.float64]
    """``[N]``: false pixels under each, in shares of its image."""
    places: list[tuple[int, float, float]]
    """Of each: index of the image, and the row and column of its middle (0..1)."""


def look_alikes(
    measurement: Measurement,
    records: Sequence[Record],
    predictor: Predictor,
    *,
    image_size: int,
    batch_size: int,
) -> list[Strip]:
    """Return, for the classes with most false positives on background, strips of what most of them look like.

    The tokens of the encoder that lie in a class's false positives are clustered (k-means of unit vectors); the strip
    shows, of the largest cluster, the tokens next to its middle with what surrounds them, paler.

    Args:
        measurement: the masks of one split.
        records: the images of that split.
        predictor: the trained network.
        image_size: side in pixels of the square that the network sees.
        batch_size: images a batch.

    Raises:
        SecoError: an image or a mask cannot be read.
    """
    by_id = {record.id: record for record in records}
    worst = _worst_images(measurement, list(by_id))
    names = list(dict.fromkeys(name for images in worst.values() for name in images))
    photos = [photo_of(by_id[name]) for name in names]
    maps: dict[str, TokenMap] = {}
    false: dict[str, NDArray[np.uint8]] = {}
    for found in token_maps(predictor, photos, image_size=image_size, batch_size=batch_size):
        record = by_id[found.photo.id]
        maps[record.id] = found
        false[record.id] = _false_classes(record, measurement.source.folder, num_classes=len(predictor.class_names))
    strips = []
    for class_id, images in worst.items():
        looks = _looks_of([(maps[name].tokens, false[name] == class_id) for name in images])
        if len(looks.tokens) > _CLUSTERS:
            pictures = [(maps[name].pixels, false[name] == class_id) for name in images]
            strips.append(_strip(predictor.class_names[class_id - 1], looks, pictures))
    return strips


def _worst_images(measurement: Measurement, ids: Sequence[str]) -> dict[int, list[str]]:
    """Return, of the classes with most false positives on background, the images with most of them."""
    counts, known = measurement.evaluation.by_image, set(ids)
    image, truth, prediction, pixels = (column.astype(np.int64) for column in counts.cells())
    wrong = (truth == BACKGROUND) & (prediction > BACKGROUND) & (prediction <= counts.num_classes)
    called = np.zeros((len(counts), counts.num_classes + 1), dtype=np.int64)
    np.add.at(called, (image[wrong], prediction[wrong]), pixels[wrong])
    total = called.sum(axis=0)
    classes = [class_id for class_id in np.argsort(-total, kind="stable")[:_CLASSES].tolist() if total[class_id]]
    found = {}
    for class_id in classes:
        ranked = np.argsort(-called[:, class_id], kind="stable")[:_IMAGES]
        shown = [counts.ids[index] for index in ranked.tolist() if called[index, class_id]]
        found[class_id] = [name for name in shown if name in known]
    return found


def _false_classes(record: Record, folder: Path, *, num_classes: int) -> NDArray[np.uint8]:
    """Return the class that each background pixel is taken for, ``[H, W]``; 0 elsewhere."""
    size = (record.width, record.height)
    if record.mask is None:
        return np.zeros((record.height, record.width), np.uint8)
    truth = read_mask(record.mask, num_classes=num_classes, size=size)
    called = read_mask(mask_path(folder, record.id), num_classes=num_classes, size=size)
    return np.where((truth == BACKGROUND) & (called <= num_classes), called, 0).astype(np.uint8)


def _looks_of(images: Sequence[tuple[NDArray[np.float32], NDArray[np.bool_]]]) -> _Looks:
    """Gather the tokens ``[h, w, D]`` of images that lie mostly in the false pixels ``[H, W]``."""
    tokens, pixels, places = [], [], []
    for index, (grid, false) in enumerate(images):
        height, width = grid.shape[:2]
        covered = np.asarray(Image.fromarray(false.astype(np.float32)).resize((width, height), Image.Resampling.BOX))
        rows, columns = np.nonzero(covered >= _MOSTLY)
        tokens.append(grid[rows, columns] / np.linalg.norm(grid[rows, columns], axis=1, keepdims=True))
        pixels.append(covered[rows, columns] / (height * width))
        middles = zip(((rows + 0.5) / height).tolist(), ((columns + 0.5) / width).tolist(), strict=True)
        places += [(index, row, column) for row, column in middles]
    return _Looks(np.concatenate(tokens), np.concatenate(pixels).astype(np.float64), places)


def _strip(name: str, looks: _Looks, pictures: Sequence[tuple[RGB, NDArray[np.bool_]]]) -> Strip:
    from sklearn.cluster import k_means  # takes a second to import
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of fewer different tokens than clusters
        found = k_means(looks.tokens, _CLUSTERS, sample_weight=looks.pixels, random_state=_SEED)
    centres, labels = np.asarray(found[0]), np.asarray(found[1], dtype=np.int64)
    weights = np.bincount(labels, weights=looks.pixels, minlength=_CLUSTERS)
    largest = int(weights.argmax())
    members = np.flatnonzero(labels == largest)
    away = np.linalg.norm(looks.tokens[members] - centres[largest], axis=1)
    nearest: dict[int, int] = {}  # the token next to the middle, of each image
    for member in members[away.argsort(kind="stable")].tolist():
        nearest.setdefault(looks.places[member][0], member)
    share = 100 * weights[largest] / weights.sum()
    crops = []
    for member in list(nearest.values())[:_CROPS]:
        index, row, column = looks.places[member]
        crop = _crop(*pictures[index], row, column)
        crops.append(Picture(crop, f"background that is taken for {name}"))
    return Strip(f"{name}: {share:.0f} % of its false positives on background look like this", tuple(crops))


def _crop(pixels: RGB, false: NDArray[np.bool_], row: float, column: float) -> bytes:
    """Return a square around a place of an image as a JPEG; all but the false pixels ``[H, W]`` is pale."""
    height, width = false.shape
    side = max(round(_SIDE * min(height, width)), 1)
    top, left = (
        min(max(round(middle * whole - side / 2), 0), whole - side)
        for middle, whole in ((row, height), (column, width))
    )
    place = slice(top, top + side), slice(left, left + side)
    paled = np.where(false[place][..., None], pixels[place], 255 * _PALE + (1 - _PALE) * pixels[place])
    crop = Image.fromarray(paled.astype(np.uint8)).resize((_PIXELS, _PIXELS), Image.Resampling.BILINEAR)
    buffer = io.BytesIO()
    crop.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
