"""Results in COCO's form: a list of segmentations with their scores, one for each class of an image.

The score is 1, as masks have none. Images and categories are numbered as `coco` numbers them, or as an annotation file
does, whose images are found by their file names and whose categories by their names.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec

from seco.conversion.coco import Annotation, write_entry
from seco.conversion.convert import Options, Target
from seco.conversion.mask_set import Item, MaskSet
from seco.conversion.outlines import run_lengths, shown_classes
from seco.errors import SecoError, did_you_mean
from seco.storage.masks import MaskArray
from seco.storage.regular import read_file


class _Image(msgspec.Struct):
    id: int | str
    file_name: str
    width: int | None = None
    height: int | None = None


class _Category(msgspec.Struct):
    id: int
    name: str


class _File(msgspec.Struct):
    images: list[_Image]
    categories: list[_Category]


class _Numbers(NamedTuple):
    """Image by id of a mask, and category by class id."""

    images: dict[str, _Image]
    categories: dict[int, int]


def write_results(masks: MaskSet, target: Target, options: Options) -> None:
    """Write the masks as a JSON list of results; a `Writer`."""
    path = options.coco_images
    numbers = _own_numbers(masks) if path is None else _numbers_of(path, masks)

    def work(item: Item, mask: MaskArray) -> list[Annotation]:
        image = numbers.images[item.id]
        if None not in (image.width, image.height) and (image.height, image.width) != mask.shape:
            height, width = mask.shape
            raise SecoError(
                f"{item.mask} is {width}x{height} pixels but {path} lists its image {image.file_name!r} with "
                f"{image.width}x{image.height} (width x height): make them agree"
            )
        return [
            {
                "image_id": image.id,
                "category_id": numbers.categories[class_id],
                "segmentation": run_lengths(mask, class_id),
                "score": 1.0,
            }
            for class_id in shown_classes(mask)
        ]

    is_first = True
    with target.path.open("w", encoding="utf-8") as file:
        file.write("[")
        for _, results in masks.each(work, target.progress):
            for result in results:
                write_entry(file, result, is_first=is_first)
                is_first = False
        file.write("]\n")


def _own_numbers(masks: MaskSet) -> _Numbers:
    images = {item.id: _Image(number, item.id) for number, item in enumerate(masks.items, start=1)}
    return _Numbers(images, {class_id: class_id for class_id in range(1, len(masks.class_names) + 1)})


def _numbers_of(path: Path, masks: MaskSet) -> _Numbers:
    """Find images and categories in an annotation file.

    Raises:
        SecoError: the file cannot be read, or does not have one.
    """
    content = _read(path)
    by_name = {category.name: category.id for category in content.categories}
    categories: dict[int, int] = {}
    for class_id, name in enumerate(masks.class_names, start=1):
        if name not in by_name:
            raise SecoError(f"{path} has no category {name!r}: {did_you_mean(name, list(by_name))}")
        categories[class_id] = by_name[name]
    whole: dict[str, _Image] = {}
    last: dict[str, list[_Image]] = {}
    for image in content.images:
        name = _path_of(image)
        if not name.name:
            raise SecoError(f"{path}: the image {image.id!r} has no file_name: export it again")
        whole[str(name)] = image
        last.setdefault(name.name, []).append(image)
    images: dict[str, _Image] = {}
    for item in masks.items:
        alike = [whole[item.id]] if item.id in whole else _of_one_name(item.id, last)
        if len(alike) != 1:
            found = f"{len(alike)} images" if alike else "no image"
            raise SecoError(f"{path} has {found} of the name of {item.mask}: correct --coco-images, or rename the mask")
        images[item.id] = alike[0]
    _require_distinct(path, masks, images)
    return _Numbers(images, categories)


def _of_one_name(item_id: str, last: Mapping[str, Sequence[_Image]]) -> list[_Image]:
    """Return the images that an id means: those whose path ends like it, or as whose path it ends."""
    own = PurePosixPath(item_id)
    alike = ((image, _path_of(image)) for image in last.get(own.name, ()))
    return [image for image, path in alike if _ends_with(own, path) or _ends_with(path, own)]


def _path_of(image: _Image) -> PurePosixPath:
    """Return the path of an image without its suffix; the empty path where it has no name."""
    path = PurePosixPath(image.file_name.replace("\\", "/"))
    return path.with_suffix("") if path.name else path


def _ends_with(path: PurePosixPath, end: PurePosixPath) -> bool:
    return path.parts[-len(end.parts) :] == end.parts


def _require_distinct(path: Path, masks: MaskSet, images: dict[str, _Image]) -> None:
    taken: dict[int | str, Item] = {}
    for item in masks.items:
        image = images[item.id]
        other = taken.setdefault(image.id, item)
        if other is not item:
            raise SecoError(
                f"{other.mask} and {item.mask} are masks of one image of {path}, {image.file_name!r}: remove one"
            )


def _read(path: Path) -> _File:
    try:
        return msgspec.json.decode(read_file(path), type=_File)
    except FileNotFoundError as error:
        raise SecoError(f"the file {path} does not exist: correct --coco-images") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SecoError(
            f"{path} is no JSON file of images and categories in COCO's form ({error}): export it again"
        ) from error
