"""What `seco prepare` leaves behind: the manifest, masks beside it, and what the data set holds in numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seco.cooccurrence import Counts, count_pairs, lift
from seco.datasets.checking import CheckedRecord
from seco.datasets.drawing import place_masks
from seco.datasets.summary import summarise
from seco.errors import SecoError
from seco.metrics import Values
from seco.storage.manifest import TRAIN, Manifest, write_manifest
from seco.storage.pairs import write_pairs


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


def write_dataset(
    folder: Path,
    checked: Sequence[CheckedRecord],
    *,
    class_names: Sequence[str],
    store: Path,
    left_out: Mapping[str, int],
    problems: int,
) -> Statistics:
    """Write the manifest of checked images and what belongs to it; the manifest comes last.

    Args:
        folder: gets manifest.csv, classes.csv, cooccurrence.csv, summary.json and, where masks were drawn, masks/.
        checked: the images.
        class_names: foreground classes in id order.
        store: where drawn masks were kept.
        left_out: split → images that are left out since they have no label.
        problems: number of problems for which images are left out.

    Raises:
        SecoError: no image is left to train on, or a file cannot be written.
    """
    if not any(item.record.split == TRAIN for item in checked):
        raise SecoError(f"no image is in the split {TRAIN!r}, so there is nothing to learn from: correct the splits")
    placed = place_masks(checked, store=store, folder=folder)
    manifest = Manifest(tuple(item.record for item in placed), tuple(class_names))
    label_sets = [manifest.label_ids(record) for record in manifest.records]
    counts = count_pairs(label_sets, num_classes=len(class_names))
    lifts = lift(counts, num_images=len(label_sets))
    summary = summarise(placed, class_names=class_names, left_out=left_out, problems=problems)
    write_pairs(folder, class_names=class_names, counts=counts, lifts=lifts)
    write_manifest(folder, manifest, summary=summary)
    return Statistics(summary, counts, lifts)


def linked_folders(root: Path, checked: Sequence[CheckedRecord]) -> Iterator[Path]:
    """Yield the folders with images or masks below `root` that are links; `root` itself may be one."""
    files = (file for item in checked for file in (item.record.image, item.record.mask) if file is not None)
    folders = {folder for parent in {file.parent for file in files} for folder in (parent, *parent.parents)}
    inside = (folder for folder in folders if folder != root and folder.is_relative_to(root))
    yield from sorted(folder for folder in inside if folder.is_symlink())
