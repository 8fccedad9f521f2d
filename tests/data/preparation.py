"""A data set through the door of `seco prepare`, up to what would be written."""

from pathlib import Path
from typing import Any, NamedTuple

from seco.data.candidates import Reading
from seco.data.checking import CheckedRecord, check
from seco.data.drawing import draw_masks
from seco.data.known_files import KnownFiles
from seco.data.problems import Problem
from seco.data.reading import read_dataset
from seco.errors import SecoError


class Prepared(NamedTuple):
    """What was found."""

    checked: list[CheckedRecord]
    problems: list[Problem]
    listed: Reading

    @property
    def faults(self) -> list[str]:
        """The sentences of the problems."""
        return [problem.sentence for problem in self.problems]

    @property
    def ids(self) -> list[str]:
        return [item.record.id for item in self.checked]

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        return {item.record.id: item.record.labels for item in self.checked}

    @property
    def splits(self) -> dict[str, str]:
        return {item.record.id: item.record.split for item in self.checked}


def prepared(root: Path, data_format: str, *, classes: Any = None, lists: Any = None, **settings: Any) -> Prepared:
    """Read, draw and check; what is kept between runs lies beside the root."""
    cache = root.parent / f"{root.name}-cache"
    listed = read_dataset(root, data_format=data_format, classes=classes, lists=lists, **settings)
    drawn, undrawable = draw_masks(listed.candidates, class_names=listed.class_names, store=cache / "masks")
    known = KnownFiles(cache, subject=str(root))
    checked, faulty = check(drawn, class_names=listed.class_names, known=known)
    return Prepared(checked, [*listed.problems, *undrawable, *faulty], listed)


def told(root: Path, data_format: str = "csv", **settings: Any) -> list[str]:
    """Return what is said of the data set: its problems, or why it cannot be used at all."""
    if data_format == "csv":
        settings = {"source": "images.csv"} | settings
    try:
        return prepared(root, data_format, **settings).faults
    except SecoError as fault:
        return [str(fault)]


def told_of_voc(root: Path) -> list[str]:
    return told(root, "voc", classes="voc", lists={"train": "train_aug", "val": "val"})
