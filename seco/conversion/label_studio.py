"""Label Studio's tasks with predictions: a brush label for each class of an image, to be accepted or corrected.

```
tasks.json    to import
labels.xml    the labelling interface that the predictions belong to
```

Uncertain pixels (255) have no label.
"""

from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from seco.conversion.brush import encode_brush
from seco.conversion.coco import write_entry
from seco.conversion.convert import Options, Target
from seco.conversion.mask_set import Item, MaskSet
from seco.conversion.outlines import shown_classes
from seco.errors import SecoError
from seco.storage.label_map import palette
from seco.storage.masks import MaskArray
from seco.storage.plain_text import one_line

LOCAL_FILES = "/data/local-files/?d="
"""What precedes the paths of files that Label Studio serves from its own disk."""

_TAG, _IMAGE = "label", "image"  # names that connect the predictions with the interface
_NOTE = "note"  # a column of the list of tasks


def write_label_studio(masks: MaskSet, target: Target, options: Options) -> None:
    """Write the masks as tasks and a labelling interface; a `Writer`."""
    (target.path / "labels.xml").write_text(_interface(masks.class_names), encoding="utf-8")
    url = LOCAL_FILES if options.url is None else options.url

    def work(_item: Item, mask: MaskArray) -> list[dict[str, Any]]:
        return [_result(mask, class_id, masks.class_names[class_id - 1]) for class_id in shown_classes(mask)]

    with (target.path / "tasks.json").open("w", encoding="utf-8") as file:
        file.write("[")
        for number, (item, results) in enumerate(masks.each(work, target.progress)):
            _, file_name = item.known_photo
            predictions = [{"model_version": "SeCo", "result": results}]
            data = {_IMAGE: f"{url}{quote(file_name)}"} | ({_NOTE: item.note} if item.note else {})
            task = {"data": data, "predictions": predictions}
            write_entry(file, task, is_first=number == 0)
        file.write("]\n")


def _result(mask: MaskArray, class_id: int, name: str) -> dict[str, Any]:
    height, width = mask.shape
    return {
        "id": f"class-{class_id}",
        "type": "brushlabels",
        "from_name": _TAG,
        "to_name": _IMAGE,
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "value": {"format": "rle", "rle": encode_brush(mask == class_id), "brushlabels": [name]},
    }


def _interface(class_names: tuple[str, ...]) -> str:
    """Return the XML of the labelling interface.

    Raises:
        SecoError: a name has a sign that XML cannot hold.
    """
    colours, lines = palette(), []
    for class_id, name in enumerate(class_names, start=1):
        if one_line(name) != name:
            raise SecoError(
                f"the class {name!r} has a control sign, which the XML of Label Studio cannot hold: rename it"
            )
        colour = bytes(colours[3 * class_id : 3 * class_id + 3]).hex()
        lines.append(f'    <Label value={quoteattr(name)} background="#{colour}"/>')
    head = f'<View>\n  <Image name="{_IMAGE}" value="${_IMAGE}"/>\n  <BrushLabels name="{_TAG}" toName="{_IMAGE}">'
    return "\n".join([head, *lines, "  </BrushLabels>\n</View>\n"])
