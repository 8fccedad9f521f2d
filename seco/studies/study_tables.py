"""The tables of a study: means ± standard deviations over seeds, and differences to a reference."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

from seco.errors import SecoError
from seco.studies.results import SPANS, Row

CAM, MIOU, CONFUSION, BIASED, PURITY = "CAM mIoU %", "mIoU %", "confusion", "confusion, biased", "tag purity %"
_REFINED, _MINUTES, _INFINITE, _FULL = "mask mIoU %", "training, minutes", "infinite, biased", "full supervision"
_SCORES = [CAM, _REFINED, MIOU, "precision %", "recall %", CONFUSION, BIASED, PURITY]
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
        return metric(*(f"class/segmentation/{variant}/{split}/{name}/{score}" for variant in _SEGMENTATIONS))

    full = pd.Series(["method=full" in changes.split() for changes in results["changes"]])
    ious = pd.DataFrame({f"IoU %, {name}": 100 * of_class(name, "iou") for name in biased}, results.index)
    ratios = {f"confusion, {name}": of_class(name, "confusion_ratio") for name in biased}
    ratios = pd.DataFrame(ratios, results.index, dtype=float)
    scores = {
        CAM: 100 * metric(f"cam_seed/{seed_split}/miou").mask(full),
        _REFINED: 100 * metric(f"refined/{seed_split}/miou").mask(full),
        MIOU: 100 * of_segmentation("miou"),
        "precision %": 100 * of_segmentation("precision"),
        "recall %": 100 * of_segmentation("recall"),
        CONFUSION: of_segmentation("confusion_ratio"),
        "IoU %, biased": ious.mean(axis=1),
        BIASED: ratios.where(np.isfinite(ratios)).mean(axis=1),
        _INFINITE: np.isinf(ratios).sum(axis=1),
        PURITY: 100 * metric(f"tags/all/{SPANS}"),
        _MINUTES: metric("training/seconds") / 60,
        _FULL: full,
    }
    return results[["variant", "line", "value", "reference", "seed"]].assign(**scores).join([ious, ratios])


def scores_table(scores: pd.DataFrame, biased: Sequence[str]) -> pd.DataFrame:
    """Return a row a variant (Table 2): its scores, and two of them as differences to its reference.

    A score that no run has gets no column. Infinite ratios of biased classes, which no mean holds, are counted.
    """
    variants = scores.groupby("variant", sort=False)
    measured = [title for title in _SCORES if scores[title].notna().any()]
    table = variants[measured].agg(spread)
    table.insert(0, "seeds", variants.size())
    for title in [title for title in (MIOU, BIASED) if title in measured]:
        table[f"Δ {title.removesuffix(' %')}"] = [_difference(scores, str(name), title) for name in table.index]
    if scores[_INFINITE].any():
        table[_INFINITE] = [f"{missed.sum()} of {len(biased) * len(missed)}" for _, missed in variants[_INFINITE]]
    return table.reset_index()


def class_scores_table(scores: pd.DataFrame, biased: Sequence[str]) -> pd.DataFrame:
    """Return a row a biased class, one for all of them and one for all classes (Table 3), a column a variant.

    A cell is "IoU % (confusion ratio)", means ± standard deviations.
    """
    lines = {name: (f"IoU %, {name}", f"confusion, {name}") for name in biased}
    lines |= {"biased classes": ("IoU %, biased", BIASED)} if biased else {}
    lines["all classes"] = (MIOU, CONFUSION)
    cells = scores.groupby("variant", sort=False)[[title for pair in lines.values() for title in pair]].agg(spread)
    table = {title: cells[iou] + " (" + cells[confusion] + ")" for title, (iou, confusion) in lines.items()}
    return pd.DataFrame(table).T.rename_axis("class").reset_index()


def cost_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return a row a variant (Tables 4 and 5): minutes of training, mIoU, and its share of full supervision's."""
    variants = scores.groupby("variant", sort=False)
    table = variants[[_MINUTES, MIOU]].agg(spread)
    upper = scores.loc[scores[_FULL], MIOU].to_numpy()
    shares = [100 * mious.mean() / upper.mean() if len(upper) else math.nan for _, mious in variants[MIOU]]
    table["of full supervision"] = ["–" if math.isnan(share) else f"{share:.1f} %" for share in shares]
    return table.reset_index()


def spread(values: pd.Series) -> str:
    """Return "44.2 ± 0.5" of finite values; of one value the number alone, of none a dash.

    Infinite values are counted: "0.70 ± 0.28, 1 × ∞". Percentages, as their column's name has it, get one decimal.
    """
    finite, decimals, infinite = values[np.isfinite(values)], _decimals(values.name), int(np.isinf(values).sum())
    mean = f"{finite.mean():.{decimals}f}" if len(finite) else ""
    deviation = f" ± {finite.std():.{decimals}f}" if len(finite) > 1 else ""
    return ", ".join(filter(None, [mean + deviation, f"{infinite} × ∞" if infinite else ""])) or "–"


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


def _difference(scores: pd.DataFrame, variant: str, title: str) -> str:
    """Return "+2.1 [0.3, 4.0]", a variant's difference to its reference; without interval where there is one pair."""
    runs = scores.set_index(["variant", "seed"])
    reference = runs.loc[variant, "reference"].iloc[0]
    if reference == variant:
        return ""
    own, other = (
        runs.loc[runs.index.isin([name], level="variant"), title].droplevel("variant") for name in (variant, reference)
    )
    mean, low, high = paired_difference(own, other)
    if math.isnan(mean):
        return "–"
    decimals = _decimals(title)
    return f"{mean:+.{decimals}f}" + ("" if math.isnan(low) else f" [{low:.{decimals}f}, {high:.{decimals}f}]")


def _decimals(title: object) -> int:
    return 1 if "%" in str(title) else 2
