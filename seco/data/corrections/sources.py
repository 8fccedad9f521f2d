"""Finds the corrected masks in a file or folder: PNGs named after their images, or an export of an annotation tool."""

import hashlib
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from seco.data.listing import Outlines
from seco.data.rasterise import rasterise
from seco.data.readers.coco_file import AnnotationFile
from seco.data.readers.cvat import LABEL_MAP, MASKS, colour_classes, read_label_map
from seco.data.readers.label_studio import is_label_studio, read_tasks
from seco.data.readers.labelme import is_labelme, read_shapes
from seco.data.readers.walk import files_below
from seco.data.recolour import RecolourTask
from seco.errors import SecoError, did_you_mean, remedy_of
from seco.storage.label_map import BACKGROUND, IGNORE
from seco.storage.masks import MaskArray, read_mask
from seco.storage.names import class_fault
from seco.storage.regular import read_file, require_regular

Size = tuple[int, int]
Draw = Callable[[Mapping[str, int], Size], MaskArray]
"""Class name → id and the image's (width, height) to its mask; raises a SecoError."""

_KINDS = (
    "a folder of PNG masks, or what COCO, CVAT (Segmentation mask 1.1), Label Studio (JSON, not JSON-MIN) or labelme "
    "export"
)


class Found(NamedTuple):
    """A corrected mask as its source has it."""

    name: str
    """What names its image: an id, or a path or address of the photograph."""
    source: str
    """The file, and perhaps the entry, for sentences."""
    size: Size | None
    """(width, height) in pixels that it was drawn on; None where the drawn mask tells."""
    draw: Draw


class Source(NamedTuple):
    """What a file or folder holds."""

    masks: list[Found]
    faults: list[str]
    """A sentence for each entry that cannot be used."""
    untouched: int
    """Images that are listed without any annotation."""
    name: str = ""
    """Of the file or folder."""


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Yield the corrected masks in a folder, an archive (ZIP) or a file; an archive is unpacked for that time.

    Raises:
        SecoError: there is no mask, or a file is damaged or of an unknown form.
    """
    if not path.exists():
        raise SecoError(f"{path} does not exist: name {_KINDS}")
    require_regular(path)
    with tempfile.TemporaryDirectory() as scratch:
        place = path
        if path.suffix.lower() == ".zip" and path.is_file():
            _unpack(path, place := Path(scratch))
        try:
            source = _read(place)
            if not source.masks and not source.faults:
                untouched = f", only {source.untouched} images without an annotation" if source.untouched else ""
                raise SecoError(f"{path} holds no corrected mask{untouched}: name {_KINDS}")
            yield source._replace(name=path.resolve().name)
        except SecoError as error:  # names the archive, not the folder that is gone soon
            raise SecoError(str(error).replace(scratch, str(path))) from error


def _unpack(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            needed, free = sum(item.file_size for item in archive.infolist()), shutil.disk_usage(folder).free
            if needed > free:
                raise SecoError(f"{path} unpacks to {needed:,} bytes, but {folder} has {free:,}: free some disk space")
            twice = [name for name, count in Counter(archive.namelist()).items() if count > 1]
            if twice:  # only the last would be seen
                raise SecoError(f"{path} holds {twice[0]!r} twice: pack it again")
            archive.extractall(folder)
    except SecoError:
        raise
    except OSError as error:
        reason = error.strerror or error
        raise SecoError(f"{path} cannot be unpacked: {reason}; {remedy_of(error, 'export it again')}") from error
    except Exception as error:  # zipfile, zlib and lzma raise about ten kinds
        raise SecoError(f"{path} is no readable ZIP archive ({error}): export it again") from error


def _read(place: Path) -> Source:
    if place.is_file():
        return _png(place, place.parent) if place.suffix.lower() == ".png" else _json(place)
    maps = [file for file in files_below(place, suffixes=(".txt",)) if file.name == LABEL_MAP]
    if maps:
        return _joined([_cvat(file) for file in maps])
    files = files_below(place, suffixes=(".json",))
    if files:
        return _joined([_json(file) for file in files])
    return _joined([_png(file, place) for file in files_below(place, suffixes=(".png",))])


def _joined(parts: list[Source]) -> Source:
    masks, faults = [item for part in parts for item in part.masks], [text for part in parts for text in part.faults]
    return Source(masks, faults, sum(part.untouched for part in parts))


def _png(file: Path, folder: Path) -> Source:
    name = file.relative_to(folder).with_suffix("").as_posix()

    def draw(class_ids: Mapping[str, int], size: Size) -> MaskArray:
        return read_mask(file, num_classes=len(class_ids), size=size)

    return Source([Found(name, str(file), None, draw)], [], 0)


def _cvat(file: Path) -> Source:
    names, folder = read_label_map(file), file.parent / MASKS
    background, ignored, classes = colour_classes(names)
    colours = {colour: number for number, colour in enumerate(classes, start=1)}
    if len(colours) >= IGNORE:
        raise SecoError(f"{file} names {len(colours)} colours, but a mask holds {IGNORE - 1} classes: leave some out")
    colours |= {**dict.fromkeys(background, BACKGROUND), **dict.fromkeys(ignored, IGNORE)}

    def found(mask: Path) -> Found:
        def draw(class_ids: Mapping[str, int], _size: Size) -> MaskArray:
            drawn, ids = RecolourTask(file, mask, colours, mask).draw(), np.arange(256, dtype=np.uint8)
            counts = np.bincount(drawn.ravel(), minlength=256)[1:]
            shown = [name for name, pixels in zip(classes.values(), counts, strict=False) if pixels]
            # A class that the model lacks matters only where a mask shows it.
            require_known(shown, class_ids)
            ids[1 : len(classes) + 1] = [class_ids.get(name, IGNORE) for name in classes.values()]
            return ids[drawn]

        return Found(mask.relative_to(folder).with_suffix("").as_posix(), str(mask), None, draw)

    return Source([found(mask) for mask in files_below(folder, suffixes=(".png",))], [], 0)


def _json(file: Path) -> Source:
    try:
        content: Any = msgspec.json.decode(data := read_file(file))
    except SecoError:
        raise
    except Exception as error:  # nested too deeply, …
        raise SecoError(f"{file} is not readable JSON ({error}): name {_KINDS}") from error
    if is_labelme(content):
        try:
            labels, outlines = read_shapes(file, content, digest=hashlib.sha256(data).hexdigest())
        except SecoError as error:
            return Source([], [f"{file}: {error}"], 0)
        return Source([_outlined(str(content["imagePath"] or file.stem), str(file), labels, outlines)], [], 0)
    if is_label_studio(content):
        tasks, faults = read_tasks(file)
        masks = [_outlined(task.image, task.where, task.labels, task.outlines) for task in tasks]
        return Source(masks, faults, len(content) - len(tasks) - len(faults))
    if not isinstance(content, dict):
        raise SecoError(f"{file} is JSON of another form: name {_KINDS}")
    return _coco(file)


def _coco(file: Path) -> Source:
    listed, source = AnnotationFile(file, needs_labels=True, progress=None), Source([], [], 0)
    source.faults.extend(problem.sentence for problem in listed.problems)
    for image_id, entry in listed.images.items():
        where = f"{file}: the image {entry.file_name!r}"
        try:
            if fault := listed.faults.get(image_id):
                raise SecoError(fault)
            labels, outlines = listed.labels(image_id), listed.outlines(image_id)
            if labels and outlines is None:
                raise SecoError("it has labels, but no outline: draw its objects")
        except SecoError as error:
            source.faults.append(f"{where}: {error}")
            continue
        if labels and outlines is not None:
            source.masks.append(_outlined(entry.file_name, where, labels, outlines))
    return source._replace(untouched=len(listed.images) - len(source.masks) - len(source.faults))


def require_known(names: Iterable[str], class_ids: Mapping[str, int]) -> None:
    """Raise a SecoError if a class is not one of those of the data."""
    for name in names:
        if name not in class_ids:
            raise SecoError(f"the class {name!r} is unknown: {class_fault(name) or did_you_mean(name, [*class_ids])}")


def _outlined(name: str, source: str, labels: tuple[str, ...], outlines: Outlines) -> Found:
    def draw(class_ids: Mapping[str, int], size: Size) -> MaskArray:
        require_known(labels, class_ids)
        categories = outlines.legend.categories
        known = {number: class_ids[label] for number, label in categories.items() if label in class_ids}
        annotations = [msgspec.json.decode(bytes(text)) for text in outlines.annotations]
        return rasterise(annotations, size=size, class_ids=known)

    return Found(name, source, outlines.size if outlines.annotations else None, draw)
