"""Results of a study's runs: read from the reports of each, kept as a CSV with a row a run."""

import csv
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from seco.config.recipes import leaves
from seco.errors import SecoError
from seco.storage.atomic import atomic_write_text
from seco.studies.repository import Repository
from seco.studies.runs import StudyRun
from seco.studies.settings import change_text

Row = dict[str, Any]
"""What a run found: text under the names of `FIXED` (the seed is a number), then its metrics by name.

`line` and `value` are empty but in a sweep; `reference` is the variant that the run is compared with; `commit` has
seven digits; `changes` are those to that commit's params.yaml; rows of another `common` are not comparable. Parts of a
metric's name are joined by slashes; shares are fractions; NaN is "not defined".
"""

FIXED = ("study", "variant", "line", "value", "reference", "seed", "commit", "changes", "common")
SPANS = 10
"""Tenths of the training, in which the shares of right patch tags are averaged."""

_METRICS, _TRAINING, _CLASSES = "reports/metrics.json", "reports/train/metrics.json", "reports/classes.csv"
_TAG_CURVES = "reports/train/plots/metrics/tags"
_SCORES = {"iou_percent": "iou", "precision_percent": "precision", "recall_percent": "recall"}


def find_done(runs: Sequence[StudyRun], rows: Iterable[Row], repository: Repository) -> set[str]:
    """Return the names of those runs that have a row: of the same settings and the same code, whatever the commit."""
    commits = {(row["variant"], row["seed"], row["changes"], row["common"]): row["commit"] for row in rows}
    keys = {run.name: (run.variant.name, run.seed, change_text(run.changes), run.common) for run in runs}
    return {name for name, key in keys.items() if key in commits and repository.same_code(commits[key])}


def require_comparable(rows: Iterable[Row], runs: Sequence[StudyRun], *, path: Path) -> None:
    """Raise SecoError where a file has rows of other settings than some runs, beside which they would stand."""
    others = [row for row in rows if row["common"] not in {run.common for run in runs}]
    if others:
        raise SecoError(
            f"{path} holds {len(others)} runs of other settings (commit {others[0]['commit']}), which cannot be"
            " compared with new ones: move it away, or name another folder with --results"
        )


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a results file; none where there is no file.

    Raises:
        SecoError: the file is damaged.
    """
    if not path.is_file():
        return []
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        numbers = table.drop(columns=[*FIXED]).replace("", "nan").astype(float)
        table = pd.concat([table[[*FIXED]].astype({"seed": int}), numbers], axis="columns")
    except (OSError, ValueError, KeyError) as error:
        raise SecoError(f"{path} holds no results of a study ({error!r}): restore it from git, or delete it") from error
    return table.to_dict("records")


def add_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write rows to a results file, in place of those of the same variant and seed; other rows stay.

    A metric that a row lacks, or that is not defined, is an empty cell.

    Raises:
        SecoError: the file is damaged or cannot be written; it then stays as it was.
    """
    replaced = {(row["variant"], row["seed"]) for row in rows}
    kept = [row for row in read_rows(path) if (row["variant"], row["seed"]) not in replaced]
    table = pd.DataFrame([*kept, *rows])
    atomic_write_text(path, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def read_row(run: StudyRun, folder: Path, *, commit: str) -> Row:
    """Return what a run found, from the reports in the folder where it ran.

    Raises:
        SecoError: a report is missing.
    """
    missing = [path for path in (_METRICS, _TRAINING, _CLASSES) if not (folder / path).is_file()]
    if missing:
        raise SecoError(f"it wrote no {', '.join(missing)}")
    with (folder / _CLASSES).open(encoding="utf-8", newline="") as file:
        classes = [*csv.DictReader(file)]
    variant = run.variant
    value = "" if variant.value is None else str(variant.value)
    fixed = (run.study, variant.name, variant.line, value, variant.reference, run.seed, commit[:7])
    return {
        **dict(zip(FIXED, (*fixed, change_text(run.changes), run.common), strict=True)),
        **_flatten(folder / _METRICS),
        **{f"training/{name}": number for name, number in _flatten(folder / _TRAINING).items()},
        **_class_scores(classes),
        **_tag_shares(folder / _TAG_CURVES, [*dict.fromkeys(row["class"] for row in classes)]),
    }


def _flatten(path: Path) -> dict[str, float]:
    """Return the numbers of nested mappings; null is what was not finite."""
    values = leaves(json.loads(path.read_text(encoding="utf-8")), separator="/")
    numbers = ((name, math.nan if value is None else value) for name, value in values)
    return {name: float(value) for name, value in numbers if isinstance(value, int | float)}


def _class_scores(table: Iterable[dict[str, str]]) -> dict[str, float]:
    """Return "class/MASKS/SPLIT/CLASS/SCORE" of a table of classes."""
    found: dict[str, float] = {}
    for row in table:
        place = f"class/{row['masks']}/{row['split']}/{row['class']}"
        for column, score in _SCORES.items():
            found[f"{place}/{score}"] = float(row[column] or math.nan) / 100
        found[f"{place}/confusion_ratio"] = float(row["confusion_ratio"] or math.nan)
    return found


def _tag_shares(folder: Path, names: Sequence[str]) -> dict[str, float]:
    """Return "tags/WHOSE/SPAN": the share of right patch tags in each tenth of training, counted from 1.

    WHOSE is "all" (from the CAM), "kept" (after eq. 7) or a class; names are those by id, "background" first.
    """
    files = {"all": "right", "kept": "right_kept"} | {name: f"right_{tag}" for tag, name in enumerate(names)}
    paths = {whose: folder / f"{file}.tsv" for whose, file in files.items()}
    curves = {whose: np.loadtxt(path, skiprows=1, ndmin=2) for whose, path in paths.items() if path.is_file()}
    steps = max((int(curve[-1, 0]) for curve in curves.values()), default=0)  # the last step has its point
    found: dict[str, float] = {}
    for whose, curve in curves.items():
        spans = (curve[:, 0].astype(int) - 1) * SPANS // steps + 1
        found |= {f"tags/{whose}/{span}": float(curve[spans == span, 1].mean()) for span in np.unique(spans)}
    return found
