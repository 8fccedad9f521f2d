"""Images listed in JSON files of COCO's form: COCO itself, and what many annotation tools export.

```
{"images": [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}],
 "annotations": [{"image_id": 1, "category_id": 3, "iscrowd": 0, "segmentation": …}],
 "categories": [{"id": 3, "name": "car"}]}
```

Annotations without a segmentation give labels alone; width and height are needed where there is one. Images without an
annotation are left out and counted.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from seco.data.candidates import UNSPLIT, Candidate, Reading
from seco.data.paths import path_below
from seco.data.problems import Problem
from seco.data.readers.annotation_file import AnnotationFile
from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback

_EXPORT_FOLDERS = ("", "images", "data")  # where annotation tools put the images that file_name names

Locate = Callable[[str], tuple[str | None, Path]]  # from a file name to the image's id, or None, and path


def read_coco(root: Path, *, lists: Mapping[str, str], progress: ProgressCallback | None = None) -> Reading:
    """List the images of COCO: `<list>/<file name>` and `annotations/instances_<list>.json` below `root`.

    Args:
        root: the folder of the data set.
        lists: for each split of the manifest the name of the images' folder ("train" → "train2014").
        progress: called with (done, total) in MB of JSON.

    Raises:
        SecoError: a JSON file is missing or of another form.
    """
    reading, used = Reading(), {}
    for split, name in lists.items():
        file = AnnotationFile(root / "annotations" / f"instances_{name}.json", progress=progress)
        folder = root / name
        _add(file, reading, split, lambda text, folder=folder: (Path(text).stem, folder / Path(text).name))
        used |= file.used_categories()
    return _with_classes(reading, used)


def read_json(
    root: Path,
    files: Mapping[str | None, str],
    *,
    outside_root: bool,
    progress: ProgressCallback | None = None,
) -> Reading:
    """List the images of JSON files of one's own; `file_name` is a path below `root` or its folder `images` or `data`.

    Args:
        root: the folder of the data set.
        files: split → file below `root`; under None one whose split is to be made.
        outside_root: whether a path may lead out of `root`.
        progress: called with (done, total) in MB of JSON.

    Raises:
        SecoError: a file is missing or of another form.
    """

    def locate(text: str) -> tuple[None, Path]:
        places = [path_below(root, str(Path(folder, text)), outside_root=outside_root) for folder in _EXPORT_FOLDERS]
        return None, next((place for place in places if place.is_file()), places[0])

    reading, used = Reading(), {}
    for split, name in files.items():
        file = AnnotationFile(path_below(root, name, outside_root=outside_root), progress=progress)
        _add(file, reading, split, locate)
        used |= file.used_categories()
    return _with_classes(reading, used)


def _add(file: AnnotationFile, reading: Reading, split: str | None, locate: Locate) -> None:
    reading.problems.extend(file.problems)
    for image_id, image in file.images.items():
        where = f"{file.path}: the image {image.file_name!r}"
        try:
            labels = file.labels(image_id)
            if not labels:
                reading.left_out[split or UNSPLIT] += 1
                continue
            name, path = locate(image.file_name)
            candidate = Candidate(name, path, where, labels, split, outlines=file.outlines(image_id))
            reading.candidates.append(candidate)
        except SecoError as fault:
            reading.problems.append(Problem(file.path, f"{where}: {fault}"))
    for image_id in file.strays():
        fault = f"{file.path}: annotations name the image {image_id!r}, which is not listed: add it to images"
        reading.problems.append(Problem(file.path, fault))


def _with_classes(reading: Reading, used: Mapping[int, str]) -> Reading:
    reading.class_names.extend(dict.fromkeys(used[category] for category in sorted(used)))
    return reading
