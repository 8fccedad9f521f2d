"""The door for data of every format: what it lists, as images with ids, labels and splits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from seco.data.candidates import Reading
from seco.data.class_sets import class_names
from seco.data.readers.coco import read_coco, read_json
from seco.data.readers.folders import read_folders
from seco.data.readers.table import read_tables
from seco.data.readers.voc import read_voc
from seco.data.sifting import found_classes, sift
from seco.data.splitting import make_splits
from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback


def read_dataset(
    root: Path,
    *,
    data_format: str,
    classes: str | Sequence[str] | None,
    lists: Mapping[str, str] | None,
    source: str | None = None,
    difficult: bool = True,
    validation_share: float | None = None,
    split_seed: int = 0,
    outside_root: bool = False,
    progress: ProgressCallback | None = None,
) -> Reading:
    """List the images of a data set; none of them is opened.

    Args:
        root: its folder.
        data_format: "voc", "coco", "csv", "json" or "folders".
        classes: the name of a class set, the class names in id order, or None for those that the data has.
        lists: split → where the data has it: an image set ("voc", "coco"), a file ("csv", "json") or a folder
            ("folders") below `root`.
        source: without lists, the one file ("csv", "json").
        difficult: of "voc", whether objects marked as difficult count.
        validation_share: share of the images for the split "val", where the data has no splits; None: all are "train".
        split_seed: decides which.
        outside_root: of "csv" and "json", whether paths may lead out of `root`.
        progress: called with (done, total) in MB of JSON.

    Returns:
        The images, with all problems of the lists; `class_names` are those of the data set.

    Raises:
        SecoError: the folder, or a list as a whole, cannot be used.
    """
    if not root.is_dir():
        raise SecoError(f"the data folder {root} does not exist: put the data set there or link it")
    places: dict[str | None, str] = {**lists} if lists is not None else {None: source or "."}
    if data_format == "voc":
        reading = read_voc(root, lists=lists or {}, difficult=difficult)
    elif data_format == "coco":
        reading = read_coco(root, lists=lists or {}, progress=progress)
    elif data_format == "csv":
        reading = read_tables(root, places, outside_root=outside_root)
    elif data_format == "json":
        reading = read_json(root, places, outside_root=outside_root, progress=progress)
    else:
        reading = read_folders(root, places)
    names = found_classes(reading) if classes is None else class_names(classes)
    sifted = sift(reading, class_names=names)
    return replace(sifted, candidates=make_splits(sifted.candidates, share=validation_share, seed=split_seed))
