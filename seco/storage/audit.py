"""What image labels alone say about classes that are hardly seen without another: `audit.csv`."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seco.errors import SecoError
from seco.storage.csv_file import read_csv, write_csv
from seco.storage.manifest import TRAIN, Manifest, Record
from seco.storage.pairs import lift
from seco.storage.plain_text import listed

AUDIT_FILE = "audit.csv"
MOST_PARTNERS = 5
"""Other classes of a class that the audit names."""
_COLUMNS = (
    *("class", "images", "images_alone", "other", "images_with_other", "images_without_other", "lift"),
    "images_needed",
)


class Partner(NamedTuple):
    """A class, and another that comes with it more often than by chance."""

    class_name: str
    images: int
    """That show the class."""
    images_alone: int
    """Of these, those that show no other class."""
    other: str
    """Empty for a class that comes with no other more often than by chance; the numbers below are 0 then."""
    images_with_other: int
    lift: float
    images_needed: int
    """How many more images of the class without the other would make them a third of its images."""

    @property
    def images_without_other(self) -> int:
        """Images of the class that do not show the other."""
        return self.images - self.images_with_other if self.other else 0


def audited_records(manifest: Manifest) -> Sequence[Record]:
    """Return the images whose labels are audited: those of `train`, or all where no split is called so."""
    return manifest.split(TRAIN) if TRAIN in manifest.splits else manifest.records


def audit(
    counts: npt.NDArray[np.int64], *, alone: Sequence[int], num_images: int, class_names: Sequence[str]
) -> list[Partner]:
    """Find the classes that are hardly seen without another: a network cannot tell such a class from its company.

    Args:
        counts: int64 `[K+1, K+1]`, the images that show two classes and, on the diagonal, those that show a class.
        alone: for each class, the images that show no other class.
        num_images: number of images that were counted.
        class_names: foreground classes in id order.

    Returns:
        In the order of the classes, up to five others of each whose lift is above 1: those that need most images first,
        and of these those that share most of its images.
    """
    lifts, found = lift(counts, num_images=num_images), []
    for class_id, (name, single) in enumerate(zip(class_names, alone, strict=True), start=1):
        images = int(counts[class_id, class_id])
        partners = [
            Partner(name, images, single, other, int(met), float(lifts[class_id, other_id]), _needed(images, int(met)))
            for other_id, other in enumerate(class_names, start=1)
            if (met := counts[class_id, other_id]) and lifts[class_id, other_id] > 1
        ]
        partners.sort(key=lambda partner: (-partner.images_needed, -partner.images_with_other))
        found += partners[:MOST_PARTNERS] or [Partner(name, images, single, "", 0, 0.0, 0)]
    return found


def audit_sentences(partners: Sequence[Partner]) -> list[str]:
    """Say in a sentence a class which images would help most; classes that are often seen without others have none."""
    sentences = []
    for name in dict.fromkeys(partner.class_name for partner in partners):
        rows = [partner for partner in partners if partner.class_name == name]
        images, single = rows[0].images, rows[0].images_alone
        wanted = [
            f"{row.images_needed} more without {row.other} (now {row.images_without_other})"
            for row in rows
            if row.images_needed
        ]
        seen = f"{name} is alone in {single or 'none'} of its {images} images"
        if wanted:
            aim = (
                "would make those a third of its images"
                if len(wanted) == 1
                else "would make those a third of its images each"
            )
            sentences.append(f"{seen}: {listed(wanted)} {aim}")
        elif images and not single:
            sentences.append(f"{seen}, but no single class is in more than two thirds of them")
    return sentences


def write_audit(folder: Path, partners: Sequence[Partner]) -> None:
    """Write a row for each partner.

    Raises:
        SecoError: the file cannot be written.
    """
    rows = [
        (
            row.class_name,
            *map(str, (row.images, row.images_alone)),
            row.other,
            *map(str, (row.images_with_other, row.images_without_other)),
            f"{row.lift:.6g}",
            str(row.images_needed),
        )
        for row in partners
    ]
    write_csv(folder / AUDIT_FILE, rows, columns=_COLUMNS)


def read_audit(folder: Path) -> list[Partner]:
    """Return what `write_audit` wrote; lifts have six significant digits.

    Raises:
        SecoError: the file is missing or damaged.
    """
    partners = []
    for where, row in read_csv(folder / AUDIT_FILE, columns=_COLUMNS, stage="prepare"):
        try:
            partner = Partner(
                row["class"],
                int(row["images"]),
                int(row["images_alone"]),
                row["other"],
                int(row["images_with_other"]),
                float(row["lift"]),
                int(row["images_needed"]),
            )
        except ValueError as error:
            raise SecoError(f"{where}: holds no number ({error}): run `seco prepare` again") from error
        partners.append(partner)
    return partners


def _needed(images: int, met: int) -> int:
    """Return the least x with ``(without + x) / (images + x) >= 1/3``, where ``without`` is ``images - met``."""
    without = images - met
    return max(-((3 * without - images) // 2), 0)
