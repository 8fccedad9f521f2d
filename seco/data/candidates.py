"""What a reader finds in a data set: images to look at, problems, and images without a label."""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seco.data.problems import Problem

UNSPLIT = "all"
"""Stands for the splits that are yet to be made."""


@dataclass(frozen=True, eq=False, slots=True)
class OutlineFile:
    """A JSON file with outlines of objects.

    Attributes:
        path: where it is.
        categories: the class name of each category id.
        digest: of what it holds.
    """

    path: Path
    categories: Mapping[int, str]
    digest: str


@dataclass(frozen=True, slots=True)
class Outlines:
    """The outlines of an image's objects, from which its mask is drawn.

    Attributes:
        file: where they stand.
        spans: first byte and length of each object's entry there, one after the other.
        size: (width, height) in pixels of the image that they were drawn on.
    """

    file: OutlineFile
    spans: "array[int]"
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An image as its data set lists it, not yet opened.

    Attributes:
        id: its name; None where the reader leaves it to be made from the path.
        image: the photograph.
        where: what lists it, for sentences: a file, and perhaps a line.
        labels: names of the classes it shows; None where its mask is to tell.
        split: "train", "val", …; None where a split is to be made.
        mask: the ground-truth mask, or None.
        outlines: what a mask is to be drawn from, or None.
    """

    id: str | None
    image: Path
    where: str
    labels: tuple[str, ...] | None
    split: str | None
    mask: Path | None = None
    outlines: Outlines | None = None


@dataclass(frozen=True)
class Reading:
    """What a reader found.

    Attributes:
        candidates: the images, in the order in which they are listed.
        problems: what is wrong with the lists; images with a problem are no candidates.
        left_out: split → images that are left out since they have no label; `UNSPLIT` where a split is to be made.
        class_names: the classes in the order the data set gives them; empty where it gives none.
    """

    candidates: list[Candidate] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    class_names: list[str] = field(default_factory=list)
