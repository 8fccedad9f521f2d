"""Compare masks on disk with the truth: a confusion matrix for each split, and for each known context."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback, thread_map
from seco.scores.boundary import boundary_scores
from seco.scores.calibration import Calibration, count_levels
from seco.scores.confusion import ConfusionMatrix, Counts, Values
from seco.scores.image_counts import ImageCounts
from seco.storage.confidence import read_confidence
from seco.storage.manifest import Record
from seco.storage.masks import mask_path, read_mask

_NAMED = 5  # missing masks


class Evaluation:
    """Counts over the images of one split.

    Args:
        num_classes: K.
        data: the fingerprint of the data set, where it is known.

    Attributes:
        whole: over all images that have a truth mask.
        by_image: the same, image by image.
        by_context: over those of each context; an image counts in each of its contexts.
        calibration: of the confidence of the images that have one.
        without_truth: number of images that are skipped because they have no truth mask.
        missing: number of images that are skipped because their predicted mask is missing.
    """

    def __init__(self, num_classes: int, *, data: str | None = None) -> None:
        self.whole = ConfusionMatrix(num_classes)
        self.by_image = ImageCounts(num_classes, data=data)
        self.by_context: dict[str, ConfusionMatrix] = {}
        self.calibration = Calibration()
        self.without_truth = 0
        self.missing = 0

    def add(
        self,
        image_id: str,
        matrix: ConfusionMatrix,
        contexts: Sequence[str],
        *,
        boundaries: Values | None = None,
        levels: Counts | None = None,
    ) -> None:
        """Add what was counted in one image.

        Args:
            image_id: its id.
            matrix: its pixels.
            contexts: those that it shows.
            boundaries: its boundary F-scores ``[K+1]``, where they are known.
            levels: those of its confidence, as of ``count_levels``, where it is known.
        """
        if boundaries is not None:
            matrix.update_boundaries(boundaries)
        self.whole.merge(matrix)
        self.by_image.add(image_id, matrix.counts, boundaries)
        for context in contexts:
            self.by_context.setdefault(context, ConfusionMatrix(matrix.num_classes)).merge(matrix)
        if levels is not None:
            self.calibration.add(levels)


def evaluate_masks(
    records: Sequence[Record],
    folder: Path,
    *,
    class_names: Sequence[str],
    stage: str,
    contexts: Mapping[str, Sequence[str]],
    confidence: Path | None = None,
    data: str | None = None,
    partly: bool = False,
    progress: ProgressCallback | None = None,
) -> dict[str, Evaluation]:
    """Compare the masks in `folder` with the truth, in parallel.

    Args:
        records: the images; those without a truth mask are skipped and counted.
        folder: the predicted masks, named by image id.
        class_names: foreground classes in id order.
        stage: the command that writes the masks, named when one is missing.
        contexts: image id → the contexts it shows; images that are not in it show none.
        confidence: how sure the masks are, as of `write_confidence`; None: that is not known.
        data: the fingerprint of the data set, where it is known.
        partly: skip and count images whose predicted mask is missing, and do without a confidence that is.
        progress: called with (done, total) after each image.

    Returns:
        An evaluation for each split among the records.

    Raises:
        SecoError: a mask is missing or damaged, holds an unknown value or has another size than its image.
    """
    splits = dict.fromkeys(record.split for record in records)
    evaluations = {split: Evaluation(len(class_names), data=data) for split in splits}
    for record in records:
        evaluations[record.split].without_truth += record.mask is None
    missing = _missing(records, folder)
    if missing and not partly:
        shown = ", ".join([*list(missing)[:_NAMED], *["…"] * (len(missing) > _NAMED)])
        raise SecoError(
            f"{len(missing)} of {len(records)} masks are missing in {folder} ({shown}): "
            f"run `seco {stage}`, or score the others with `seco evaluate --partial`"
        )
    for record in missing.values():
        evaluations[record.split].missing += 1
    known = [(record, record.mask) for record in records if record.mask is not None and record.id not in missing]
    compare = partial(_compare, folder=folder, num_classes=len(class_names), confidence=confidence, partly=partly)
    for (record, _), counted in zip(known, thread_map(compare, known, progress=progress), strict=True):
        matrix, boundaries, levels = counted
        shown = contexts.get(record.id, ())
        evaluations[record.split].add(record.id, matrix, shown, boundaries=boundaries, levels=levels)
    return evaluations


def _missing(records: Sequence[Record], folder: Path) -> dict[str, Record]:
    """Return the images with a truth mask whose predicted mask is missing, by id."""
    known = (record for record in records if record.mask is not None)
    return {record.id: record for record in known if not mask_path(folder, record.id).is_file()}


def _compare(
    known: tuple[Record, Path], *, folder: Path, num_classes: int, confidence: Path | None, partly: bool
) -> tuple[ConfusionMatrix, Values, Counts | None]:
    """Return the pixels of an image, its boundary F-scores and the levels of its confidence, where that is known."""
    record, truth_file = known
    size = (record.width, record.height)
    truth = read_mask(truth_file, num_classes=num_classes, size=size)
    prediction = read_mask(mask_path(folder, record.id), num_classes=num_classes, size=size)
    matrix = ConfusionMatrix(num_classes)
    matrix.update(truth, prediction)
    boundaries = boundary_scores(truth, prediction, num_classes=num_classes)
    file = None if confidence is None else mask_path(confidence, record.id)
    if file is None or (partly and not file.is_file()):
        return matrix, boundaries, None
    levels = read_confidence(file, size=size)
    return matrix, boundaries, count_levels(truth, prediction, levels)
