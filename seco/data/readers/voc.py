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
from typing import NamedTuple
from xml.etree import ElementTree

from seco.data.listing import ListedImage, Listing, ReaderInput
from seco.data.problems import Problem
from seco.data.readers.paths import names_in
from seco.errors import SecoError
from seco.storage.manifest import TRAIN
from seco.storage.names import id_fault

_LISTS = Path("ImageSets") / "Segmentation"
_MASK_FOLDERS = ("SegmentationClassAug", "SegmentationClass")  # the first that has an image's mask counts
_SBD_FOLDERS = (Path("SBD") / "cls", Path("benchmark_RELEASE") / "dataset" / "cls")
_AUGMENTED = "train_aug"


def read_voc(data: ReaderInput) -> Listing:
    """List the images of a VOC tree, split by split in the order of their image sets.

    Args:
        data: `root` is the folder that holds JPEGImages (`VOCdevkit/VOC2012`); `places` names the image set of each
            split ("train" → "train_aug"). Where the list of train_aug is missing and SBD is there, train_aug is VOC's
            train and SBD without VOC's val. Without `difficult`, an image of "train" with difficult objects only is
            left out.

    Raises:
        SecoError: a list is missing, empty or no text, or a folder cannot be read.
    """
    root = data.root
    listing, masks, is_annotated = Listing(), _masks(root), (root / "Annotations").is_dir()
    for split, name in data.places.items():
        for image_id, where in _image_set(root, name):
            mask, annotation = masks.get(image_id), root / "Annotations" / f"{image_id}.xml"
            labels = None
            try:
                if id_fault(image_id) is not None:
                    raise SecoError(f"{image_id!r} cannot be an image's id: name a file below JPEGImages")
                if is_annotated or mask is None:
                    required, has_mask = split == TRAIN, mask is not None
                    labels = _labels(annotation, required=required, has_mask=has_mask, difficult=data.difficult)
            except SecoError as error:
                listing.problems.append(Problem(annotation, f"{where}: {error}"))
                continue
            if split == TRAIN and labels == ():
                listing.unlabelled[split] += 1
                continue
            image = root / "JPEGImages" / f"{image_id}.jpg"
            listing.images.append(ListedImage(image_id, image, where, labels, split, mask))
    return listing


def _masks(root: Path) -> dict[str, Path]:
    masks: dict[str, Path] = {}
    for folder in reversed(_MASK_FOLDERS):
        names = [name for name in names_in(root / folder) if name.endswith(".png")]
        masks |= {name.removesuffix(".png"): root / folder / name for name in names}
    return masks


def _labels(annotation: Path, *, required: bool, has_mask: bool, difficult: bool) -> tuple[str, ...]:
    """Return the labels of an image, in alphabetical order; `required` says whether it must show an object.

    There may be no label: where the objects are difficult and do not count; and where neither annotation nor mask is
    there, as for VOC's test images.
    """
    image_id = annotation.stem
    try:
        objects = _read_objects(annotation)
    except FileNotFoundError as error:
        if not required and not has_mask:
            return ()
        raise SecoError(f"{annotation} does not exist, so {image_id!r} has no label: restore it") from error
    if required and not objects:
        raise SecoError(f"{annotation} names no object, so {image_id!r} has no label: add one")
    return tuple(sorted({item.name for item in objects if difficult or not item.is_difficult}))


def _image_set(root: Path, name: str) -> list[tuple[str, str]]:
    """Return the ids of an image set, each with the place that lists it."""
    file = root / _LISTS / f"{name}.txt"
    if name == _AUGMENTED and not file.is_file():
        augmented = _train_aug_from_sbd(root)
        if augmented:
            return augmented
    lines = enumerate(_read_lines(file), start=1)
    ids = [(line.strip(), f"{file}, line {number}") for number, line in lines if line.strip()]
    if not ids:
        raise SecoError(f"the list {file} names no image: write one id a line")
    return ids


def _train_aug_from_sbd(root: Path) -> list[tuple[str, str]]:
    """Return VOC's train and what SBD adds to it, without VOC's val; nothing where SBD is not there."""
    for folder in _SBD_FOLDERS:
        names = [Path(name).stem for name in names_in(root / folder) if name.endswith(".mat")]
        if names:
            train, val = _image_set(root, "train"), _image_set(root, "val")
            known = {image_id for image_id, _ in (*train, *val)}
            return train + [(name, str(root / folder)) for name in names if name not in known]
    return []


def _read_lines(file: Path) -> list[str]:
    """Return the lines of an image set; a byte-order mark and foreign line ends are tolerated."""
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        known = ", ".join(name.removesuffix(".txt") for name in names_in(file.parent) if name.endswith(".txt"))
        raise SecoError(f"the list {file} does not exist: the lists there are {known or 'none'}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SecoError(f"the list {file} cannot be read ({error}): save it as UTF-8 text") from error


class _Object(NamedTuple):
    name: str
    is_difficult: bool


class _NoDoctype(ElementTree.TreeBuilder):
    """A tree builder that stops at a document type, the only place that can declare entities (XML bombs)."""

    def doctype(self, name: str, *_: str | None) -> None:
        """Refuse the document type `name`."""
        raise SecoError(f"it declares the document type {name!r}")


def _read_objects(path: Path) -> list[_Object]:
    """Return the objects of an annotation; parts of an object are no class.

    Raises:
        FileNotFoundError: there is no such file.
        SecoError: the file is no XML, or declares a document type.
    """
    parser = ElementTree.XMLParser(target=_NoDoctype())
    try:
        parser.feed(path.read_bytes())
        root = parser.close()
    except FileNotFoundError:
        raise
    except (OSError, ElementTree.ParseError) as error:
        raise SecoError(f"{path} is not readable XML ({error}): replace it") from error
    except SecoError as error:
        raise SecoError(f"{path} is refused since {error}: remove the declaration") from error
    objects = [_Object(_text(item, "name"), _text(item, "difficult") == "1") for item in root.iterfind("object")]
    return [item for item in objects if item.name]


def _text(item: ElementTree.Element, name: str) -> str:
    return (item.findtext(name) or "").strip()
