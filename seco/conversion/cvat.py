"""CVAT's archive "Segmentation mask 1.1": masks of classes and of objects in colours, and the colours of the classes.

```
labelmap.txt
ImageSets/Segmentation/default.txt
SegmentationClass/<id>.png
SegmentationObject/<id>.png           the object of a class is all of its pixels: masks of classes know no others
JPEGImages/<id>.jpg                   with `with_images`
```

CVAT has no value for uncertain pixels (255): they become background.
"""

import numpy as np

from seco.conversion.containers import open_zip
from seco.conversion.convert import Options, Target
from seco.conversion.mask_set import Item, MaskSet
from seco.conversion.outlines import shown_classes
from seco.conversion.sources import DEFAULT_SPLIT
from seco.conversion.voc_tree import LABEL_MAP, add_lists, add_photo, label_map, require_ids
from seco.storage.label_map import BACKGROUND, IGNORE
from seco.storage.masks import MaskArray, encode_mask


def write_cvat(masks: MaskSet, target: Target, options: Options) -> None:
    """Write the masks as CVAT's archive; a `Writer`."""
    require_ids(masks.items)
    with open_zip(target.path) as archive:
        archive.add(LABEL_MAP, label_map(masks.class_names).encode())
        add_lists(archive, masks, names=(DEFAULT_SPLIT,))
        for item, (classes, objects) in masks.each(_encode, target.progress):
            archive.add(f"SegmentationClass/{item.id}.png", classes)
            archive.add(f"SegmentationObject/{item.id}.png", objects)
            if options.with_images:
                add_photo(archive, item)


def _encode(_item: Item, mask: MaskArray) -> tuple[bytes, bytes]:
    """Return the PNGs of classes and of objects, which are numbered 1, 2, … in the order of the classes shown."""
    classes = np.where(mask == IGNORE, BACKGROUND, mask).astype(np.uint8)
    numbers = np.zeros(256, np.uint8)
    shown = shown_classes(classes)
    numbers[shown] = np.arange(1, len(shown) + 1)
    return encode_mask(classes), encode_mask(numbers[classes])
