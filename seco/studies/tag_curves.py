"""How many patch tags were right while a run trained: its learning curves, of which a row keeps a value a tenth."""

import csv
import io
from collections.abc import Callable, Sequence

import numpy as np

CURVES = "reports/train/plots/metrics/tags"
SPANS = 10
ALL, KEPT = "all", "kept"
"""The tags of all classes, from the CAM and after eq. 7; beside them stand "background" and the names of classes."""


def read_tag_curves(read: Callable[[str], str | None], names: Sequence[str]) -> dict[str, float]:
    """Return "tags/WHOSE/SPAN": the share of right tags in each tenth of training, spans counted from 1.

    Args:
        read: returns the text of a file of the project, None where there is none.
        names: of the classes by id, "background" first.
    """
    curves = {ALL: "right", KEPT: "right_kept"} | {name: f"right_{tag}" for tag, name in enumerate(names)}
    points = {whose: _points(read(f"{CURVES}/{curve}.tsv")) for whose, curve in curves.items()}
    steps = max((step for found in points.values() for step, _ in found), default=0)  # the last step has its point
    return {
        f"tags/{whose}/{span}": mean for whose, found in points.items() for span, mean in _spans(found, steps).items()
    }


def _points(text: str | None) -> list[tuple[int, float]]:
    """Return the steps and values of a curve; none where there is no file."""
    rows = [*csv.reader(io.StringIO(text or ""), delimiter="\t")][1:]
    return [(int(step), float(value)) for step, value in rows]


def _spans(points: Sequence[tuple[int, float]], steps: int) -> dict[int, float]:
    """Return the mean of the points in each span that has some."""
    values: dict[int, list[float]] = {}
    for step, value in points:
        values.setdefault((step - 1) * SPANS // steps + 1, []).append(value)
    return {span: float(np.mean(found)) for span, found in values.items()}
