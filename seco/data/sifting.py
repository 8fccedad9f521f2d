"""From what a reader found to images with unique ids and known labels: the same for every format."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from seco.data.candidates import Candidate, Reading
from seco.data.problems import Problem, unknown_classes
from seco.errors import SecoError
from seco.storage.label_map import IGNORE
from seco.storage.manifest import is_safe_id


def found_classes(reading: Reading) -> tuple[str, ...]:
    """Return the classes of a data set whose settings name none: in its own order, or else by the alphabet.

    Of spellings that differ in case only the most frequent one is a class; `sift` finds the others.

    Raises:
        SecoError: there is none, or there are masks, whose ids need an order that only a user can know.
    """
    if reading.class_names:
        return tuple(reading.class_names)
    masked = next((candidate for candidate in reading.candidates if candidate.mask is not None), None)
    if masked is not None:
        raise SecoError(
            f"{masked.where} names the mask {masked.mask}, and nothing says which value is which class: "
            "set prepare.classes to the names of the classes, that of value 1 first"
        )
    counts = Counter(label for candidate in reading.candidates for label in candidate.labels or ())
    spellings = {name.casefold(): name for name, _ in reversed(counts.most_common())}
    return tuple(sorted(spellings.values()))


def sift(reading: Reading, *, class_names: Sequence[str]) -> Reading:
    """Return the reading with ids for all, labels in class-id order, and without images that are at fault.

    Raises:
        SecoError: there are no classes, or more than a mask can tell apart, or a name that no list could hold.
    """
    if not class_names and reading.problems:
        return replace(reading, candidates=[])  # the problems tell why nothing was found
    if not 0 < len(class_names) < IGNORE:
        found = f"{len(class_names)} classes" if class_names else "no class"
        raise SecoError(f"the data has {found}, but it takes from 1 to {IGNORE - 1}: check the labels")
    for name in class_names:
        if ";" in name:
            raise SecoError(f"the class {name!r} holds a semicolon, which separates labels: rename it")
    rank = {name: index for index, name in enumerate(class_names)}
    sifted = Reading([], [*reading.problems], reading.left_out, [*class_names])
    first: dict[str, Candidate] = {}
    for image_id, candidate in _named(reading.candidates):
        problem = _fault(image_id, candidate, first.get(image_id.casefold()), rank)
        if problem is not None:
            sifted.problems.append(problem)
            continue
        labels = candidate.labels
        ordered = None if labels is None else tuple(sorted(set(labels), key=rank.__getitem__))
        sifted.candidates.append(replace(candidate, id=image_id, labels=ordered))
        first[image_id.casefold()] = sifted.candidates[-1]
    return sifted


def _named(candidates: Sequence[Candidate]) -> Iterator[tuple[str, Candidate]]:
    """Yield each candidate with its id, that of the reader or one made from its path."""
    unnamed = [candidate.image for candidate in candidates if candidate.id is None]
    made = iter(image_ids(unnamed))
    for candidate in candidates:
        yield candidate.id if candidate.id is not None else next(made), candidate


def image_ids(images: Sequence[Path]) -> list[str]:
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


def _fault(image_id: str, candidate: Candidate, other: Candidate | None, rank: dict[str, int]) -> Problem | None:
    where = candidate.where
    if not is_safe_id(image_id):
        return Problem(candidate.image, f"{where}: {image_id!r} cannot be an image's id: rename the file")
    if other is not None and other.id == image_id:
        return Problem(candidate.image, f"{where}: the id {image_id!r} is listed twice ({other.where}): keep one")
    if other is not None:
        fault = f"{where}: the ids {other.id!r} and {image_id!r} differ in case only: rename one of the files"
        return Problem(candidate.image, fault)
    unknown = sorted(set(candidate.labels or ()) - rank.keys())
    return unknown_classes(candidate.image, where, unknown, tuple(rank)) if unknown else None
