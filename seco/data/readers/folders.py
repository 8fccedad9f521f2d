"""A folder for each class: `<class>/<any sub-folders>/<name>.jpg`, perhaps below folders `train`, `val` and `test`."""

import re
from collections.abc import Mapping
from pathlib import Path

from seco.data.listing import ListedImage, Listing, ReaderInput
from seco.data.problems import Problem
from seco.data.readers.finder import PHOTOGRAPHS
from seco.data.readers.paths import names_in, path_below
from seco.data.readers.walk import walk
from seco.errors import SecoError
from seco.storage.manifest import TRAIN

_SPLITS = {"train": TRAIN, "val": "val", "test": "test"}
_SPLITS |= {"training": TRAIN, "valid": "val", "validation": "val", "testing": "test"}
_NO_CLASSES = {
    "annotations", "annotation", "gt", "ground_truth", "groundtruth", "images", "img", "imgs", "jpegimages", "labels",
    "masks", "mask", "photos", "segmentationclass",
}  # fmt: skip
_UNREADABLE = {".arw", ".avif", ".cr2", ".dng", ".heic", ".heif", ".jp2", ".jxl", ".nef", ".psd"}
_NONE = "none"


def read_folders(data: ReaderInput) -> Listing:
    """List the images below class folders; other files are ignored.

    Images in a folder called "none" show none of the classes. Images of other splits than "train" may lie outside class
    folders: they have no label then.

    Args:
        data: `places` names for each split the folder that holds the class folders. Under None it may hold folders
            called train, val and test, which hold the class folders.

    Raises:
        SecoError: there is no such folder, or its folders are no classes.
    """
    listing = Listing()
    for split, name in data.places.items():
        folder = path_below(data.root, name, outside_root=False)
        if not folder.is_dir():
            raise SecoError(f"{folder} is no folder: correct prepare.root or prepare.lists")
        if split is not None:
            _add_folder(listing, folder, split)
            continue
        splits = split_folders(folder)
        for name_of_split, of_split in (splits or {"": None}).items():
            _add_folder(listing, folder / name_of_split, of_split)
        if splits:
            listing.notes.append(f"{folder}: the folders {', '.join(splits)} were read as splits")
    return listing


def split_of(name: str) -> str | None:
    """Return the split that a name such as Validation, test_set or train2014 stands for; None for other names."""
    letters = re.sub("[^a-z]", "", name.lower())
    return _SPLITS.get(letters.removesuffix("set").removesuffix("data"))


def split_folders(folder: Path) -> Mapping[str, str]:
    """Return name → split of the folders in a folder if all of them are called like splits, one of them train."""
    names = [name for name in names_in(folder) if not name.startswith(".") and (folder / name).is_dir()]
    splits = {name: split for name in names if (split := split_of(name))}
    return splits if len(splits) == len(names) and TRAIN in splits.values() else {}


def _add_folder(listing: Listing, folder: Path, split: str | None) -> None:
    _refuse_other_folders(folder)
    for path in walk(folder, listing.problems):
        suffix = path.suffix.lower()
        label, *rest = path.relative_to(folder).parts
        if suffix in _UNREADABLE:
            fault = f"{path}: {suffix} files cannot be read: convert it to JPEG or PNG, or move it elsewhere"
            listing.problems.append(Problem(path, fault))
        elif suffix in PHOTOGRAPHS and not rest and split in (None, TRAIN):
            fault = f"{path} lies in no class folder: move it into {folder / '<class>'}"
            listing.problems.append(Problem(path, fault))
        elif suffix in PHOTOGRAPHS:
            labels = (label,) if rest and label.lower() != _NONE else ()
            listing.images.append(ListedImage(None, path, str(path), labels, split))


def _refuse_other_folders(folder: Path) -> None:
    """Refuse class folders that are called like splits or masks; a single "train" may be the vehicle.

    Raises:
        SecoError: there is one.
    """
    names = [name for name in names_in(folder) if (folder / name).is_dir()]
    splits = [name for name in names if split_of(name)]
    others = [name for name in names if name.lower() in _NO_CLASSES]
    if others or (splits and splits != ["train"]):
        raise SecoError(
            f"{folder} holds {', '.join(others or splits)}, which would be read as classes: set prepare.root to the "
            "folder of the class folders, name that of each split in prepare.lists, or choose another prepare.format"
        )
