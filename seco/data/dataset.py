"""Lists the images of a data set of any format, with ids, labels in class order, and splits."""

import os
import pkgutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from seco.data.class_sets import CLASS_SETS
from seco.data.entries import join
from seco.data.formats import FORMATS
from seco.data.listing import ListedImage, Listing, ReaderInput
from seco.data.problems import Problem
from seco.data.splits import make_splits
from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback
from seco.storage.label_map import IGNORE
from seco.storage.names import RESULT_SUFFIXES, class_fault


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
) -> Listing:
    """List the images of a data set; none of them is opened.

    Args:
        root: its folder.
        data_format: a key of `FORMATS`.
        classes: a key of `CLASS_SETS`, the class names in id order, or None for those that the data has.
        lists: split → image set, file or folder below `root`; None where a split is to be made.
        source: without lists, the one file below `root`; None: `root` itself.
        difficult: whether objects marked as difficult count as labels.
        validation_share: share of the images for the split "val", where the data has no splits; None: all are "train".
        split_seed: decides which.
        outside_root: whether paths may lead out of `root`.
        progress: called with (done, total) while a long list is read.

    Returns:
        The sound images, and the problems of the others; `class_names` are those of the whole data set.

    Raises:
        SecoError: the folder, or a list as a whole, cannot be used.
    """
    if not root.is_dir():
        raise SecoError(f"the data folder {root} does not exist: put the data set there or link it")
    places: dict[str | None, str] = {None: source or "."} if lists is None else {**lists}
    read = pkgutil.resolve_name(FORMATS[data_format].reader)
    listing: Listing = read(ReaderInput(root, places, difficult, outside_root, progress))
    if not listing.images and not listing.problems:
        raise SecoError(f"{root} holds no image of the format {data_format}: correct prepare.root, format or lists")
    if classes is None:
        classes = find_classes(listing)
    names = CLASS_SETS[classes] if isinstance(classes, str) else classes
    listing = with_ids_and_labels(listing, class_names=names)
    return replace(listing, images=make_splits(listing.images, share=validation_share, seed=split_seed))


def find_classes(listing: Listing) -> tuple[str, ...]:
    """Return the classes of a data set whose settings name none: in its own order, or else in alphabetical order.

    Of spellings that differ in case only the most frequent one is a class.

    Raises:
        SecoError: there are masks, whose values need an order that only the user knows.
    """
    if listing.class_names:
        return tuple(listing.class_names)
    masked = next((image for image in listing.images if image.mask is not None), None)
    if masked is not None:
        raise SecoError(
            f"{masked.where} names the mask {masked.mask}, and nothing says which value is which class: "
            "set prepare.classes to the names of the classes, that of value 1 first"
        )
    counts = Counter(label for image in listing.images for label in image.labels or ())
    spellings = {name.casefold(): name for name, _ in reversed(counts.most_common())}
    return tuple(sorted(spellings.values()))


def with_ids_and_labels(listing: Listing, *, class_names: Sequence[str]) -> Listing:
    """Give every image an id and its labels in class order; join its entries; turn images at fault into problems.

    Raises:
        SecoError: there is no class, or more than a mask can hold, or a class has a name that it cannot have.
    """
    # Without a class, problems say why none was found.
    is_explained = not class_names and (listing.problems or any(image.fault for image in listing.images))
    if not is_explained and not 0 < len(class_names) < IGNORE:
        found = f"{len(class_names)} classes" if class_names else "no class"
        raise SecoError(f"the data has {found}, but it takes from 1 to {IGNORE - 1}: check the labels")
    for name in class_names:
        if fault := class_fault(name):
            raise SecoError(f"the class {name!r} {fault}")
    class_ids = {name: class_id for class_id, name in enumerate(class_names, start=1)}
    problems = list(listing.problems)
    made_ids = iter(make_ids([image.image for image in listing.images if image.id is None]))
    entries: dict[str, list[ListedImage]] = {}
    for image in listing.images:
        named = image if image.id is not None else replace(image, id=next(made_ids))
        entries.setdefault((named.id or "").casefold(), []).append(named)
    images: list[ListedImage] = []
    folders = {str(folder) for image_id in entries for folder in PurePosixPath(image_id).parents}
    for image_id, group in entries.items():
        joined, faults = join(group, class_ids)
        if joined and not folders.isdisjoint(f"{image_id}{suffix}" for suffix in RESULT_SUFFIXES):
            fault = f"its mask would have the name of the folder of other images, {group[0].id}.png or .npz"
            joined, faults = [], [(image, f"{fault}: rename the folder") for image in joined]
        problems.extend(Problem(image.image, f"{image.where}: {fault}") for image, fault in faults)
        images.extend(joined)
    return replace(listing, images=images if class_names else [], problems=problems, class_names=list(class_names))


def make_ids(images: Sequence[Path]) -> list[str]:
    """Return an id for each image: its path below the folder that holds them all, without the suffix.

    Files that differ in the suffix only keep it. A file that is listed twice has one id.
    """
    if not images:
        return []
    paths = [image.absolute() for image in images]
    common = os.path.commonpath({str(path.parent) for path in paths})
    names = [path.relative_to(common) for path in paths]
    taken = Counter(name.with_suffix("") for name in set(names))
    stems = [name.with_suffix("") for name in names]
    return [(stem if taken[stem] == 1 else name).as_posix() for stem, name in zip(stems, names, strict=True)]
