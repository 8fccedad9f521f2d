"""Compare masks on disk with the truth: a confusion matrix for each split, and for each known context."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback, thread_map
from seco.scores.confusion import ConfusionMatrix
from seco.scores.image_counts import ImageCounts
from seco.storage.manifest import Record
from seco.storage.masks import mask_path, read_mask


class Evaluation:
    """Counts over the images of one split.

    Attributes:
        whole: over all images that have a truth mask.
        by_image: the same, image by image.
        by_context: over those of each context; an image counts in each of its contexts.
        without_truth: number of images that are skipped because they have no truth mask.
    """

    def __init__(self, num_classes: int) -> None:
        self.whole = ConfusionMatrix(num_classes)
        self.by_image = ImageCounts(num_classes)
        self.by_context: dict[str, ConfusionMatrix] = {}
        self.without_truth = 0

    def add(self, image_id: str, counted: ConfusionMatrix, contexts: Sequence[str]) -> None:
        """Add the counts of one image that shows these contexts."""
        self.whole.merge(counted)
        self.by_image.add(image_id, counted.counts)
        for context in contexts:
            self.by_context.setdefault(context, ConfusionMatrix(counted.num_classes)).merge(counted)


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
        SecoError: a mask is missing or damaged, holds an unknown value or has another size than its image.
    """
    splits = dict.fromkeys(record.split for record in records)
    evaluations = {split: Evaluation(len(class_names)) for split in splits}
    known = [(record, record.mask) for record in records if record.mask is not None]
    compare = partial(_compare, folder=folder, num_classes=len(class_names), stage=stage)
    for (record, _), counted in zip(known, thread_map(compare, known, progress=progress), strict=True):
        evaluations[record.split].add(record.id, counted, contexts.get(record.id, ()))
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
