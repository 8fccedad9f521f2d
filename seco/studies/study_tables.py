"""The tables of a study: means ± standard deviations over seeds, and differences to a reference."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

from seco.errors import SecoError
from seco.studies.results import SPANS, Row

CAM, MIOU, CONFUSION, BIASED, PURITY = "CAM mIoU %", "mIoU %", "confusion", "confusion, biased", "tag purity %"
MINUTES, INFINITE, BIASED_IOU, FULL = "training, minutes", "infinite, biased", "IoU %, biased", "full supervision"
_SCORES = (CAM, "mask mIoU %", MIOU, "precision %", "recall %", CONFUSION, BIASED, PURITY)
_COMPARED = (MIOU, BIASED)
_SEGMENTATIONS = ("crf", "multi_scale", "single_scale")  # the most refined first


def study_scores(rows: Sequence[Row], *, seed_split: str, split: str, biased: Sequence[str]) -> pd.DataFrame:
    """Return a row a run: what it is (as in the results file) and its scores; NaN where a score was not measured.

    The most refined segmentation is scored. Full supervision trains no classifier, hence has no scores of CAMs.

    Args:
        seed_split: split on which CAM seeds and refined masks are scored; the paper's are those of train.
        split: split on which segmentations are scored.
        biased: the classes that come with a context. Infinite ratios (none of the pixels that were taken for a class
            are right) are left out of their mean confusion, and counted.

    Raises:
        SecoError: no run was scored on a split.
    """
    results = pd.DataFrame([*rows])
    for kind, chosen in (("cam_seed", seed_split), ("segmentation", split)):
        known = sorted({name.split("/")[1] for name in results if name.startswith(f"{kind}/")})
        if chosen not in known:
            remedy = f"choose one of {', '.join(known)}" if known else "it needs masks to be measured against"
            raise SecoError(f"no {kind.replace('_', ' ')} was scored on {chosen!r}: {remedy}")

    def metric(*names: str) -> pd.Series:
        return next((results[name] for name in names if name in results), pd.Series(math.nan, results.index))

    def of_segmentation(score: str) -> pd.Series:
        return metric(*(f"segmentation/{split}/{variant}/{score}" for variant in _SEGMENTATIONS))

    def of_class(name: str, score: str) -> pd.Series:
        masks = (f"segmentation, {variant.replace('_', ' ')}" for variant in _SEGMENTATIONS)
        return metric(*(f"class/{kind}/{split}/{name}/{score}" for kind in masks))

    scores = results[["variant", "line", "value", "reference", "seed"]].copy()
    scores[FULL] = ["method=full" in changes.split() for changes in results["changes"]]
    scores[CAM] = 100 * metric(f"cam_seed/{seed_split}/miou").where(~scores[FULL])
    scores["mask mIoU %"] = 100 * metric(f"refined/{seed_split}/miou").where(~scores[FULL])
    for title, score in ((MIOU, "miou"), ("precision %", "precision"), ("recall %", "recall")):
        scores[title] = 100 * of_segmentation(score)
    scores[CONFUSION] = of_segmentation("confusion_ratio")
    for name in biased:
        scores[f"IoU %, {name}"] = 100 * of_class(name, "iou")
        scores[f"confusion, {name}"] = of_class(name, "confusion_ratio")
    ratios = scores[[f"confusion, {name}" for name in biased]]
    scores[BIASED] = ratios.where(np.isfinite(ratios)).mean(axis=1)
    scores[BIASED_IOU] = scores[[f"IoU %, {name}" for name in biased]].mean(axis=1)
    scores[INFINITE] = np.isinf(ratios).sum(axis=1)
    scores[PURITY] = 100 * metric(f"tags/all/{SPANS}")
    scores[MINUTES] = metric("training/seconds") / 60
    return scores


def scores_table(scores: pd.DataFrame, biased: Sequence[str]) -> pd.DataFrame:
    """Return a row a variant (Table 2): its scores, and two of them as differences to its reference.

    A score that no run has gets no column. Infinite ratios of biased classes, which no mean holds, are counted.
    """
    measured = [title for title in _SCORES if scores[title].notna().any()]
    variants = {str(name): runs for name, runs in scores.groupby("variant", sort=False)}
    table = []
    for name, runs in variants.items():
        cells = {"variant": name, "seeds": len(runs), **{title: spread(runs[title], title) for title in measured}}
        reference = runs["reference"].iloc[0]
        other = variants[reference] if reference in variants else scores.iloc[:0]
        for title in [title for title in _COMPARED if title in measured]:
            cells[f"Δ {title.removesuffix(' %')}"] = "" if name == reference else _difference(runs, other, title)
        if scores[INFINITE].any():
            cells[INFINITE] = f"{runs[INFINITE].sum()} of {len(biased) * len(runs)}"
        table.append(cells)
    return pd.DataFrame(table)


def class_table(scores: pd.DataFrame, biased: Sequence[str]) -> pd.DataFrame:
    """Return a row a biased class, one for all of them and one for all classes (Table 3), a column a variant.

    A cell is "IoU % (confusion ratio)", means ± standard deviations.
    """
    lines = {name: (f"IoU %, {name}", f"confusion, {name}") for name in biased}
    lines |= {"biased classes": (BIASED_IOU, BIASED)} if biased else {}
    lines["all classes"] = (MIOU, CONFUSION)
    variants = [*scores.groupby("variant", sort=False)]
    return pd.DataFrame(
        [
            {"class": title}
            | {name: f"{spread(runs[iou], iou)} ({spread(runs[confusion], confusion)})" for name, runs in variants}
            for title, (iou, confusion) in lines.items()
        ]
    )


def cost_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return a row a variant (Tables 4 and 5): minutes of training, mIoU, and its share of full supervision's."""
    upper, _ = mean_and_deviation(scores.loc[scores[FULL], MIOU])
    table = []
    for name, runs in scores.groupby("variant", sort=False):
        share = 100 * mean_and_deviation(runs[MIOU])[0] / upper
        cells = {title: spread(runs[title], title) for title in (MINUTES, MIOU)}
        cells["of full supervision"] = "–" if math.isnan(share) else f"{share:.1f} %"
        table.append({"variant": name, **cells})
    return pd.DataFrame(table)


def mean_and_deviation(values: pd.Series) -> tuple[float, float]:
    """Return mean and standard deviation (n - 1) of the finite values; NaN where there are too few."""
    finite = values.to_numpy()[np.isfinite(values)]
    mean = float(finite.mean()) if len(finite) else math.nan
    return mean, float(finite.std(ddof=1)) if len(finite) > 1 else math.nan


def paired_difference(values: pd.Series, reference: pd.Series) -> tuple[float, float, float]:
    """Return the mean of the differences on the seeds that both have, and its 95 % interval; NaN where too few.

    The interval is that of the percentile bootstrap. With few pairs it is too narrow: three can be drawn in ten ways.

    Args:
        values: by seed.
        reference: by seed.
    """
    pairs = (values - reference).to_numpy()
    pairs = pairs[np.isfinite(pairs)]
    if len(pairs) < 2:
        return (float(pairs[0]) if len(pairs) else math.nan), math.nan, math.nan
    interval = bootstrap((pairs,), np.mean, method="percentile", rng=np.random.default_rng(0)).confidence_interval
    return float(pairs.mean()), float(interval.low), float(interval.high)


def spread(values: pd.Series, title: str) -> str:
    """Return "44.2 ± 0.5"; of one value the number alone, of none a dash.

    Infinite values are counted: "0.70 ± 0.28, 1 × ∞". The title tells how many decimals: one for percent, else two.
    """
    decimals, infinite = _decimals(title), int(np.isinf(values).sum())
    mean, deviation = mean_and_deviation(values)
    parts = [] if math.isnan(mean) else [f"{mean:.{decimals}f}"]
    if not math.isnan(deviation):
        parts[0] += f" ± {deviation:.{decimals}f}"
    return ", ".join([*parts, *([f"{infinite} × ∞"] if infinite else [])]) or "–"


def _difference(runs: pd.DataFrame, reference: pd.DataFrame, title: str) -> str:
    """Return "+2.1 [0.3, 4.0]", the paired difference; without interval where there is one pair."""
    mean, low, high = paired_difference(runs.set_index("seed")[title], reference.set_index("seed")[title])
    decimals = _decimals(title)
    if math.isnan(mean):
        return "–"
    return f"{mean:+.{decimals}f}" + ("" if math.isnan(low) else f" [{low:.{decimals}f}, {high:.{decimals}f}]")


def _decimals(title: str) -> int:
    return 1 if "%" in title else 2
