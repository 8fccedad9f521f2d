"""Results of runs: found in DVC's experiments, kept as rows of a CSV, a run each."""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seco.config.recipes import leaves
from seco.config.yaml_file import parse_yaml
from seco.errors import SecoError
from seco.storage.atomic import atomic_write_text
from seco.studies.plan import Run
from seco.studies.repository import SETTINGS, Experiment, Repository
from seco.studies.settings import ROOT, in_words
from seco.studies.tag_curves import read_tag_curves

METRICS, TRAINING, CLASSES = "reports/metrics.json", "reports/train/metrics.json", "reports/classes.csv"
_FIXED = ("study", "variant", "line", "value", "reference", "seed", "commit", "changes", "common")
_SCORES = {"iou_percent": "iou", "precision_percent": "precision", "recall_percent": "recall"}


class Row(NamedTuple):
    """What a run found.

    Attributes:
        line, value: in a sweep, the curve and the value of the key; empty elsewhere.
        reference: the variant that it is compared with.
        commit: of the project on which it ran, seven digits.
        changes: beside that commit's params.yaml, in words.
        common: digest of what all runs of the study have; those of another one are not to be compared with it.
        metrics: by name, parts joined by slashes; shares are fractions, NaN is "not defined".
    """

    study: str
    variant: str
    line: str
    value: str
    reference: str
    seed: int
    commit: str
    changes: str
    common: str
    metrics: Mapping[str, float]


def find_done(runs: Sequence[Run], repository: Repository) -> dict[str, Experiment]:
    """Return, by the names of runs, those experiments that found what the runs would find."""
    planned = {run.name: run for run in runs}
    done: dict[str, Experiment] = {}
    for experiment in repository.experiments():
        run = planned.get(experiment.name)
        if run is None or experiment.name in done:
            continue
        # Its own commit is asked, not the one it ran on: what was edited and not committed came into it, too.
        if _has_settings(experiment, run, repository) and repository.same_code(experiment.commit):
            done[run.name] = experiment
    return done


def find_rows(runs: Sequence[Run], rows: Iterable[Row], repository: Repository) -> dict[str, Row]:
    """Return, by the names of runs, those rows of a file that say what the runs would find."""
    told = {(row.variant, row.seed, row.changes, row.common): row for row in rows}
    wanted = {run.name: (run.variant.name, run.seed, in_words(run.changes), run.common) for run in runs}
    theirs = {name: told[key] for name, key in wanted.items() if key in told}
    return {name: row for name, row in theirs.items() if repository.same_code(row.commit)}


def read_result(run: Run, experiment: Experiment, repository: Repository) -> Row:
    """Return what an experiment found.

    Raises:
        SecoError: it lacks a file of results.
    """
    texts = {path: repository.read(experiment.commit, path) for path in (METRICS, TRAINING, CLASSES)}
    missing = [path for path, text in texts.items() if text is None]
    if missing:
        raise SecoError(f"the experiment {experiment.name} lacks {', '.join(missing)}: `dvc exp remove {run.name}`")
    metrics = _flatten(json.loads(texts[METRICS] or ""))
    metrics |= {f"training/{name}": value for name, value in _flatten(json.loads(texts[TRAINING] or "")).items()}
    classes = [*csv.DictReader(io.StringIO(texts[CLASSES] or ""))]
    metrics |= _class_scores(classes)
    names = [*dict.fromkeys(row["class"] for row in classes)]
    metrics |= read_tag_curves(lambda path: repository.read(experiment.commit, path), names)
    variant = run.variant
    value = "" if variant.value is None else str(variant.value)
    return Row(
        *(run.study, variant.name, variant.line, value, variant.reference, run.seed, experiment.base[:7]),
        changes=in_words(run.changes),
        common=run.common,
        metrics=metrics,
    )


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a file of results; none where there is no file.

    Raises:
        SecoError: the file is damaged.
    """
    if not path.is_file():
        return []
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")), strict=True))
        return [_to_row(row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise SecoError(f"{path} holds no results of a study ({error!r}): restore it from git, or delete it") from error


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows; a metric that a row lacks, or that is not defined, is an empty cell.

    Raises:
        SecoError: the file cannot be written; an older one survives.
    """
    rows = list(rows)
    names = [*dict.fromkeys(name for row in rows for name in row.metrics)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_FIXED, *names])
    for row in rows:
        writer.writerow([*row[: len(_FIXED)], *(_cell(row.metrics.get(name, math.nan)) for name in names)])
    atomic_write_text(path, text.getvalue())


def join(old: Iterable[Row], new: Sequence[Row]) -> list[Row]:
    """Return new rows, and before them the old ones that are of other variants or seeds."""
    replaced = {(row.variant, row.seed) for row in new}
    return [*(row for row in old if (row.variant, row.seed) not in replaced), *new]


def require_comparable(rows: Iterable[Row], runs: Sequence[Run], *, path: Path) -> None:
    """Raise SecoError where rows of a file are of other settings than some runs, which would stand beside them."""
    strangers = [row for row in rows if row.common not in {run.common for run in runs}]
    if strangers:
        raise SecoError(
            f"{path} holds {len(strangers)} runs of other settings (commit {strangers[0].commit}), which cannot be"
            " compared with new ones: move it away, or name another folder with --results"
        )


def _has_settings(experiment: Experiment, run: Run, repository: Repository) -> bool:
    text = repository.read(experiment.commit, SETTINGS)
    if text is None or repository.read(experiment.commit, METRICS) is None:
        return False
    found = dict(leaves(parse_yaml(text, source=f"{SETTINGS} of {experiment.name}")))
    return {**found, ROOT: ""} == {**dict(leaves(run.settings)), ROOT: ""}


def _flatten(values: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of nested mappings; null is what was not finite."""
    found = ((name, math.nan if value is None else value) for name, value in leaves(values, separator="/"))
    return {name: float(value) for name, value in found if isinstance(value, int | float)}


def _class_scores(table: Iterable[Mapping[str, str]]) -> dict[str, float]:
    """Return "class/MASKS/SPLIT/CLASS/SCORE" of a table of classes."""
    found: dict[str, float] = {}
    for row in table:
        place = f"class/{row['masks']}/{row['split']}/{row['class']}"
        for column, score in _SCORES.items():
            found[f"{place}/{score}"] = float(row[column]) / 100 if row[column] else math.nan
        found[f"{place}/confusion_ratio"] = float(row["confusion_ratio"]) if row["confusion_ratio"] else math.nan
    return found


def _to_row(cells: Mapping[str, str]) -> Row:
    fixed = {name: cells[name] for name in _FIXED if name != "seed"}
    metrics = {name: float(cell) if cell else math.nan for name, cell in cells.items() if name not in _FIXED}
    return Row(**fixed, seed=int(cells["seed"]), metrics=metrics)


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"
