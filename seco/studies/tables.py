"""The tables of a study as frames: mean ± standard deviation over seeds, and differences to a reference."""

import math
from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from seco.studies.results import Row
from seco.studies.scores import Measures, by_variant, learns_from_masks, minutes, tag_purity
from seco.studies.statistics import Summary, paired_difference, summarise

Score = Callable[[Row], float]
_COMPARED = ("mIoU %", "confusion, biased")


def scores_table(rows: Sequence[Row], measures: Measures) -> pd.DataFrame:
    """Return a row a variant (Table 2): scores in percent, confusion ratios, and differences to its reference.

    Columns: variant, seeds; mIoU of CAM seeds, refined masks and segmentations, precision, recall, confusion, that of
    the biased classes, and tag purity, all as mean ± standard deviation; mIoU and confusion of the biased classes
    beside the reference, with intervals; and how many ratios were infinite, which no mean holds. What no run was
    measured in has no column.
    """
    variants = by_variant(rows)
    named: dict[str, tuple[Score, float]] = {
        "CAM mIoU %": (measures.cam_miou, 100),
        "mask mIoU %": (measures.refined_miou, 100),
        "mIoU %": (lambda row: measures.segmentation(row, "miou"), 100),
        "precision %": (lambda row: measures.segmentation(row, "precision"), 100),
        "recall %": (lambda row: measures.segmentation(row, "recall"), 100),
        "confusion": (lambda row: measures.segmentation(row, "confusion_ratio"), 1),
        "confusion, biased": (measures.biased_confusion, 1),
        "tag purity %": (tag_purity, 100),
    }
    named = {title: how for title, how in named.items() if not all(math.isnan(how[0](row)) for row in rows)}
    compared = {f"Δ {title.removesuffix(' %')}": named[title] for title in _COMPARED if title in named}
    table = []
    for name, of_seed in variants.items():
        cells = {title: spread(_values(of_seed, score), factor) for title, (score, factor) in named.items()}
        reference = variants.get(next(iter(of_seed.values())).reference, {})
        for title, (score, factor) in compared.items():
            cells[title] = "" if reference is of_seed else versus(of_seed, reference, score, factor)
        if any(map(measures.missed, rows)):
            missed = sum(map(measures.missed, of_seed.values()))
            cells["infinite, biased"] = f"{missed} of {len(measures.classes) * len(of_seed)}"
        table.append({"variant": name, "seeds": len(of_seed), **cells})
    return pd.DataFrame(table)


def class_table(rows: Sequence[Row], measures: Measures) -> pd.DataFrame:
    """Return a row a biased class, one for all of them and one for all classes (Table 3), a column a variant.

    A cell is "IoU % (confusion ratio)", means ± standard deviations.
    """
    variants = by_variant(rows)
    lines: dict[str, tuple[Score, Score]] = {
        name: (_class_score(measures, name, "iou"), _class_score(measures, name, "confusion_ratio"))
        for name in measures.classes
    }
    if measures.classes:
        lines["biased classes"] = (lambda row: _mean_iou(row, measures), measures.biased_confusion)
    lines["all classes"] = (
        lambda row: measures.segmentation(row, "miou"),
        lambda row: measures.segmentation(row, "confusion_ratio"),
    )
    return pd.DataFrame(
        [
            {"class": title, **{name: _pair(of_seed, *scores) for name, of_seed in variants.items()}}
            for title, scores in lines.items()
        ]
    )


def cost_table(rows: Sequence[Row], measures: Measures) -> pd.DataFrame:
    """Return a row a variant (Tables 4 and 5): minutes of training, mIoU, and its share of full supervision's."""
    variants = by_variant(rows)
    bound = next((of_seed for of_seed in variants.values() if all(map(learns_from_masks, of_seed.values()))), {})
    upper = summarise(_values(bound, _miou(measures))).mean
    table = []
    for name, of_seed in variants.items():
        miou = summarise(_values(of_seed, _miou(measures)))
        share = 100 * miou.mean / upper
        table.append(
            {
                "variant": name,
                "training, minutes": spread(_values(of_seed, minutes), 1),
                "mIoU %": _told(miou, 100),
                "of full supervision": "–" if math.isnan(share) else f"{share:.1f} %",
            }
        )
    return pd.DataFrame(table)


def spread(values: Sequence[float], factor: float) -> str:
    """Return "44.2 ± 0.5" of values times a factor; of one value the number alone, of none a dash.

    Infinite ones are counted: "0.70 ± 0.28, 1 × ∞".
    """
    told, infinite = _told(summarise(values), factor), sum(map(math.isinf, values))
    if not infinite:
        return told
    return f"{infinite} × ∞" if told == "–" else f"{told}, {infinite} × ∞"


def versus(of_seed: Mapping[int, Row], reference: Mapping[int, Row], score: Score, factor: float) -> str:
    """Return "+2.1 [0.3, 4.0]", the paired difference to a reference; without interval where there is one pair."""
    own, other = ({seed: score(row) for seed, row in rows.items()} for rows in (of_seed, reference))
    found = paired_difference(own, other)
    if math.isnan(found.mean):
        return "–"
    mean = f"{factor * found.mean:+.{_decimals(factor)}f}"
    if math.isnan(found.low):
        return mean
    low, high = (f"{factor * bound:.{_decimals(factor)}f}" for bound in (found.low, found.high))
    return f"{mean} [{low}, {high}]"


def _values(of_seed: Mapping[int, Row], score: Score) -> list[float]:
    return [score(row) for row in of_seed.values()]


def _told(found: Summary, factor: float) -> str:
    if math.isnan(found.mean):
        return "–"
    mean = f"{factor * found.mean:.{_decimals(factor)}f}"
    return mean if math.isnan(found.deviation) else f"{mean} ± {factor * found.deviation:.{_decimals(factor)}f}"


def _decimals(factor: float) -> int:
    return 1 if factor > 1 else 2


def _pair(of_seed: Mapping[int, Row], iou: Score, confusion: Score) -> str:
    return f"{spread(_values(of_seed, iou), 100)} ({spread(_values(of_seed, confusion), 1)})"


def _miou(measures: Measures) -> Score:
    return lambda row: measures.segmentation(row, "miou")


def _class_score(measures: Measures, name: str, score: str) -> Score:
    return lambda row: measures.of_class(row, name, score)


def _mean_iou(row: Row, measures: Measures) -> float:
    return summarise([measures.of_class(row, name, "iou") for name in measures.classes]).mean
