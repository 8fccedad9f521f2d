"""The archive that PASCAL VOC's test server takes: `results/VOC2012/Segmentation/comp6_test_cls/<id>.png`.

comp6 is the competition in which other data than VOC's may be used, such as pretrained weights.
"""

from collections import Counter
from pathlib import Path

from seco.conversion.containers import open_tar, open_zip
from seco.conversion.convert import Options, Target
from seco.conversion.mask_set import Item, MaskSet
from seco.data.class_sets import VOC
from seco.errors import SecoError
from seco.storage.label_map import IGNORE
from seco.storage.masks import MaskArray, encode_mask
from seco.storage.regular import read_file

_FOLDER = "results/VOC2012/Segmentation/comp6_test_cls"


def write_voc_test(masks: MaskSet, target: Target, options: Options) -> None:
    """Write the masks as the archive; a `Writer`. The list of ids is `ImageSets/Segmentation/test.txt` of VOC 2012."""
    if options.ids is None:
        raise SecoError(
            "the format voc-test needs the list of the test images: give --ids ImageSets/Segmentation/test.txt"
        )
    _require_voc(masks)
    _require_listed(masks, options.ids)
    opened = open_zip if target.final.suffix.lower() == ".zip" else open_tar
    with opened(target.path) as archive:
        for item, png in masks.each(_encode, target.progress):
            archive.add(f"{_FOLDER}/{item.id}.png", png)


def _encode(item: Item, mask: MaskArray) -> bytes:
    if (mask == IGNORE).any():
        raise SecoError(
            f"the mask {item.mask} holds {IGNORE} (uncertain), which the test server does not take: give each pixel a "
            "class, as `seco predict` does"
        )
    return encode_mask(mask)


def _require_voc(masks: MaskSet) -> None:
    if masks.class_names == VOC:
        return
    for class_id, name in enumerate(masks.class_names, start=1):
        wanted = VOC[class_id - 1] if class_id <= len(VOC) else "no class"
        if name != wanted:
            raise SecoError(
                f"the class {class_id} is {name!r}, but the test server takes VOC's 20 classes in their order, where "
                f"it is {wanted}: convert the masks of a model that was trained on them"
            )
    raise SecoError(f"there are {len(masks.class_names)} classes, but the test server takes VOC's 20")


def _require_listed(masks: MaskSet, path: Path) -> None:
    try:
        lines = read_file(path).decode("utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise SecoError(f"the list {path} does not exist: correct --ids") from error
    except UnicodeDecodeError as error:
        raise SecoError(f"the list {path} cannot be read ({error}): save it as UTF-8 text") from error
    listed = Counter(line.strip() for line in lines if line.strip())
    if not listed:
        raise SecoError(f"the list {path} names no image: write one id a line")
    there = {item.id: item.mask for item in masks.items}
    missing, more = [image_id for image_id in listed if image_id not in there], sorted(there.keys() - listed.keys())
    if missing:
        raise SecoError(
            f"there is no mask of {missing[0]!r}, which {path} lists ({len(missing)} of {len(listed)} images have none)"
            ": make the masks of all of them"
        )
    if more:
        raise SecoError(
            f"{there[more[0]]} is the mask of an image that {path} does not list ({len(more)} masks are not listed): "
            "take them away, or correct --ids"
        )
