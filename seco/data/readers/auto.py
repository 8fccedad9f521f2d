"""Recognises the format of a data set's folder by its files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import msgspec

from seco.data.listing import Listing, ReaderInput
from seco.data.readers.coco import read_coco, read_json
from seco.data.readers.csv_table import read_csv_listing
from seco.data.readers.cvat import LABEL_MAP, read_cvat
from seco.data.readers.folders import read_folders, split_of
from seco.data.readers.labelme import read_labelme
from seco.data.readers.one_hot import is_one_hot, read_one_hot
from seco.data.readers.paths import names_in
from seco.data.readers.tables import read_table
from seco.data.readers.voc import read_voc
from seco.data.readers.voc_tree import VocTree, find_tree
from seco.data.readers.yolo import DATA_FILES, read_yolo
from seco.errors import SecoError
from seco.storage.manifest import TRAIN
from seco.storage.regular import read_file

Places = Mapping[str | None, str]

_COCO = "instances_"


class _Found(NamedTuple):
    """A format that a folder may have, the reader, and the places that it is to read."""

    name: str
    read: Callable[[ReaderInput], Listing]
    places: Places


def read_any(data: ReaderInput) -> Listing:
    """List the images of a data set by the reader of the one format that its folder has; a note says which.

    Args:
        data: `places` names the root itself.

    Raises:
        SecoError: the folder has none of the formats, or several; or the data cannot be read.
    """
    if set(data.places) != {None}:
        raise SecoError("prepare.format auto finds the splits itself: set prepare.lists to null, or name the format")
    root = _lowest(data.root)
    found = list(_recognised(root)) or [_Found("folders", read_folders, {None: "."})]
    if len(found) > 1:
        names = " or ".join(item.name for item in found)
        raise SecoError(f"{root} can be read as {names}: set prepare.format to one of them")
    form = found[0]
    listing = form.read(replace(data, root=root, places=form.places, difficult=True))
    listing.notes.insert(0, f"{root} was read as {form.name}: {_described(form.places)}")
    return listing


def _described(places: Places) -> str:
    return ", ".join(place if split is None else f"{split} from {place}" for split, place in places.items())


def _lowest(root: Path) -> Path:
    """Return the folder below which the data lie, where each folder above it holds one folder and nothing else."""
    names = [name for name in names_in(root) if not name.startswith(".")]
    if len(names) == 1 and (root / names[0]).is_dir():
        inner = root / names[0]
        return _lowest(inner) if any((inner / name).is_dir() for name in names_in(inner)) else root
    return root


def _recognised(root: Path) -> Iterator[_Found]:
    for recognise in (_voc, _coco, _json, _yolo, _labelme, _csv):
        found = recognise(root)
        if found is not None:
            yield found


def _voc(root: Path) -> _Found | None:
    try:
        tree = VocTree(find_tree(root), mask_folders=())
    except SecoError:
        return None
    names = tree.list_names()
    if (tree.root / LABEL_MAP).is_file():
        return _Found("cvat", read_cvat, {None: "."})
    if not names:
        return None
    sets = _by_split({name: name for name in names})
    if "train_aug" in names:
        sets[TRAIN] = "train_aug"
    if TRAIN not in sets and len(names) > 1:
        raise _several(root, names)
    return _Found("voc", read_voc, sets if TRAIN in sets else {None: names[0]})


def _coco(root: Path) -> _Found | None:
    names = [Path(name).stem.removeprefix(_COCO) for name in names_in(root / "annotations") if name.startswith(_COCO)]
    places = _by_split({name: name for name in names if (root / name).is_dir()})
    return _Found("coco", read_coco, places) if TRAIN in places else None


def _json(root: Path) -> _Found | None:
    exports = {
        f"{name}/{file}": name
        for name in names_in(root)
        for file in (names_in(root / name) if (root / name).is_dir() else ())
        if file.endswith(".json") and split_of(name) and _keys(root / name / file) >= {"images"}
    }
    if exports:
        return _Found("json", read_json, _one_a_split(root, exports))
    files = [f"{folder}{name}" for folder in ("", "annotations/") for name in names_in(root / folder)]
    own = [name for name in files if name.endswith(".json") and _keys(root / name) >= {"images", "annotations"}]
    if _coco(root) is not None or not own:
        return None
    if len(own) == 1:
        return _Found("json", read_json, {None: own[0]})
    places = {name: Path(name).stem.removeprefix(_COCO) for name in own}
    if not all(map(split_of, places.values())):
        raise _several(root, own)
    return _Found("json", read_json, _one_a_split(root, places))


def _yolo(root: Path) -> _Found | None:
    return _Found("yolo", read_yolo, {None: "."}) if any((root / name).is_file() for name in DATA_FILES) else None


def _labelme(root: Path) -> _Found | None:
    folders = ["", *(name for name in names_in(root) if (root / name).is_dir())]
    files = {folder: [name for name in names_in(root / folder) if name.endswith(".json")] for folder in folders}
    first = next((root / folder / names[0] for folder, names in files.items() if names), None)
    if first is None or not {"shapes", "imagePath"} <= _keys(first):
        return None
    splits = {folder: folder for folder in folders if split_of(folder)}
    if TRAIN not in map(split_of, splits):
        return _Found("labelme", read_labelme, {None: "."})
    others = [folder or "." for folder in folders if files[folder] and folder not in splits]
    if others:
        raise _several(root, [*splits, *others])
    return _Found("labelme", read_labelme, _one_a_split(root, splits))


def _csv(root: Path) -> _Found | None:
    names = [name for name in names_in(root) if name.lower().endswith(".csv") and name != "contexts.csv"]
    splits = {name: Path(name).stem for name in names if split_of(Path(name).stem)}
    places: Places = {None: names[0]} if len(names) == 1 else _one_a_split(root, splits)
    if not names:
        inner = {f"{name}/_classes.csv": name for name in names_in(root) if (root / name / "_classes.csv").is_file()}
        places = _one_a_split(root, {place: name for place, name in inner.items() if split_of(name)})
    if not places:
        return None
    table = read_table(root / next(iter(places.values())))
    return _Found("one_hot", read_one_hot, places) if is_one_hot(table) else _Found("csv", read_csv_listing, places)


def _by_split(places: Mapping[str, str]) -> dict[str | None, str]:
    """Return split → place of the names that begin like a split, such as train2014 or valid."""
    splits: dict[str | None, str] = {}
    for name, place in places.items():
        split = split_of(name)
        if split is not None:
            splits.setdefault(split, place)
    return splits


def _one_a_split(root: Path, names: Mapping[str, str]) -> dict[str | None, str]:
    """Return split → place; ``names`` has the name of each place, which begins like a split.

    Raises:
        SecoError: two places are of one split.
    """
    places = _by_split({name: place for place, name in names.items()})
    if len(places) < len(names):
        raise _several(root, list(names))
    return places


def _several(root: Path, places: Sequence[str]) -> SecoError:
    shown = ", ".join(places[:3]) + ", …" * (len(places) > 3)
    return SecoError(
        f"{root} holds several lists, {shown}: set prepare.format and prepare.lists, which names a list a split"
    )


def _keys(file: Path) -> set[str]:
    """Return the keys of a JSON object; none where the file is no JSON object."""
    try:
        return set(msgspec.json.decode(read_file(file), type=dict[str, msgspec.Raw]))
    except Exception:  # another file
        return set()
