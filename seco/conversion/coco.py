"""A data set in COCO's form: one annotation for each class of an image, as masks of classes know no objects.

Images are numbered from 1 in the order of the masks, categories are the class ids. Outlines are compressed run lengths,
or polygons. Uncertain pixels (255) are in no annotation.
"""

import json
from itertools import chain
from typing import IO, Any

from seco.conversion.convert import Options, Target
from seco.conversion.mask_set import Item, MaskSet
from seco.conversion.outlines import cut_out, polygons, run_lengths
from seco.storage.masks import MaskArray

Annotation = dict[str, Any]


def write_coco(masks: MaskSet, target: Target, options: Options) -> None:
    """Write the masks as a JSON file of images, annotations and categories; a `Writer`."""

    def work(_item: Item, mask: MaskArray) -> tuple[tuple[int, ...], list[Annotation]]:
        return mask.shape, _annotations(mask, as_polygons=options.polygons)

    images: list[dict[str, Any]] = []
    count = 0
    with target.path.open("w", encoding="utf-8") as file:
        file.write('{"info": {"description": "Masks by SeCo"},\n"annotations": [')
        for number, (item, (shape, annotations)) in enumerate(masks.each(work, target.progress), start=1):
            _, file_name = item.known_photo
            images.append({"id": number, "file_name": file_name, "width": shape[1], "height": shape[0]})
            for annotation in annotations:
                write_entry(file, {"id": count + 1, "image_id": number, **annotation}, is_first=count == 0)
                count += 1
        categories = [{"id": number, "name": name} for number, name in enumerate(masks.class_names, start=1)]
        file.write(f'],\n"images": {_dump(images)},\n"categories": {_dump(categories)}}}\n')


def write_entry(file: IO[str], entry: Annotation, *, is_first: bool) -> None:
    """Write an entry of a JSON list on a line of its own."""
    file.write(("\n" if is_first else ",\n") + _dump(entry))


def _annotations(mask: MaskArray, *, as_polygons: bool) -> list[Annotation]:
    """Return what the annotations of a mask hold, apart from their ids; boxes are (left, top, width, height)."""
    found: list[Annotation] = []
    for class_id, box, pixels in cut_out(mask):
        outline = run_lengths(mask, class_id)
        if as_polygons:
            outline = [list(chain.from_iterable(points)) for points in polygons(pixels, box)]
        entry = {
            "category_id": class_id,
            "segmentation": outline,
            "area": int(pixels.sum()),
            "bbox": [box.left, box.top, box.right - box.left, box.bottom - box.top],
            "iscrowd": 0,
        }
        found.append(entry)
    return found


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
