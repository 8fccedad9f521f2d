"""The layout of PASCAL VOC: image sets, photographs, masks and annotations below one folder.

```
ImageSets/Segmentation/<list>.txt    one image id a line
JPEGImages/<id>.jpg
SegmentationClassAug/<id>.png        or SegmentationClass/<id>.png; may be absent
Annotations/<id>.xml                 object names: the image's labels; without the folder, the masks tell them
SBD/cls/<id>.mat                     or benchmark_RELEASE/dataset/cls: the images of SBD (Hariharan et al., 2011)
```
"""

from collections.abc import Mapping
from pathlib import Path

from seco.data.candidates import Candidate, Reading
from seco.data.paths import names_in
from seco.data.problems import Problem
from seco.data.readers.voc_annotation import read_objects
from seco.errors import SecoError
from seco.storage.manifest import TRAIN, is_safe_id

_LISTS = Path("ImageSets") / "Segmentation"
_MASK_FOLDERS = ("SegmentationClassAug", "SegmentationClass")  # the first that has an image's mask counts
_SBD_FOLDERS = (Path("SBD") / "cls", Path("benchmark_RELEASE") / "dataset" / "cls")
_AUGMENTED = "train_aug"


def read_voc(root: Path, *, lists: Mapping[str, str], difficult: bool) -> Reading:
    """List the images of a VOC tree, split by split in the order of their lists.

    Args:
        root: the folder that holds JPEGImages (`VOCdevkit/VOC2012`).
        lists: for each split of the manifest the name of its image set ("train" → "train_aug"). Where the list of
            train_aug is missing and SBD is there, it is VOC's train and SBD without VOC's val.
        difficult: whether objects marked as difficult count as labels. If not, an image of "train" that shows no
            others is left out.

    Raises:
        SecoError: a list is missing, empty or no text, or a folder cannot be read.
    """
    reading, tree = Reading(), _Tree(root, difficult=difficult)
    for split, name in lists.items():
        for image_id, where in tree.image_set(name):
            try:
                labels = tree.labels(image_id, needed=split == TRAIN)
            except SecoError as fault:
                reading.problems.append(Problem(tree.annotation(image_id), f"{where}: {fault}"))
                continue
            if split == TRAIN and labels == ():
                reading.left_out[split] += 1
                continue
            image = root / "JPEGImages" / f"{image_id}.jpg"
            reading.candidates.append(Candidate(image_id, image, where, labels, split, tree.masks.get(image_id)))
    return reading


class _Tree:
    """The folder of a VOC data set."""

    def __init__(self, root: Path, *, difficult: bool) -> None:
        self.root = root
        self.difficult = difficult
        self.is_annotated = (root / "Annotations").is_dir()
        self.masks: dict[str, Path] = {}
        for folder in reversed(_MASK_FOLDERS):
            names = [name for name in names_in(root / folder) if name.endswith(".png")]
            self.masks |= {name.removesuffix(".png"): root / folder / name for name in names}

    def annotation(self, image_id: str) -> Path:
        return self.root / "Annotations" / f"{image_id}.xml"

    def labels(self, image_id: str, *, needed: bool) -> tuple[str, ...] | None:
        """Return the labels of an image; None where its mask is to tell them.

        Args:
            image_id: from a list.
            needed: whether the image is of no use without labels. It may still have none: difficult objects only.

        Raises:
            SecoError: the id or the annotation is at fault, or labels are needed and there is nothing to tell them.
        """
        if not is_safe_id(image_id):
            raise SecoError(f"{image_id!r} cannot be an image's id: name a file below JPEGImages")
        if not self.is_annotated and image_id in self.masks:
            return None
        path = self.annotation(image_id)
        try:
            objects = read_objects(path)
        except FileNotFoundError as error:
            if not needed and image_id not in self.masks:
                return ()
            raise SecoError(f"{path} does not exist, so {image_id!r} has no label: restore it") from error
        if needed and not any(objects):
            raise SecoError(f"{path} names no object, so {image_id!r} has no label: add one")
        return tuple(sorted(objects.plain | objects.difficult if self.difficult else objects.plain))

    def image_set(self, name: str) -> list[tuple[str, str]]:
        """Return the ids of an image set, each with the place that lists it."""
        file = self.root / _LISTS / f"{name}.txt"
        if name == _AUGMENTED and not file.is_file():
            augmented = self._augmented()
            if augmented:
                return augmented
        lines = enumerate(_read_lines(file), start=1)
        ids = [(line.strip(), f"{file}, line {number}") for number, line in lines if line.strip()]
        if not ids:
            raise SecoError(f"the list {file} names no image: write one id a line")
        return ids

    def _augmented(self) -> list[tuple[str, str]]:
        """Return VOC's train and what SBD adds to it, without VOC's val; nothing where SBD is not there."""
        for folder in _SBD_FOLDERS:
            names = [Path(name).stem for name in names_in(self.root / folder) if name.endswith(".mat")]
            if names:
                train, val = self.image_set("train"), {image_id for image_id, _ in self.image_set("val")}
                known = val.union(image_id for image_id, _ in train)
                return train + [(name, str(self.root / folder)) for name in names if name not in known]
        return []


def _read_lines(file: Path) -> list[str]:
    """Return the lines of an image set; a byte-order mark, blank lines and foreign line ends are tolerated."""
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        known = ", ".join(name.removesuffix(".txt") for name in names_in(file.parent) if name.endswith(".txt"))
        raise SecoError(f"the list {file} does not exist: the lists there are {known or 'none'}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SecoError(f"the list {file} cannot be read ({error}): save it as UTF-8 text") from error
