"""What `seco prepare` leaves behind: the manifest, masks beside it, and what the data set holds in numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seco.data.checking import CheckedRecord
from seco.data.cooccurrence import Counts, Values, count_pairs, lift
from seco.data.drawing import place_masks
from seco.data.problems import Problem
from seco.data.summary import summarise
from seco.errors import SecoError
from seco.storage.manifest import TRAIN, Manifest, write_manifest
from seco.storage.pairs import write_pairs


@dataclass(frozen=True)
class Inspected:
    """A data set of which every file was looked at.

    Attributes:
        checked: the sound images.
        problems: what is wrong with the others, and with the lists.
        class_names: foreground classes in id order.
        left_out: split → images that are left out since they have no label.
    """

    checked: Sequence[CheckedRecord]
    problems: Sequence[Problem]
    class_names: tuple[str, ...]
    left_out: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Statistics:
    """What a data set holds.

    Attributes:
        summary: as of `summarise`.
        counts: int64 `[K+1, K+1]`, the images that classes share.
        lifts: float64 `[K+1, K+1]`, how much more often than by chance.
    """

    summary: dict[str, Any]
    counts: Counts
    lifts: Values


def write_dataset(folder: Path, inspected: Inspected, *, store: Path) -> Statistics:
    """Write the manifest of the sound images and what belongs to it; the manifest comes last.

    Args:
        folder: gets manifest.csv, classes.csv, cooccurrence.csv, summary.json and, where masks were drawn, masks/.
        inspected: the data set.
        store: where drawn masks were kept.

    Raises:
        SecoError: no image is left to train on, or a file cannot be written.
    """
    if not any(item.record.split == TRAIN for item in inspected.checked):
        raise SecoError(f"no image is in the split {TRAIN!r}, so there is nothing to learn from: correct the splits")
    names = inspected.class_names
    placed = place_masks(inspected.checked, store=store, folder=folder)
    manifest = Manifest(tuple(item.record for item in placed), names)
    label_sets = [manifest.label_ids(record) for record in manifest.records]
    counts = count_pairs(label_sets, num_classes=len(names))
    lifts = lift(counts, num_images=len(label_sets))
    left_out, problems = inspected.left_out, len(inspected.problems)
    summary = summarise(placed, class_names=names, left_out=left_out, problems=problems)
    write_pairs(folder, class_names=names, counts=counts, lifts=lifts)
    write_manifest(folder, manifest, summary=summary)
    return Statistics(summary, counts, lifts)


def linked_folders(root: Path, checked: Sequence[CheckedRecord]) -> list[Path]:
    """Return the folders with images or masks below `root` that are links; `root` itself may be one."""
    files = (file for item in checked for file in (item.record.image, item.record.mask) if file is not None)
    folders = {folder for parent in {file.parent for file in files} for folder in (parent, *parent.parents)}
    inside = (folder for folder in folders if folder != root and folder.is_relative_to(root))
    return sorted(folder for folder in inside if folder.is_symlink())
