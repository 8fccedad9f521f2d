"""labelme's JSON files, one for each photograph: a shape of type "mask" for each class, or polygons.

Uncertain pixels (255) are in no shape.
"""

import base64
import io
import json
import os
from pathlib import Path
from typing import Any

from PIL import Image

from seco.conversion.containers import Folder
from seco.conversion.convert import Options, Target
from seco.conversion.mask_set import Item, MaskSet
from seco.conversion.outlines import Box, Pixels, cut_out, polygons
from seco.storage.masks import MaskArray

_VERSION = "5.4.0"  # a release of labelme whose files hold masks: older ones do not know them


def write_labelme(masks: MaskSet, target: Target, options: Options) -> None:
    """Write the masks as labelme's files, which name the photographs by their paths from there; a `Writer`."""

    def work(item: Item, mask: MaskArray) -> bytes:
        shapes: list[dict[str, Any]] = []
        for class_id, box, pixels in cut_out(mask):
            name = masks.class_names[class_id - 1]
            if options.polygons:
                shapes.extend(_shape(name, "polygon", points=outline) for outline in polygons(pixels, box))
            else:
                shapes.append(_bitmap(name, box, pixels))
        photo, _ = item.known_photo
        # Steps up lead through the folders that are there, not through links to them.
        place = os.path.realpath((target.final / item.id).parent)
        content = {
            "version": _VERSION,
            "flags": {},
            "shapes": shapes,
            "imagePath": Path(os.path.relpath(photo.absolute(), place)).as_posix(),
            "imageData": None,
            "imageHeight": mask.shape[0],
            "imageWidth": mask.shape[1],
        }
        return (json.dumps(content, ensure_ascii=False) + "\n").encode()

    folder = Folder(target.path)
    for item, text in masks.each(work, target.progress):
        folder.add(f"{item.id}.json", text)


def _bitmap(name: str, box: Box, pixels: Pixels) -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    corners = [(box.left, box.top), (box.right - 1, box.bottom - 1)]  # the pixels in two corners, both inside
    return _shape(name, "mask", points=corners, mask=base64.b64encode(buffer.getvalue()).decode("ascii"))


def _shape(name: str, kind: str, **values: Any) -> dict[str, Any]:
    return {"label": name, "group_id": None, "description": "", "shape_type": kind, "flags": {}, "mask": None, **values}
