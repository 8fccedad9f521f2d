"""Every image and mask of a data set, decoded once; every problem found, all of them told in one go."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seco.classes import BACKGROUND, IGNORE
from seco.errors import SecoError
from seco.parallel import ProgressCallback, thread_map
from seco.storage.images import read_image
from seco.storage.manifest import Record
from seco.storage.masks import MaskArray, read_mask

_SHOWN = 20


@dataclass(frozen=True)
class Problem:
    """A fault of the data: the file it stands in and one sentence that names it and the remedy."""

    file: Path
    sentence: str


@dataclass(frozen=True)
class Candidate:
    """An image as its data set lists it, not yet opened; the fields are those of `Record`."""

    id: str
    image: Path
    mask: Path | None
    labels: tuple[str, ...]
    split: str


@dataclass(frozen=True)
class CheckedRecord:
    """A record whose files were decoded, and the labels that its mask shows no pixel of (normal in VOC)."""

    record: Record
    unseen_labels: tuple[str, ...]


def check(
    candidates: Sequence[Candidate],
    *,
    class_names: Sequence[str],
    problems: Sequence[Problem] = (),
    progress: ProgressCallback | None = None,
) -> list[CheckedRecord]:
    """Decode each image and mask once, in parallel, and return the records with their sizes.

    Args:
        candidates: the images to look at.
        class_names: foreground classes in id order; a mask may hold 0..K and 255.
        problems: what was found wrong before (lists, annotations), told together with what is found here.
        progress: called with (done, total) after each image.

    Raises:
        SecoError: there is a problem; the message lists the first 20 and counts the rest.
    """
    found, records = [*problems], []
    for result in thread_map(lambda candidate: _examine(candidate, class_names), candidates, progress=progress):
        if isinstance(result, CheckedRecord):
            records.append(result)
        else:
            found.extend(result)
    refuse(found)
    return records


def refuse(problems: Sequence[Problem]) -> None:
    """If there are problems, raise one SecoError that lists the first 20 and counts the rest."""
    if not problems:
        return
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"the data has {count}:", *(f"  {problem.sentence}" for problem in problems[:_SHOWN])]
    if len(problems) > _SHOWN:
        lines.append(f"  … and {len(problems) - _SHOWN} more")
    raise SecoError("\n".join(lines))


def unknown_classes(file: Path, names: Sequence[str], class_names: Sequence[str]) -> Problem:
    """Return the problem of labels that are no class, each with the most similar class as a hint."""
    hints = []
    for name in names:
        similar = difflib.get_close_matches(name.lower(), class_names, n=1)
        hint = f"did you mean {similar[0]!r}?" if similar else f"the classes are {', '.join(class_names)}"
        hints.append(f"the class {name!r} is unknown: {hint}")
    return Problem(file, f"{file}: {'; '.join(hints)}")


def _examine(candidate: Candidate, class_names: Sequence[str]) -> CheckedRecord | list[Problem]:
    problems: list[Problem] = []
    size, shown = None, set(candidate.labels)
    try:
        size = read_image(candidate.image).size
    except SecoError as error:
        problems.append(Problem(candidate.image, str(error)))
    if candidate.mask is not None:
        try:
            mask = read_mask(candidate.mask, num_classes=len(class_names), size=size)
            shown = _classes_of(mask, class_names)
        except SecoError as error:
            problems.append(Problem(candidate.mask, str(error)))
    if size is None or problems:
        return problems
    unseen = tuple(label for label in candidate.labels if label not in shown)
    return CheckedRecord(_record(candidate, size), unseen)


def _classes_of(mask: MaskArray, class_names: Sequence[str]) -> set[str]:
    present = np.flatnonzero(np.bincount(mask.ravel(), minlength=IGNORE + 1))
    return {class_names[int(value) - 1] for value in present if value not in (BACKGROUND, IGNORE)}


def _record(candidate: Candidate, size: tuple[int, int]) -> Record:
    width, height = size
    return Record(
        id=candidate.id,
        image=candidate.image,
        mask=candidate.mask,
        labels=candidate.labels,
        split=candidate.split,
        width=width,
        height=height,
    )
