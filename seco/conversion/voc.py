"""PASCAL VOC's layout: masks in VOC's colours, an image set for each split, and the colours of the classes.

```
SegmentationClass/<id>.png            values 0..K and 255
ImageSets/Segmentation/<split>.txt    one id a line
labelmap.txt                          a class and its colour a line
JPEGImages/<id>.jpg                   with `with_images`
```
"""

from seco.conversion.containers import Folder
from seco.conversion.convert import Options, Target
from seco.conversion.mask_set import MaskSet
from seco.conversion.voc_tree import LABEL_MAP, add_lists, add_photo, label_map, require_ids
from seco.storage.masks import encode_mask


def write_voc(masks: MaskSet, target: Target, options: Options) -> None:
    """Write the masks as a VOC tree; a `Writer`."""
    require_ids(masks.items)
    tree = Folder(target.path)
    label_map(masks.class_names)  # refuses names at once
    add_lists(tree, masks, names=masks.splits)
    for item, png in masks.each(lambda _, mask: encode_mask(mask), target.progress):
        tree.add(f"SegmentationClass/{item.id}.png", png)
        if options.with_images:
            add_photo(tree, item)
    tree.add(LABEL_MAP, label_map(masks.class_names, has_ignored=masks.uncertain > 0).encode())
