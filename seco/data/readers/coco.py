"""Images listed in JSON files of COCO's form: COCO itself, and what many annotation tools export.

```
{"images": [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}],
 "annotations": [{"image_id": 1, "category_id": 3, "iscrowd": 0, "segmentation": …}],
 "categories": [{"id": 3, "name": "car"}]}
```

Annotations without a segmentation give labels only; width and height are needed where there is one. An image without an
annotation shows none of the classes; of COCO itself such images are left out and counted, as the paper does. The file
of another split than "train" needs no annotations.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from seco.data.listing import ListedImage, Listing, ReaderInput
from seco.data.problems import Problem
from seco.data.readers.coco_file import AnnotationFile
from seco.data.readers.finder import FileFinder
from seco.errors import SecoError
from seco.storage.manifest import TRAIN

_FOLDERS = ("", "images", "data")  # where annotation tools put the images that file_name names
_MISSING = "restore it, or correct the section prepare"


def read_coco(data: ReaderInput) -> Listing:
    """List the images of COCO: `<list>/<file name>` and `annotations/instances_<list>.json` below the root.

    Args:
        data: `places` names the images' folder of each split ("train" → "train2014").

    Raises:
        SecoError: a JSON file is missing or of another form.
    """
    listing, finder, used = Listing(), FileFinder(data.root), {}
    for split, name in data.places.items():
        file = _open(data, finder.find(f"annotations/instances_{name}.json", remedy=_MISSING), split)
        for image in _images(listing, file, split, finder, places=(name, "")):
            if image.labels or image.fault:
                listing.images.append(replace(image, id=image.image.stem))
            else:
                listing.unlabelled[split or TRAIN] += 1
        used |= file.used_categories()
    listing.class_names.extend(dict.fromkeys(used[category] for category in sorted(used)))
    finder.settle(listing)
    return listing


def read_json(data: ReaderInput) -> Listing:
    """List the images of the user's own JSON files.

    Args:
        data: `places` names a file for each split. In it, `file_name` is a path below the file's folder or `root`, or
            below their folders `images` and `data`.

    Raises:
        SecoError: a file is missing or of another form.
    """
    listing, finder, used = Listing(), FileFinder(data.root, outside_root=data.outside_root), {}
    for split, name in data.places.items():
        file = _open(data, finder.find(name, remedy=_MISSING), split)
        folder = finder.folder_of(file.path)
        places = dict.fromkeys(Path(parent, sub) for parent in ("", folder, folder.parent) for sub in _FOLDERS)
        listing.images.extend(_images(listing, file, split, finder, places=list(places)))
        used |= file.used_categories()
    listing.class_names.extend(dict.fromkeys(used[category] for category in sorted(used)))
    finder.settle(listing)
    return listing


def _open(data: ReaderInput, path: Path, split: str | None) -> AnnotationFile:
    return AnnotationFile(path, needs_labels=split in (None, TRAIN), progress=data.progress)


def _images(
    listing: Listing, file: AnnotationFile, split: str | None, finder: FileFinder, *, places: Sequence[str | Path]
) -> Iterator[ListedImage]:
    """Yield the images of a JSON file; problems are added to the listing."""
    listing.problems.extend(file.problems)
    for image_id, entry in file.images.items():
        where = f"{file.path}: the image {entry.file_name!r}"
        try:
            path = finder.find(entry.file_name, places=places)
            labels, outlines = file.labels(image_id), file.outlines(image_id)
        except SecoError as error:
            listing.problems.append(Problem(file.path, f"{where}: {error}"))
            continue
        yield ListedImage(None, path, where, labels, split, outlines=outlines, fault=file.faults.get(image_id))
    for image_id in file.unlisted_images():
        fault = f"{file.path}: annotations name the image {image_id!r}, which is not listed: add it to images"
        listing.problems.append(Problem(file.path, fault))
