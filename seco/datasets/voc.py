"""The layout of PASCAL VOC: image sets, photographs, masks and annotations below one folder.

```
ImageSets/Segmentation/<list>.txt    one image id a line
JPEGImages/<id>.jpg
SegmentationClassAug/<id>.png        or SegmentationClass/<id>.png; may be absent
Annotations/<id>.xml                 object names: the image's labels
```
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from seco.datasets.checking import Candidate, CheckedRecord, Problem, check, unknown_classes
from seco.datasets.voc_annotation import read_object_names
from seco.errors import SecoError
from seco.parallel import ProgressCallback
from seco.storage.manifest import is_safe_id

_LISTS = Path("ImageSets") / "Segmentation"
_MASK_FOLDERS = ("SegmentationClassAug", "SegmentationClass")


def read_voc(
    root: Path,
    *,
    lists: Mapping[str, str],
    class_names: Sequence[str],
    progress: ProgressCallback | None = None,
) -> list[CheckedRecord]:
    """Return the checked images of a VOC tree, split by split in the order of the lists.

    Args:
        root: the folder that holds JPEGImages (`VOCdevkit/VOC2012`).
        lists: for each split of the manifest the name of its image set ("train" → "train_aug").
        class_names: foreground classes in id order.
        progress: called with (done, total) after each decoded image.

    Raises:
        SecoError: the folder or a list is missing, or the data has problems (all of them are told).
    """
    if not root.is_dir():
        raise SecoError(f"the data folder {root} does not exist: put the data set there or link it")
    candidates: dict[str, Candidate] = {}
    problems: list[Problem] = []
    for split, name in lists.items():
        file = root / _LISTS / f"{name}.txt"
        for image_id in _read_list(file):
            found = _candidate(root, file, image_id, split, class_names)
            if image_id in candidates:
                splits = f"{candidates[image_id].split}, {split}"
                found = Problem(file, f"{file}: the id {image_id!r} is listed twice ({splits}): keep one")
            if isinstance(found, Problem):
                problems.append(found)
            else:
                candidates[image_id] = found
    return check(list(candidates.values()), class_names=class_names, problems=problems, progress=progress)


def _read_list(file: Path) -> list[str]:
    """Return the ids of an image set; a byte-order mark, blank lines and foreign line ends are tolerated."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        known = ", ".join(sorted(path.stem for path in file.parent.glob("*.txt"))) or "none"
        raise SecoError(f"the list {file} does not exist: the lists there are {known}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SecoError(f"the list {file} cannot be read ({error}): save it as UTF-8 text") from error
    ids = [line.strip() for line in lines if line.strip()]
    if not ids:
        raise SecoError(f"the list {file} names no image: write one id a line")
    return ids


def _candidate(root: Path, file: Path, image_id: str, split: str, class_names: Sequence[str]) -> Candidate | Problem:
    if not is_safe_id(image_id):
        return Problem(file, f"{file}: {image_id!r} cannot be an image's id: name a file below JPEGImages")
    image = root / "JPEGImages" / f"{image_id}.jpg"
    if not image.is_file():
        return Problem(file, f"{file} names {image_id!r}, but {image} does not exist: restore it or unlist it")
    annotation = root / "Annotations" / f"{image_id}.xml"
    try:
        names = read_object_names(annotation)
    except SecoError as error:
        return Problem(annotation, str(error))
    unknown = sorted(names.difference(class_names))
    if unknown:
        return unknown_classes(annotation, unknown, class_names)
    if not names:
        return Problem(annotation, f"{annotation} names no object, so {image_id!r} has no label: add one")
    labels = tuple(name for name in class_names if name in names)
    return Candidate(image_id, image, _find_mask(root, image_id), labels, split)


def _find_mask(root: Path, image_id: str) -> Path | None:
    masks = (root / folder / f"{image_id}.png" for folder in _MASK_FOLDERS)
    return next((mask for mask in masks if mask.is_file()), None)
