"""What the formats in VOC's layout share: its folders, image sets and `labelmap.txt`."""

from collections.abc import Sequence

from seco.conversion.containers import Container
from seco.conversion.mask_set import Item, MaskSet
from seco.errors import SecoError
from seco.storage.label_map import IGNORE, palette
from seco.storage.plain_text import one_line
from seco.storage.regular import read_file

LABEL_MAP = "labelmap.txt"
_BACKGROUND, _IGNORED = "background", "ignored"


def require_ids(items: Sequence[Item]) -> None:
    """Raise a SecoError if an id cannot be a line of an image set."""
    for item in items:
        if one_line(item.id) != item.id or item.id.strip() != item.id:
            raise SecoError(
                f"the mask {str(item.mask)!r} has a name that cannot be a line of an image set, with a control sign or "
                "a space at an end: rename it and its photograph"
            )


def label_map(class_names: Sequence[str], *, has_ignored: bool = False) -> str:
    """Return the text of `labelmap.txt`: each class with its colour in VOC's palette.

    Args:
        class_names: in id order.
        has_ignored: whether masks hold 255, which then has the name "ignored".

    Raises:
        SecoError: a name cannot stand in a line of it.
    """
    for name in class_names:
        if ":" in name or name.startswith("#") or one_line(name) != name or name.strip() != name:
            raise SecoError(
                f"the class {name!r} cannot stand in {LABEL_MAP}, where a colon ends a name, # begins a comment and a "
                "name is a line: rename it, or choose a format of JSON files such as coco"
            )
        if name.lower() == _IGNORED:
            raise SecoError(f"the class {name!r} has the name that {LABEL_MAP} gives uncertain pixels (255): rename it")
    colours = palette()
    lines = ["# label:color_rgb:parts:actions"]
    for class_id, name in [*enumerate((_BACKGROUND, *class_names)), *([(IGNORE, _IGNORED)] if has_ignored else [])]:
        red, green, blue = colours[3 * class_id : 3 * class_id + 3]
        lines.append(f"{name}:{red},{green},{blue}::")
    return "".join(f"{line}\n" for line in lines)


def add_lists(container: Container, masks: MaskSet, *, names: Sequence[str]) -> None:
    """Add an image set for each of some splits; a single one gets all masks."""
    for name in names:
        chosen = [item.id for item in masks.items if len(names) == 1 or item.split == name]
        text = "".join(f"{image_id}\n" for image_id in chosen)
        container.add(f"ImageSets/Segmentation/{name}.txt", text.encode())


def add_photo(container: Container, item: Item) -> None:
    """Add the photograph of a mask, under the name of the mask; raises as `read_file`."""
    photo, _ = item.known_photo
    container.add(f"JPEGImages/{item.id}{photo.suffix}", read_file(photo))
