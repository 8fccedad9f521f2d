"""Which folders of masks are scored, their scores, and what a reader must know about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from seco.errors import SecoError
from seco.runtime.progress import progress
from seco.scores.evaluation import Evaluation, evaluate_masks
from seco.scores.metrics import METRICS
from seco.storage.contexts import read_contexts
from seco.storage.manifest import Manifest

CAM_SEED = "cam_seed"
REFINED = "refined"
SEGMENTATION = "segmentation"
_TITLES = {CAM_SEED: "CAM seed", REFINED: "refined mask", SEGMENTATION: "segmentation"}
_VARIANTS = ("single_scale", "multi_scale", "crf")


@dataclass(frozen=True)
class MaskSource:
    """A folder of masks.

    Attributes:
        kind: "cam_seed", "refined" or "segmentation"; the key in metrics.json.
        variant: which segmentation ("single_scale", "multi_scale", "crf"); None for the others.
        folder: the masks, named by image id.
        stage: the command that writes them.
        splits: the splits they cover.
    """

    kind: str
    variant: str | None
    folder: Path
    stage: str
    splits: tuple[str, ...]

    @property
    def short_title(self) -> str:
        """Its name in figures: "CAM seed", "refined mask", "segmentation"."""
        return _TITLES[self.kind]

    @property
    def title(self) -> str:
        """Its name in tables: as in figures, but "segmentation, multi scale"."""
        return f"{self.short_title}, {self.variant.replace('_', ' ')}" if self.variant else self.short_title


@dataclass(frozen=True, eq=False)
class Measurement:
    """The masks of one source, compared with the truth of one split."""

    source: MaskSource
    split: str
    evaluation: Evaluation

    @property
    def key(self) -> dict[str, str]:
        """The first two columns of every table: the masks and their split."""
        return {"masks": self.source.title, "split": self.split}

    @property
    def is_scored(self) -> bool:
        """Whether an image of the split has a truth mask; without one there are no scores."""
        return self.evaluation.whole.images > 0


def list_sources(
    *,
    seeds: Path,
    refined: Path,
    predictions: Path,
    seed_splits: Sequence[str],
    refined_splits: Sequence[str],
    predicted_splits: Sequence[str],
) -> list[MaskSource]:
    """Return the CAM seeds, the refined masks and each segmentation variant whose folder exists.

    Raises:
        SecoError: there is no segmentation at all.
    """
    sources = [
        MaskSource(CAM_SEED, None, seeds, "export-masks", tuple(seed_splits)),
        MaskSource(REFINED, None, refined, "refine", tuple(refined_splits)),
    ]
    found = [name for name in _VARIANTS if (predictions / name).is_dir()]
    if predicted_splits and not found:
        raise SecoError(f"there is no segmentation below {predictions}: run `seco predict`")
    splits = tuple(predicted_splits)
    sources += [MaskSource(SEGMENTATION, name, predictions / name, "predict", splits) for name in found]
    return [source for source in sources if source.splits]


def measure(manifest: Manifest, sources: Sequence[MaskSource], *, contexts_file: Path) -> list[Measurement]:
    """Compare every source with the truth, split by split, and show the progress.

    Raises:
        SecoError: a mask is missing or damaged; the sentence names the stage to run.
    """
    contexts = read_contexts(contexts_file)
    measurements: list[Measurement] = []
    for source in sources:
        records = [record for split in source.splits for record in manifest.split(split)]
        with progress(f"evaluate {source.title}", len(records)) as advance:
            evaluations = evaluate_masks(
                records,
                source.folder,
                class_names=manifest.class_names,
                stage=source.stage,
                contexts=contexts,
                progress=advance.reach,
            )
        measurements += [Measurement(source, split, evaluation) for split, evaluation in evaluations.items()]
    return measurements


def metrics_of(measurements: Sequence[Measurement], together: pd.DataFrame) -> dict[str, Any]:
    """Return the content of metrics.json: kind → split (→ variant, for segmentations) → the mean of each metric.

    Args:
        measurements: the evaluations.
        together: the frame of ``cooccurrence_table``; its means over pairs are ``pair_confusion`` (of the pixels of the
            other class) and ``context_gap``, as fractions.
    """
    shares = {"pair_confusion": "on_other_percent", "context_gap": "gap_percent"}
    metrics: dict[str, Any] = {}
    for item in measurements:
        scores = metrics.setdefault(item.source.kind, {}).setdefault(item.split, {})
        if item.source.variant is not None:
            scores = scores.setdefault(item.source.variant, {})
        scores |= {name: metric.mean(item.evaluation.whole) for name, metric in METRICS.items()}
        pairs = together[(together[[*item.key]] == pd.Series(item.key)).all(axis="columns")]
        if len(pairs):
            scores |= {name: float(pairs[column].mean()) / 100 for name, column in shares.items()}
    return metrics


def notes_on(measurements: Sequence[Measurement], *, class_names: Sequence[str]) -> list[str]:
    """Return a sentence on each omission: classes without a finite confusion ratio, images without truth."""
    notes = []
    for item in measurements:
        where = f"{item.source.title} ({item.split})"
        if not item.is_scored:
            notes.append(f"{where}: no image has a truth mask, so mIoU and confusion cannot be measured")
            continue
        confusion = item.evaluation.whole
        if not confusion.occurs()[1:].any():
            notes.append(f"{where}: the truth masks show background alone, so there is no mean over classes")
        ratios = confusion.confusion_ratio()[1:]
        # A class that neither occurs in the truth nor is predicted costs nothing and needs no note.
        missed = np.isnan(ratios) & confusion.occurs()[1:]
        for left_out, reason in ((np.isinf(ratios), "infinite"), (missed, "not defined (nothing predicted)")):
            if left_out.any():
                names = ", ".join(np.array(class_names)[left_out])
                notes.append(f"{where}: the confusion ratio is {reason} for {names}; the mean leaves them out")
        if item.evaluation.without_truth:
            notes.append(f"{where}: {item.evaluation.without_truth} images have no truth mask and were skipped")
    return notes
