"""The layout of PASCAL VOC: image sets, photographs, masks and annotations below one folder.

```
ImageSets/Segmentation/<list>.txt    one image id a line
JPEGImages/<id>.jpg
SegmentationClassAug/<id>.png        or SegmentationClass/<id>.png; may be absent
Annotations/<id>.xml                 object names: the image's labels; without the folder, labels are read from masks
SBD/cls/<id>.mat                     or benchmark_RELEASE/dataset/cls: the images of SBD (Hariharan et al., 2011)
```
"""

from pathlib import Path

from seco.data.class_sets import VOC
from seco.data.listing import ListedImage, Listing, ReaderInput
from seco.data.problems import Problem
from seco.data.readers.paths import names_in
from seco.data.readers.voc_tree import Entry, VocTree
from seco.data.readers.voc_xml import Object, read_objects
from seco.errors import SecoError
from seco.storage.manifest import TRAIN

MASK_FOLDERS = ("SegmentationClassAug", "SegmentationClass")
_SBD_FOLDERS = (Path("SBD") / "cls", Path("benchmark_RELEASE") / "dataset" / "cls")
_ANNOTATIONS = "Annotations"
_AUGMENTED = "train_aug"


def read_voc(data: ReaderInput) -> Listing:
    """List the images of a VOC tree, split by split in the order of their image sets.

    Args:
        data: `root` is the folder that holds JPEGImages (`VOCdevkit/VOC2012`), or a folder above it; `places` names
            the image set of each split ("train" → "train_aug"). Where the list of train_aug is missing and SBD is
            there, train_aug is VOC's train and SBD without VOC's val. Without `difficult`, an image of "train" with
            difficult objects only is left out.

    Raises:
        SecoError: a list is missing, empty or no text, or a folder cannot be read.
    """
    tree = VocTree(data.root, mask_folders=MASK_FOLDERS)
    listing, is_annotated = Listing(), tree.has(_ANNOTATIONS)
    for split, name in data.places.items():
        for entry in _image_set(tree, name):
            file = tree.root
            labels = None
            try:
                image = tree.image(entry)
                file = tree.file(f"{image.id}.xml", folder=_ANNOTATIONS)
                if is_annotated or image.mask is None:
                    objects = _objects(file, is_needed=split == TRAIN or image.mask is not None)
                    labels = tuple(sorted({item.name for item in objects if data.difficult or not item.is_difficult}))
                    if objects and not labels and split == TRAIN:
                        listing.unlabelled[split] += 1
                        continue
                listing.images.append(ListedImage(image.id, image.path, entry.where, labels, split, image.mask))
            except SecoError as error:
                listing.problems.append(Problem(file, f"{entry.where}: {error}"))
    labels = {label for image in listing.images for label in image.labels or ()}
    if labels and labels <= set(VOC):
        listing.class_names.extend(VOC)
    tree.finder.settle(listing)
    return listing


def _objects(annotation: Path, *, is_needed: bool) -> list[Object]:
    """Return the objects of an image: none where its annotation is neither needed nor there, as in VOC's test set."""
    try:
        return read_objects(annotation)
    except FileNotFoundError as error:
        if not is_needed:
            return []
        raise SecoError(f"{annotation} does not exist, so {annotation.stem!r} has no label: restore it") from error


def _image_set(tree: VocTree, name: str) -> list[Entry]:
    if name == _AUGMENTED and tree.list_file(name) is None:
        return _train_aug_from_sbd(tree) or tree.entries(name)
    return tree.entries(name)


def _train_aug_from_sbd(tree: VocTree) -> list[Entry]:
    """Return VOC's train and what SBD adds to it, without VOC's val; nothing where SBD is not there."""
    for folder in _SBD_FOLDERS:
        names = [Path(name).stem for name in names_in(tree.root / folder) if name.endswith(".mat")]
        if names:
            train, val = tree.entries("train"), tree.entries("val")
            known = {entry.image for entry in (*train, *val)}
            return train + [Entry(name, None, str(tree.root / folder)) for name in names if name not in known]
    return []
