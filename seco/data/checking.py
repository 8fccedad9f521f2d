"""Every image and mask of a data set, decoded once; every problem found."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seco.data.candidates import Candidate
from seco.data.known_files import Facts, KnownFiles
from seco.data.problems import Problem
from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback, thread_map
from seco.storage.images import upright_size
from seco.storage.label_map import BACKGROUND, IGNORE
from seco.storage.manifest import TRAIN, Record
from seco.storage.masks import MaskFacts, inspect_mask, require_sound


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """A record whose files were decoded, and the classes that its mask shows (None: it has none).

    In VOC the labels of about 6 % of the images name a class that the mask does not show, which is normal.
    """

    record: Record
    shown: tuple[str, ...] | None


def check(
    candidates: Sequence[Candidate],
    *,
    class_names: Sequence[str],
    known: KnownFiles,
    progress: ProgressCallback | None = None,
) -> tuple[list[CheckedRecord], list[Problem]]:
    """Decode each image and mask once, in parallel; return the sound ones as records, and the problems of the others.

    Args:
        candidates: the images to look at, with ids, splits and masks.
        class_names: foreground classes in id order; a mask may hold 0..K and 255.
        known: files that were sound before and have not changed since are not decoded again.
        progress: called with (done, total) after each image.
    """
    records: list[CheckedRecord] = []
    problems: list[Problem] = []
    try:
        for result in thread_map(lambda item: _examine(item, class_names, known), candidates, progress=progress):
            if isinstance(result, CheckedRecord):
                records.append(result)
            else:
                problems.extend(result)
    finally:
        known.save()
    return records, problems


def _examine(candidate: Candidate, class_names: Sequence[str], known: KnownFiles) -> CheckedRecord | list[Problem]:
    problems: list[Problem] = []
    size = shown = None
    try:
        size = _image_size(candidate, known)
    except SecoError as fault:
        problems.append(_problem(candidate, candidate.image, fault))
    if candidate.mask is not None:
        try:
            shown = _shown_classes(candidate.mask, size, class_names, known)
        except SecoError as fault:
            problems.append(_problem(candidate, candidate.mask, fault))
    labels = candidate.labels if candidate.labels is not None else shown or ()
    if not problems and not labels and candidate.split == TRAIN:
        fault = SecoError("its mask shows no class, so it has no label: take it off the list")
        problems.append(_problem(candidate, candidate.image, fault))
    if size is None or problems:
        return problems
    return CheckedRecord(_record(candidate, labels, size), shown)


def _image_size(candidate: Candidate, known: KnownFiles) -> tuple[int, int]:
    width, height = known.facts(candidate.image, "image", upright_size)
    outlines = candidate.outlines
    if outlines is not None and outlines.size != (width, height):
        listed, found = ("x".join(map(str, size)) for size in (outlines.size, (width, height)))
        raise SecoError(
            f"{candidate.image} is {found} pixels, but its outlines were drawn on {listed} (width x height): "
            "list the size and the outlines of the image as it is seen, turned by its EXIF data"
        )
    return width, height


def _shown_classes(
    mask: Path, size: tuple[int, int] | None, class_names: Sequence[str], known: KnownFiles
) -> tuple[str, ...]:
    width, height, *values = known.facts(mask, "mask", _mask_facts)
    require_sound(mask, MaskFacts((width, height), tuple(values)), num_classes=len(class_names), size=size)
    return tuple(class_names[value - 1] for value in values if value not in (BACKGROUND, IGNORE))


def _mask_facts(path: Path) -> Facts:
    facts = inspect_mask(path)
    return (*facts.size, *facts.values)


def _problem(candidate: Candidate, file: Path, fault: SecoError) -> Problem:
    """Return a fault of a file with the place that lists it, where that is another one."""
    place = "" if str(fault).startswith(candidate.where) else f"{candidate.where}: "
    return Problem(file, f"{place}{fault}")


def _record(candidate: Candidate, labels: tuple[str, ...], size: tuple[int, int]) -> Record:
    width, height = size
    return Record(
        id=candidate.id or "",
        image=candidate.image,
        mask=candidate.mask,
        labels=labels,
        split=candidate.split or TRAIN,
        width=width,
        height=height,
    )
