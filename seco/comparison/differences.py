"""What differs between runs: scores with paired intervals over images, single classes, and settings."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from seco.comparison.runs import Run
from seco.errors import SecoError
from seco.reporting.intervals import INTERVAL
from seco.scores.bootstrap import Interval, bootstraps, paired_differences
from seco.scores.confusion import ConfusionMatrix, Values
from seco.scores.counts_file import CountsKey, last_variants
from seco.scores.metrics import METRICS, MIOU, Metric, headline_metrics

BETTER, WORSE, SAME = "better", "worse", "no difference"
REFERENCE = "reference"


@dataclass(frozen=True)
class _ScoreOfClass:
    """The score of a single class, as what an interval is for."""

    metric: Metric
    class_id: int

    @property
    def name(self) -> str:
        return str(self.class_id)

    def means(self, confusion: ConfusionMatrix) -> Values:
        return self.metric.of_classes(confusion)[..., self.class_id]


def common_masks(runs: Sequence[Run]) -> list[CountsKey]:
    """Return the kinds of masks, split by split, that all runs have and an image has truth for.

    Raises:
        SecoError: there is none.
    """
    first, *others = runs
    scored = [key for key in first.masks() if len(first.counts(key)[0])]
    common = [key for key in scored if all(key in run.masks() for run in others)]
    if not common:
        names = ", ".join(run.name for run in runs)
        raise SecoError(f"{names} have no masks with scores in common: evaluate the same splits, with true masks")
    return common


def score_differences(runs: Sequence[Run], masks: Sequence[CountsKey]) -> pd.DataFrame:
    """Return a row for each kind of masks, metric of the headline and run; the first run is the reference.

    Returns:
        Columns kind, split, variant, metric and run, as they stand in metrics.json; value and difference, each followed
        by `_low` and `_high`, its 95 % interval over images (shares are fractions); verdict.

    Raises:
        SecoError: the runs are of other images, data or classes.
    """
    metrics = headline_metrics()
    rows: list[dict[str, Any]] = []
    for key in masks:
        images = len(runs[0].counts(key)[0])
        found = [bootstraps(run.counts(key), metrics) for run in runs]
        apart = [_differences(runs[0], run, key, metrics) for run in runs[1:]]
        for metric in metrics:
            for run, scores, differences in zip(runs, found, [None, *apart], strict=True):
                difference = None if differences is None else differences[metric.name]
                row = {**key._asdict(), "metric": metric.name, "run": run.name, "images": images}
                row |= _ends("value", scores[metric.name]) | _ends("difference", difference)
                rows.append(row | {"verdict": verdict(difference, lower_is_better=metric.lower_is_better)})
    return pd.DataFrame(rows)


def main_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``score_differences`` that a terminal shows: the prominent metrics of the last variants."""
    keys = [CountsKey(*key) for key in scores[[*CountsKey._fields]].itertuples(index=False, name=None)]
    last, shown = {*last_variants(keys)}, {name for name, metric in METRICS.items() if metric.prominent}
    kept = [key in last and metric in shown for key, metric in zip(keys, scores["metric"], strict=True)]
    return scores.loc[kept]


def class_differences(runs: Sequence[Run], key: CountsKey, *, metric: Metric = MIOU) -> pd.DataFrame:
    """Return a row for each class and run after the first.

    Columns class, run, reference (the first run's value), value, difference with its interval as above, verdict.
    """
    names = ["background", *runs[0].class_names]
    scores = [_ScoreOfClass(metric, class_id) for class_id in range(len(names))]
    before = _of_classes(runs[0], key, metric)
    rows: list[dict[str, Any]] = []
    for run in runs[1:]:
        after = _of_classes(run, key, metric)
        differences = _differences(runs[0], run, key, scores)
        for class_id, name in enumerate(names):
            difference = differences[str(class_id)]
            row = {"class": name, "run": run.name, "reference": before[class_id], "value": after[class_id]}
            row |= _ends("difference", difference)
            rows.append(row | {"verdict": verdict(difference, lower_is_better=metric.lower_is_better)})
    return pd.DataFrame(rows)


def setting_differences(runs: Sequence[Run]) -> pd.DataFrame:
    """Return a row for each key of params.yaml whose value differs: `setting`, and a column `run NAME` for each run."""
    keys = dict.fromkeys(key for run in runs for key in run.settings)
    values = {key: [run.settings.get(key, "–") for run in runs] for key in keys}
    rows = [[key, *found] for key, found in values.items() if len({*found}) > 1]
    return pd.DataFrame(rows, columns=pd.Index(["setting", *(f"run {run.name}" for run in runs)]))


def verdict(difference: Interval | None, *, lower_is_better: bool) -> str:
    """Say whether a run is better than the reference: where the whole interval is on one side of 0.

    A difference of None is the reference's own.
    """
    if difference is None:
        return REFERENCE
    if math.isnan(difference.value):
        return "not defined"
    if not difference.sure:
        return SAME
    return BETTER if (difference.value < 0) == lower_is_better else WORSE


def _differences(first: Run, other: Run, key: CountsKey, scores: Sequence[Any]) -> dict[str, Interval]:
    if first.class_names != other.class_names:
        raise SecoError(f"{first.name} and {other.name} are of other classes: compare runs on the same data")
    try:
        return paired_differences(first.counts(key), other.counts(key), scores)
    except SecoError as fault:
        raise SecoError(f"{first.name} and {other.name} cannot be compared: {fault}") from fault


def _ends(name: str, interval: Interval | None) -> dict[str, float]:
    values = (np.nan, np.nan, np.nan) if interval is None else interval
    return {f"{name}{end}": value for end, value in zip(INTERVAL, values, strict=True)}


def _of_classes(run: Run, key: CountsKey, metric: Metric) -> Values:
    """Return the score of each class, ``[K+1]``; the mean over seeds."""
    return np.mean([metric.of_classes(counts.total()) for counts in run.counts(key)], axis=0)
