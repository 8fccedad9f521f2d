"""Finds the masks of a folder, with the classes and photographs of a project's manifest or of the command line."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from seco.conversion.mask_set import Item, MaskSet
from seco.data.readers.finder import PHOTOGRAPHS, FileFinder
from seco.data.readers.walk import files_below
from seco.errors import SecoError
from seco.storage.images import read_any_image
from seco.storage.manifest import Manifest, Record
from seco.storage.names import BACKGROUND_NAME, file_parts

DEFAULT_SPLIT = "default"
"""Of masks whose splits are not known; what CVAT calls it too."""


def masks_of_manifest(folder: Path, manifest: Manifest, *, with_corrections: bool = True) -> MaskSet:
    """Return the masks in a folder of the images of a manifest, sorted by their ids within each split.

    The folder may hold the masks of some splits only, but each of them in full.

    Args:
        folder: holds `<id>.png`.
        manifest: the images and classes.
        with_corrections: corrected masks take the place of those in the folder.

    Raises:
        SecoError: the folder has no mask, lacks one, or has one of an image that the manifest does not list.
    """
    masks, records = _masks_in(folder, manifest.class_names), {record.id: record for record in manifest.records}
    strange = [path for image_id, path in masks.items() if image_id not in records]
    if strange:
        raise SecoError(
            f"{strange[0]} is the mask of no image of the manifest ({len(strange)} of {len(masks)} masks are not): "
            "name the folder that a stage wrote, or give --classes and --images"
        )
    splits = {records[image_id].split for image_id in masks}
    chosen = [record for record in manifest.records if record.split in splits]
    missing = [record for record in chosen if record.id not in masks]
    if missing:
        raise SecoError(
            f"{folder} has no mask of {missing[0].id!r} ({len(missing)} of {len(chosen)} images of the splits "
            f"{', '.join(sorted(splits))} have none): run the stage again, or give --classes and --images"
        )
    rank = {split: place for place, split in enumerate(manifest.splits)}
    ordered = sorted(chosen, key=lambda record: (rank[record.split], record.id))
    corrected = {record.id: record.corrected for record in ordered if with_corrections and record.corrected}
    return masks_of_records([(each, corrected.get(each.id, masks[each.id]), "") for each in ordered], manifest)


def masks_of_records(chosen: Sequence[tuple[Record, Path, str]], manifest: Manifest) -> MaskSet:
    """Return some masks of a manifest, with a note on each, in the order given."""
    base = _common_folder([record.image for record in manifest.records])
    items = [
        Item(
            id=record.id,
            mask=mask,
            photo=record.image,
            file_name=Path(os.path.relpath(record.image, base)).as_posix(),
            size=(record.width, record.height),
            split=record.split,
            note=note,
        )
        for record, mask, note in chosen
    ]
    corrected = sum(mask == record.corrected for record, mask, _ in chosen)
    return MaskSet(items, manifest.class_names, base, corrected=corrected)


def masks_of_folders(folder: Path, class_names: Sequence[str], *, images: Path | None) -> MaskSet:
    """Return all masks in a folder, sorted by their ids.

    Args:
        folder: holds PNGs, also in sub-folders.
        class_names: the classes in id order.
        images: holds photographs of the same names, with any suffix; None where they are not needed.

    Raises:
        SecoError: a folder cannot be read, there is no mask, or a mask has no photograph.
    """
    masks = _masks_in(folder, class_names)
    if images is None:
        return MaskSet(
            [Item(name, path, None, None, None, DEFAULT_SPLIT) for name, path in masks.items()], class_names, None
        )
    if not images.is_dir():
        raise SecoError(f"the folder of photographs {images} does not exist: correct --images")
    finder, items = FileFinder(images), []
    for name, path in masks.items():
        photo = find_photo(finder, name, images)
        items.append(Item(name, path, photo, photo.relative_to(images).as_posix(), None, DEFAULT_SPLIT))
    shared = Counter(item.photo for item in items).most_common(1)[0]
    if shared[1] > 1:
        both = " and ".join(str(item.mask) for item in items if item.photo == shared[0])
        raise SecoError(f"{both} can only be masks of the one photograph {shared[0]}: rename the masks")
    return MaskSet(items, class_names, images)


def find_photo(finder: FileFinder, name: str, images: Path) -> Path:
    """Return the photograph of an id in a folder; raises a SecoError if there is none."""
    # An id keeps the suffix of its photograph where two photographs differ in nothing else.
    found = finder.look(name) if Path(name).suffix.lower() in PHOTOGRAPHS else None
    return found or finder.find(f"{name}.jpg", remedy=f"put the photograph into {images}, or take its result away")


def _masks_in(folder: Path, class_names: Sequence[str]) -> dict[str, Path]:
    """Return id → path of the PNGs in a folder, sorted by id, without probabilities that `seco predict` wrote."""
    if not folder.is_dir():
        raise SecoError(
            f"the folder of masks {folder} does not exist: name one that `seco refine` or another stage wrote"
        )
    files = files_below(folder, suffixes=(".png",))
    if not files:
        raise SecoError(f"{folder} holds no mask (*.png): name a folder of masks")
    masks: dict[str, Path] = {}
    for path in files:
        name = path.relative_to(folder).with_suffix("").as_posix()
        if name in masks:
            raise SecoError(f"{masks[name]} and {path} are masks of one name: rename one of them")
        masks[name] = path
    parts = file_parts((BACKGROUND_NAME, *class_names))

    def is_probability(name: str, path: Path) -> bool:
        image_id, _, part = name.rpartition(".")
        return image_id in masks and part in parts and read_any_image(path, decode=False).mode == "I;16"

    return {name: path for name, path in sorted(masks.items()) if not is_probability(name, path)}


def _common_folder(photos: Sequence[Path]) -> Path:
    """Return the lowest folder that holds all photographs, in the spelling of the first."""
    parents = {photo.parent for photo in photos}
    if len(parents) == 1:
        return parents.pop()
    absolute = Path(os.path.commonpath({str(parent.absolute()) for parent in parents}))
    return next(folder for folder in photos[0].parents if folder.absolute() == absolute)
