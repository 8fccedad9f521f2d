"""Which of a run's metrics a study is told in, and their values by variant and seed."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from scenes.drawing.bias import CLASSES as DEMO
from scenes.drawing.bias import HOME, PARTNER
from seco.data.class_sets import VOC
from seco.studies.results import Row
from seco.studies.tag_curves import ALL, SPANS

BIASED = {
    DEMO: tuple(dict.fromkeys([*HOME, *PARTNER])),
    VOC: ("train", "boat", "aeroplane", "chair", "sofa", "horse"),
}
"""The classes that come with a context: those of the demo scenes that are tied to one, and those of Table 3."""

_SEGMENTATIONS = ("crf", "multi_scale", "single_scale")


class Measures(NamedTuple):
    """Where the scores of a study stand among the metrics of its runs.

    Attributes:
        seeds: split on which CAM seeds and refined masks are scored; the paper's are those of train.
        split: split on which segmentations are scored.
        classes: the biased classes, in the order of the tables.
    """

    seeds: str
    split: str
    classes: tuple[str, ...]

    def cam_miou(self, row: Row) -> float:
        """Return the mIoU of the CAM seeds; full supervision trains no classifier, hence has none worth the name."""
        return self._from_cams(row, "cam_seed")

    def refined_miou(self, row: Row) -> float:
        """Return the mIoU of the refined masks, which come from CAMs, too."""
        return self._from_cams(row, "refined")

    def segmentation(self, row: Row, score: str) -> float:
        """Return a score (miou, precision, recall, confusion_ratio) of the most refined segmentation."""
        names = (f"segmentation/{self.split}/{variant}/{score}" for variant in _SEGMENTATIONS)
        return next((row.metrics[name] for name in names if name in row.metrics), math.nan)

    def of_class(self, row: Row, name: str, score: str) -> float:
        """Return a score (iou, precision, recall, confusion_ratio) of a class in the most refined segmentation."""
        places = (f"class/segmentation, {variant.replace('_', ' ')}/{self.split}" for variant in _SEGMENTATIONS)
        names = (f"{place}/{name}/{score}" for place in places)
        return next((row.metrics[name] for name in names if name in row.metrics), math.nan)

    def biased_confusion(self, row: Row) -> float:
        """Return the mean confusion ratio of the biased classes; a ratio that is not finite is left out."""
        ratios = np.asarray(self._biased_ratios(row))
        kept = ratios[np.isfinite(ratios)]
        return float(kept.mean()) if len(kept) else math.nan

    def missed(self, row: Row) -> int:
        """Return how many biased classes have an infinite ratio: what was taken for them was never right."""
        return sum(map(math.isinf, self._biased_ratios(row)))

    def _from_cams(self, row: Row, kind: str) -> float:
        return math.nan if learns_from_masks(row) else row.metrics.get(f"{kind}/{self.seeds}/miou", math.nan)

    def _biased_ratios(self, row: Row) -> list[float]:
        return [self.of_class(row, name, "confusion_ratio") for name in self.classes]


def biased_classes(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the biased classes of the data that rows are about, told by the classes they score; else none."""
    scored = {name.split("/")[3] for row in rows for name in row.metrics if name.startswith("class/")}
    return next((biased for names, biased in BIASED.items() if scored - {"background"} == set(names)), ())


def by_variant(rows: Sequence[Row]) -> dict[str, dict[int, Row]]:
    """Return the rows by variant and seed, in the order in which variants come first."""
    found: dict[str, dict[int, Row]] = {}
    for row in rows:
        found.setdefault(row.variant, {})[row.seed] = row
    return found


def minutes(row: Row) -> float:
    """Return how long training took."""
    return row.metrics.get("training/seconds", math.nan) / 60


def tag_purity(row: Row, span: int = SPANS, *, whose: str = ALL) -> float:
    """Return the share of patch tags that were right in a span of the training, the last one if none is named."""
    return row.metrics.get(f"tags/{whose}/{span}", math.nan)


def judged(rows: Sequence[Row]) -> list[str]:
    """Return whose tags were judged in any of the runs: all, kept, background, and the names of classes."""
    values = ((name, value) for row in rows for name, value in row.metrics.items() if name.startswith("tags/"))
    return [*dict.fromkeys(name.split("/")[1] for name, value in values if not math.isnan(value))]


def learns_from_masks(row: Row) -> bool:
    """Say whether a run was one of full supervision."""
    return "method=full" in row.changes.split()
