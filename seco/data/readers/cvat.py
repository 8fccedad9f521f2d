"""CVAT's export "Segmentation mask 1.1": VOC's folders with masks of colours, and a file that names the colours.

```
labelmap.txt                         # label:color_rgb:parts:actions, then lines such as cat:250,50,83::
ImageSets/Segmentation/<list>.txt    one image id a line
JPEGImages/<id>.jpg
SegmentationClass/<id>.png           masks of colours; the labels of an image are the classes that its mask shows
```

The name "ignored" of VOC's colour for 255, which Datumaro writes for VOC's masks, stands for uncertain pixels.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from seco.data.listing import Colours, Legend, ListedImage, Listing, ReaderInput
from seco.data.problems import Problem
from seco.data.readers.folders import split_of
from seco.data.readers.voc_tree import VocTree
from seco.errors import SecoError
from seco.storage.label_map import IGNORE, packed, palette
from seco.storage.manifest import TRAIN
from seco.storage.regular import read_file

LABEL_MAP = "labelmap.txt"
MASKS = "SegmentationClass"
_BACKGROUND = "background"
_UNNAMED = packed(0, 0, 0)  # of background, where the file does not name it
_IGNORED = (packed(*palette()[3 * IGNORE :]), "ignored")


def read_cvat(data: ReaderInput) -> Listing:
    """List the images of such an export.

    Args:
        data: `places` names the image set of each split; under None, the sets called train, val and test (or, as CVAT
            does, Train, Validation and Test) become splits, and the images of others are without a split.

    Raises:
        SecoError: labelmap.txt or a list is missing or of another form.
    """
    tree = VocTree(data.root, mask_folders=(MASKS,))
    names = read_label_map(tree.root / LABEL_MAP)
    background, ignored, classes = colour_classes(names)
    listing = Listing(class_names=list(dict.fromkeys(classes.values())))
    places: Mapping[str | None, str] = data.places
    if None in places:
        places = {split_of(name): name for name in tree.list_names()}
    for split, name in places.items():
        for entry in tree.entries(name):
            file = tree.root
            try:
                image = tree.image(entry)
                file = image.path
                if image.mask is None and split in (None, TRAIN):
                    raise SecoError(f"the mask {tree.root / MASKS / image.id}.png does not exist: restore it")
            except SecoError as error:
                listing.problems.append(Problem(file, f"{entry.where}: {error}"))
                continue
            colours = None
            if image.mask is not None:
                legend = Legend(tree.root / LABEL_MAP, classes, _digest(names, image.mask))
                colours = Colours(legend, image.mask, background, ignored)
            labels = None if colours else ()
            listing.images.append(ListedImage(image.id, image.path, entry.where, labels, split, colours=colours))
    tree.finder.settle(listing)
    return listing


def read_label_map(path: Path) -> Mapping[int, str]:
    """Return packed colour → name.

    Raises:
        SecoError: the file is missing or has a line of another form.
    """
    try:
        lines = read_file(path).decode("utf-8-sig").splitlines()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise SecoError(f"{path} cannot be read ({error}): export the data again") from error
    names: dict[int, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, *cells = line.split(":")
        values = cells[0].split(",") if cells else []
        if len(values) != 3 or not all(value.strip().isdecimal() and int(value[:9]) < 256 for value in values):
            raise SecoError(f"{path}, line {number}: {line!r} is not of the form name:red,green,blue::")
        names[packed(*map(int, values))] = name.strip()
    return names


def colour_classes(names: Mapping[int, str]) -> tuple[list[int], list[int], dict[int, str]]:
    """Return, of packed colour → name, the colours of background and of uncertain pixels, and those of classes."""
    background = [colour for colour, name in names.items() if name.lower() == _BACKGROUND] or [_UNNAMED]
    ignored = [colour for colour, name in names.items() if (colour, name.lower()) == _IGNORED]
    classes = {colour: name for colour, name in names.items() if colour not in (*background, *ignored)}
    return background, ignored, classes


def _digest(names: Mapping[int, str], mask: Path) -> str:
    stat = mask.stat()
    facts = (sorted(names.items()), str(mask), stat.st_size, stat.st_mtime_ns, stat.st_ino)
    return hashlib.sha256(repr(facts).encode("utf-8", "backslashreplace")).hexdigest()
