"""Which folders of masks are scored, and their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from seco.errors import SecoError
from seco.runtime.progress import progress
from seco.scores.bootstrap import Interval, bootstraps
from seco.scores.classification import LabelScores
from seco.scores.counts_file import CountsKey, last_variants
from seco.scores.evaluation import Evaluation, evaluate_masks
from seco.scores.metrics import METRICS, TOTALS, headline_metrics
from seco.storage.confidence import CONFIDENCE
from seco.storage.manifest import Manifest

CAM_SEED = "cam_seed"
REFINED = "refined"
SEGMENTATION = "segmentation"
_TITLES = {CAM_SEED: "CAM seed", REFINED: "refined mask", SEGMENTATION: "segmentation"}
_VARIANTS = ("single_scale", "multi_scale", "crf")
MEASURED_CONFIDENCE = "multi_scale"
CLASSIFICATION = "classification"
"""The key of the classifier's scores in metrics.json, beside the kinds of masks."""


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
    def confidence(self) -> Path | None:
        """The folder that says how sure the masks are, where there is one."""
        folder = self.folder.parent / CONFIDENCE
        return folder if self.variant == MEASURED_CONFIDENCE and folder.is_dir() else None

    @property
    def key(self) -> str:
        """Its name in files: "cam_seed", "segmentation/multi_scale"."""
        return f"{self.kind}/{self.variant}" if self.variant else self.kind

    @property
    def short_title(self) -> str:
        """Its name in figures: "CAM seed", "refined mask", "segmentation"."""
        return title_of(self.kind)

    @property
    def title(self) -> str:
        """Its name in tables: as in figures, but "segmentation, multi scale"."""
        return title_of(self.kind, self.variant)


def title_of(kind: str, variant: str | None = None) -> str:
    """Return what people call a kind of masks and its variant: "segmentation, multi scale"."""
    return f"{_TITLES[kind]}, {variant.replace('_', ' ')}" if variant else _TITLES[kind]


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
    def lack(self) -> str | None:
        """Why there are no scores; None where there are."""
        if self.evaluation.whole.occurs().any():
            return None
        if self.evaluation.whole.images:
            return "the truth masks ignore every pixel"
        return "no image has a predicted mask" if self.evaluation.missing else "no image has a truth mask"

    @property
    def is_scored(self) -> bool:
        """Whether there are scores."""
        return self.lack is None

    @property
    def counts_key(self) -> CountsKey:
        """Its name in counts.npz."""
        return CountsKey(self.source.kind, self.split, self.source.variant or "")

    @cached_property
    def intervals(self) -> dict[str, Interval]:
        """The metrics of the headline, by name, with their intervals over images."""
        return bootstraps([self.evaluation.by_image], headline_metrics())


def rows_of(frame: pd.DataFrame, key: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows of a table about some masks and their split, as of ``Measurement.key``."""
    return frame.loc[(frame["masks"] == key["masks"]) & (frame["split"] == key["split"])]


def main_measurement(scored: Sequence[Measurement]) -> Measurement:
    """Return the masks that the page is about: the most refined, on the first split that has them."""
    return next(item for item in scored if item.source == scored[-1].source)


def last_measurements(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Return the measurements of the ``last_variants``."""
    by_key = {item.counts_key: item for item in measurements}
    return [by_key[key] for key in last_variants(by_key)]


def list_sources(
    *,
    seeds: Path,
    refined: Path,
    predictions: Path,
    seed_splits: Sequence[str],
    refined_splits: Sequence[str],
    predicted_splits: Sequence[str],
    partly: bool = False,
) -> list[MaskSource]:
    """Return the CAM seeds, the refined masks and each segmentation variant whose folder exists.

    Raises:
        SecoError: there is no segmentation at all, and not only a part is wanted.
    """
    sources = [
        MaskSource(CAM_SEED, None, seeds, "export-masks", tuple(seed_splits)),
        MaskSource(REFINED, None, refined, "refine", tuple(refined_splits)),
    ]
    found = [name for name in _VARIANTS if (predictions / name).is_dir()]
    if predicted_splits and not found and not partly:
        raise SecoError(
            f"there is no segmentation below {predictions}: run `seco predict`, or score the other masks with "
            "`seco evaluate --partial`"
        )
    splits = tuple(predicted_splits)
    sources += [MaskSource(SEGMENTATION, name, predictions / name, "predict", splits) for name in found]
    return [source for source in sources if source.splits]


def measure(
    manifest: Manifest,
    sources: Sequence[MaskSource],
    *,
    contexts: Mapping[str, Sequence[str]],
    data: str | None = None,
    partly: bool = False,
) -> list[Measurement]:
    """Compare every source with the truth, split by split, and show the progress.

    Args:
        manifest: the data set.
        sources: the masks.
        contexts: image id → contexts, as of `read_contexts`.
        data: the fingerprint of the data set, where it is known.
        partly: leave out images whose mask is missing.

    Raises:
        SecoError: a mask is missing or damaged; the sentence names the stage to run.
    """
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
                confidence=source.confidence,
                data=data,
                partly=partly,
                progress=advance.reach,
            )
        measurements += [Measurement(source, split, evaluation) for split, evaluation in evaluations.items()]
    return measurements


def metrics_of(
    measurements: Sequence[Measurement], together: pd.DataFrame, labels: Mapping[str, LabelScores]
) -> dict[str, Any]:
    """Return the content of metrics.json: kind → split (→ variant, for segmentations) → scores, as fractions.

    Args:
        measurements: the evaluations.
        together: the frame of ``cooccurrence_table``; its means over pairs are ``pair_confusion`` (of the pixels of the
            other class) and ``context_gap``.
        labels: the scores of the classifier by split; they stand under "classification".
    """
    shares = {"pair_confusion": "on_other_percent", "context_gap": "gap_percent"}
    metrics: dict[str, Any] = {}
    for item in measurements:
        scores = metrics.setdefault(item.source.kind, {}).setdefault(item.split, {})
        if item.source.variant is not None:
            scores = scores.setdefault(item.source.variant, {})
        scores |= {name: score.mean(item.evaluation.whole) for name, score in (METRICS | TOTALS).items()}
        for name, interval in item.intervals.items():
            scores |= _ends(name, interval)
        if len(item.evaluation.calibration):
            error = item.evaluation.calibration.error()
            scores |= {"calibration_error": error.value, **_ends("calibration_error", error)}
        pairs = rows_of(together, item.key)
        if len(pairs):
            scores |= {name: float(pairs[column].mean()) / 100 for name, column in shares.items()}
    for split, found in labels.items():
        of_split = metrics.setdefault(CLASSIFICATION, {}).setdefault(split, {"images": found.images})
        for name, interval in (("map", found.mean_average_precision), ("f1", found.mean_f1)):
            of_split |= {name: interval.value, **_ends(name, interval)}
    return metrics


def _ends(name: str, interval: Interval) -> dict[str, float]:
    return {f"{name}_low": interval.low, f"{name}_high": interval.high}
