"""The report of a run: metrics.json, tables, report.md and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from seco.reporting.cooccurrence import answer, cooccurrence, shares_with_intervals, tied_rows, verdict
from seco.reporting.dvc_files import write_dvc_files
from seco.reporting.examples import choose_examples, common_columns, example_pictures, legend_of
from seco.reporting.figures import confusion_figure, overview_figure
from seco.reporting.intervals import with_intervals
from seco.reporting.measurements import MaskSource, Measurement, last_measurements, metrics_of
from seco.reporting.notes import notes_on, notes_on_corrections
from seco.reporting.surroundings import surroundings_table
from seco.reporting.tables import (
    class_table,
    context_table,
    headline_table,
    label_headline,
    label_table,
    most_together,
    pair_table,
    side_by_side,
    to_markdown,
    write_frame,
)
from seco.scores.classification import LABELS, LabelScores
from seco.scores.confusion import Counts
from seco.scores.metrics import MEANING, METRICS
from seco.storage.atomic import atomic_write_bytes, atomic_write_text
from seco.storage.json_file import finite_metrics, write_json
from seco.storage.manifest import Manifest
from seco.storage.plain_text import escape_markdown

_FEW_IMAGES = 10
_PAIRS = """\
What the false pixels of a class really show: pixels predicted as the class whose truth is the other one, divided by
the true positives of the class. The pairs are those that most often share an image; lift is how much more often than
by chance.
"""
_TOGETHER = """\
Shares of pixels called the class, with 95 % intervals of a bootstrap over images: of the pixels of the other class, and
of the background, where both are in the image; of the background where the class is there without the other. The gap
is the difference of the last two. Above 0, what surrounds the two together is taken for the class. {}

{} The rank correlation is that of lift and the share of the other class's pixels that are called the class, over
all pairs, with the 95 % interval of a bootstrap over images.
"""
_CONTEXTS = """\
The confusion ratio of a class over the images with a context and over those without it; the largest differences
first, where at least {few} images of either kind show the class. "biased" is the context of the images whose objects
and surroundings go together by design.
"""


@dataclass(frozen=True, eq=False)
class Report:
    """The scores of a run as frames (see `seco.reporting.tables`).

    Attributes:
        headline, classes, pairs, together, contexts, surroundings: the tables; the last two are empty where the data
            set knows no contexts.
        correlations: of what goes together with what gets confused.
        notes: what the means leave out.
        labels: the scores of the classifier, a row for each split.
        labels_of_classes: the same for each class.
        metrics: the content of metrics.json.
    """

    headline: pd.DataFrame
    classes: pd.DataFrame
    pairs: pd.DataFrame
    together: pd.DataFrame
    correlations: pd.DataFrame
    contexts: pd.DataFrame
    surroundings: pd.DataFrame
    notes: tuple[str, ...]
    labels: pd.DataFrame
    labels_of_classes: pd.DataFrame
    metrics: Mapping[str, Any]


def make_report(
    manifest: Manifest,
    measurements: Sequence[Measurement],
    *,
    together: Counts,
    labels: Mapping[str, LabelScores],
    contexts: Mapping[str, Sequence[str]],
    pairs: int,
) -> Report:
    """Return the scores of a run; nothing is read or written.

    Args:
        manifest: the data set.
        measurements: what `measure` returned; a split without truth masks gets a note, but no numbers.
        together: images of the data set that show two classes, as of `read_pairs`.
        labels: the scores of the classifier by split.
        contexts: image id → contexts, as of `read_contexts`.
        pairs: number of pairs of classes that are compared.
    """
    names = manifest.class_names
    scored = [item for item in measurements if item.is_scored]
    found = cooccurrence(scored, class_names=names, together=together, num_images=len(manifest.records), most=pairs)
    notes = (*notes_on(measurements, class_names=names), *notes_on_corrections(manifest.records))
    return Report(
        headline=headline_table(scored),
        classes=class_table(scored, class_names=names),
        pairs=pair_table(scored, class_names=names, pairs=together, num_images=len(manifest.records)),
        together=found.pairs,
        correlations=found.correlations,
        contexts=context_table(scored, class_names=names),
        surroundings=surroundings_table(scored, class_names=names, contexts=contexts),
        notes=notes,
        labels=label_headline(labels),
        labels_of_classes=label_table(labels, class_names=names),
        metrics=finite_metrics(metrics_of(scored, tied_rows(found.pairs), labels), notes=notes),
    )


def write_report(
    report: Report,
    manifest: Manifest,
    measurements: Sequence[Measurement],
    *,
    cams: Path,
    folder: Path,
    pictures: int,
    pairs: int,
) -> None:
    """Write metrics, tables, report.md and its figures.

    Args:
        report: what `make_report` made of the measurements.
        manifest: the data set.
        measurements: what `measure` returned; every split gets pictures.
        cams: the CAM store, for the pictures.
        folder: gets metrics.json, classes.csv, pairs.csv, cooccurrence.csv, contexts.csv, surroundings.csv, labels.csv,
            report.md, figures/*.png and what `write_dvc_files` writes. CSV files name masks by their keys in
            metrics.json, report.md by their titles.
        pictures: rows of an overview picture.
        pairs: the most rows of the tables of pairs and contexts in report.md (the CSV files hold them all).

    Raises:
        SecoError: a mask or CAM is damaged, and nothing is written; or a file cannot be written.
    """
    scored = [item for item in measurements if item.is_scored]
    figures = _write_figures(manifest, measurements, cams=cams, folder=folder / "figures", pictures=pictures)
    tables = {"classes": report.classes, "pairs": report.pairs, "cooccurrence": report.together}
    tables |= {"contexts": report.contexts, "surroundings": report.surroundings, "labels": report.labels_of_classes}
    keys = {item.source.title: item.source.key for item in scored}
    for name, frame in tables.items():
        named = frame.assign(masks=frame["masks"].map(keys)) if "masks" in frame else frame
        write_frame(folder / f"{name}.csv", named)
    titles = [item.source.title for item in last_measurements(scored)]
    page = compose_page(report, titles=titles, figures=[f"figures/{name}" for name in figures], rows=pairs)
    atomic_write_text(folder / "report.md", page)
    write_json(folder / "metrics.json", report.metrics)
    write_dvc_files(folder, scored, class_names=manifest.class_names)


def compose_page(report: Report, *, titles: Sequence[str], figures: Sequence[str], rows: int) -> str:
    """Return report.md; without any scores it has notes and pictures only.

    Args:
        report: the scores.
        titles: the masks that detailed tables show, so that they fit a screen; the headline shows all.
        figures: paths relative to the page.
        rows: the most rows of the tables of pairs and contexts.
    """
    parts = ["# Report\n"]
    if len(report.headline):
        parts += [to_markdown(with_intervals(report.headline)), MEANING]
    if report.notes:
        parts.append("\n".join(f"- {escape_markdown(note)}" for note in report.notes) + "\n")
    if len(report.headline):
        tables = (report.classes, report.pairs, tied_rows(report.together), report.correlations, report.contexts)
        parts += _details(*(frame.loc[frame["masks"].isin(titles)] for frame in tables), rows=rows)
    if len(report.labels):
        parts += ["## Labels of images\n", to_markdown(with_intervals(report.labels)), LABELS]
    parts += ["## Pictures\n", *(f"![{path}]({path})\n" for path in figures)]
    return "\n".join(parts)


def _details(
    classes: pd.DataFrame,
    pairs: pd.DataFrame,
    together: pd.DataFrame,
    correlations: pd.DataFrame,
    contexts: pd.DataFrame,
    *,
    rows: int,
) -> list[str]:
    """Return the sections of classes, pairs and contexts."""
    parts: list[str] = []
    for metric in (metric for metric in METRICS.values() if metric.prominent):
        scores = side_by_side(classes, index=["class"], value=metric.class_column)
        heading = f"## {metric.title} of each class" + " (%)" * metric.percent
        parts += [f"{heading}\n", to_markdown(scores, decimals=1 if metric.percent else 2)]
    most = most_together(pairs, rows)
    if not most.empty:
        parts += ["## Classes that occur together\n", _PAIRS, to_markdown(most)]
    if not together.empty:
        text = _TOGETHER.format(*map(escape_markdown, (answer(together), verdict(correlations))))
        parts += ["## Does what occurs together get confused?\n", text, to_markdown(shares_with_intervals(together))]
    frequent = contexts.loc[contexts[["images_with", "images_without"]].min(axis=1) >= _FEW_IMAGES]
    if not frequent.empty:
        largest = frequent.sort_values(by="difference", ascending=False, kind="stable").head(rows)
        parts += ["## Contexts\n", _CONTEXTS.format(few=_FEW_IMAGES), to_markdown(largest)]
    return parts


def _write_figures(
    manifest: Manifest, measurements: Sequence[Measurement], *, cams: Path, folder: Path, pictures: int
) -> list[str]:
    """Write the confusion bars, if there are scores, and an overview of each split; return the file names."""
    figures = {}
    if scored := [item for item in measurements if item.is_scored]:
        figures["confusion.png"] = _confusion_figure(scored, manifest.class_names)
    for split in dict.fromkeys(item.split for item in measurements):
        sources = [item.source for item in measurements if item.split == split]
        figures[f"overview_{split}.png"] = _overview_of_split(manifest, split, sources, cams=cams, pictures=pictures)
    for name, image in figures.items():
        atomic_write_bytes(folder / name, image)
    return list(figures)


def _confusion_figure(measurements: Sequence[Measurement], class_names: Sequence[str]) -> bytes:
    ratios: dict[str, dict[str, list[float]]] = {}
    for item in last_measurements(measurements):
        values = item.evaluation.whole.confusion_ratio()[1:].tolist()
        ratios.setdefault(item.split, {})[item.source.short_title] = values
    return confusion_figure(ratios, class_names=class_names)


def _overview_of_split(
    manifest: Manifest, split: str, sources: Sequence[MaskSource], *, cams: Path, pictures: int
) -> bytes:
    masks = {source.short_title: source.folder for source in sources}
    records = manifest.split(split)
    with_truth = [record for record in records if record.mask is not None]
    rows, shown = [], set()
    for record in choose_examples(with_truth or records, pictures):
        row, class_ids = example_pictures(record, cams=cams, masks=masks, num_classes=len(manifest.class_names))
        rows.append(row)
        shown |= class_ids
    return overview_figure(common_columns(rows), legend=legend_of(shown, manifest.class_names))
