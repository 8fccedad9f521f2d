"""Masks on disk against the truth: a confusion matrix a split, and one a context where contexts are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from seco.errors import SecoError
from seco.metrics import ConfusionMatrix
from seco.parallel import ProgressCallback, thread_map
from seco.storage.manifest import Record
from seco.storage.masks import mask_path, read_mask


@dataclass(eq=False)
class Evaluation:
    """What the masks of one split were worth.

    Attributes:
        confusion: over all images that have a truth mask.
        by_context: the same over the images of each context (an image counts in each of its contexts).
        images: number of images counted.
        images_in_context: number of images counted a context.
        without_truth: number of images skipped, having no truth mask.
    """

    confusion: ConfusionMatrix
    by_context: dict[str, ConfusionMatrix] = field(default_factory=dict)
    images: int = 0
    images_in_context: dict[str, int] = field(default_factory=dict)
    without_truth: int = 0

    def add(self, counted: ConfusionMatrix, contexts: Sequence[str]) -> None:
        """Add the counts of one image that shows these contexts."""
        self.confusion.merge(counted)
        self.images += 1
        for context in contexts:
            group = self.by_context.setdefault(context, ConfusionMatrix(counted.num_classes))
            group.merge(counted)
            self.images_in_context[context] = self.images_in_context.get(context, 0) + 1


def evaluate_masks(
    records: Sequence[Record],
    folder: Path,
    *,
    class_names: Sequence[str],
    stage: str,
    contexts: Mapping[str, Sequence[str]],
    progress: ProgressCallback | None = None,
) -> dict[str, Evaluation]:
    """Compare the masks in `folder` with the truth, in parallel.

    Args:
        records: the images; those without a truth mask are skipped and counted.
        folder: the predicted masks, named by image id.
        class_names: foreground classes in id order.
        stage: the command that writes the masks, named when one is missing.
        contexts: image id → the contexts it shows; images that are not in it show none.
        progress: called with (done, total) after each image.

    Returns:
        An evaluation for each split among the records.

    Raises:
        SecoError: a mask is missing or damaged, or no class id, or of another size than its image.
    """
    splits = dict.fromkeys(record.split for record in records)
    evaluations = {split: Evaluation(ConfusionMatrix(len(class_names))) for split in splits}
    known = [(record, record.mask) for record in records if record.mask is not None]
    compare = partial(_compare, folder=folder, num_classes=len(class_names), stage=stage)
    for (record, _), counted in zip(known, thread_map(compare, known, progress=progress), strict=True):
        evaluations[record.split].add(counted, contexts.get(record.id, ()))
    for record in records:
        evaluations[record.split].without_truth += record.mask is None
    return evaluations


def _compare(known: tuple[Record, Path], *, folder: Path, num_classes: int, stage: str) -> ConfusionMatrix:
    record, truth = known
    path = mask_path(folder, record.id)
    if not path.is_file():
        raise SecoError(f"the mask {path} is missing: run `seco {stage}`")
    size = (record.width, record.height)
    matrix = ConfusionMatrix(num_classes)
    matrix.update(
        read_mask(truth, num_classes=num_classes, size=size),
        read_mask(path, num_classes=num_classes, size=size),
    )
    return matrix
