"""What a reader gets, and what it returns: the images of a data set, none of them opened yet."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seco.data.problems import Problem
from seco.runtime.parallel import ProgressCallback


@dataclass(frozen=True, slots=True)
class ReaderInput:
    """Where a data set is and how it is read.

    Attributes:
        root: the folder of the data set.
        places: split → image set, file or folder below `root`; under None a place whose split is to be made.
        difficult: whether objects marked as difficult count as labels.
        outside_root: whether paths may lead out of `root`.
        progress: called with (done, total) while a long list is read.
    """

    root: Path
    places: Mapping[str | None, str]
    difficult: bool = True
    outside_root: bool = False
    progress: ProgressCallback | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Legend:
    """What the numbers in outlines or in a mask of colours mean.

    Attributes:
        path: the file that says so.
        categories: class name of each category id, or of each colour.
        digest: of everything that masks drawn by it depend on.
    """

    path: Path
    categories: Mapping[int, str]
    digest: str


@dataclass(frozen=True, eq=False, slots=True)
class Outlines:
    """The outlines of an image's objects, from which its mask is rasterised.

    Attributes:
        legend: what their category ids mean.
        annotations: the JSON text of each object's annotation, in COCO's form (bytes, or a view of the file).
        size: (width, height) in pixels of the image that they were drawn on.
    """

    legend: Legend
    annotations: Sequence[bytes]
    size: tuple[int, int]


@dataclass(frozen=True, eq=False, slots=True)
class Colours:
    """A mask of colours: what they mean, its file, and the colours of the background and of uncertain pixels (255)."""

    legend: Legend
    mask: Path
    background: Sequence[int]
    ignored: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class ListedImage:
    """An image as its data set lists it.

    Attributes:
        id: its name; None where it is to be made from the path.
        image: the photograph.
        where: what lists it, for sentences: a file, and perhaps a line.
        labels: names of the classes it shows; None where they are to be read from its mask.
        split: "train", "val", …; None where a split is to be made.
        mask: the ground-truth mask, or None.
        outlines: what a mask is to be rasterised from, or None.
        colours: the mask of colours that a mask is to be made of, or None.
        fault: what is wrong with this entry of the list, or None.
    """

    id: str | None
    image: Path
    where: str
    labels: tuple[str, ...] | None
    split: str | None
    mask: Path | None = None
    outlines: Outlines | None = None
    colours: Colours | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Listing:
    """What a reader found.

    Attributes:
        images: in the order in which they are listed; an image may be listed several times.
        problems: what is wrong with the lists.
        unlabelled: split → number of images that are left out as they have no label.
        class_names: the classes in the order that the data set gives them; empty where it gives none.
        notes: what the user should know of how the data set was read.
    """

    images: list[ListedImage] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unlabelled: Counter[str] = field(default_factory=Counter)
    class_names: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
