"""The report of a run: metrics.json, tables, report.md and figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from seco.reporting.examples import choose_examples, common_columns, example_pictures, legend_of
from seco.reporting.figures import confusion_figure, overview_figure
from seco.reporting.measurements import MaskSource, Measurement, metrics_of, notes_on
from seco.reporting.page import compose_page
from seco.reporting.tables import class_table, context_table, headline_table, pair_table, write_csv
from seco.scores.confusion import Counts
from seco.storage.atomic import atomic_write_bytes, atomic_write_text
from seco.storage.json_file import write_metrics
from seco.storage.manifest import Manifest


@dataclass(frozen=True, eq=False)
class Report:
    """The scores of a run as frames (see `seco.reporting.tables`).

    Attributes:
        headline, classes, pairs, contexts: the tables; `contexts` is empty where the data set knows none.
        notes: what the means leave out.
    """

    headline: pd.DataFrame
    classes: pd.DataFrame
    pairs: pd.DataFrame
    contexts: pd.DataFrame
    notes: tuple[str, ...]


def write_report(
    manifest: Manifest,
    measurements: Sequence[Measurement],
    *,
    together: Counts,
    cams: Path,
    folder: Path,
    pictures: int,
    pairs: int,
) -> Report:
    """Write metrics, tables, the page and its figures.

    Args:
        manifest: the data set.
        measurements: what `measure` returned; a split without truth masks gets pictures and a note, but no numbers.
        together: images of the data set that show two classes, as of `read_pairs`.
        cams: the CAM store, for the pictures.
        folder: gets metrics.json, classes.csv, pairs.csv, contexts.csv, report.md and figures/*.png.
        pictures: rows of an overview picture.
        pairs: rows of the co-occurrence tables in report.md (the CSV files hold them all).

    Raises:
        SecoError: a file cannot be written or a CAM is damaged.
    """
    names = manifest.class_names
    scored = [item for item in measurements if item.is_scored]
    report = Report(
        headline=headline_table(scored),
        classes=class_table(scored, class_names=names),
        pairs=pair_table(scored, class_names=names, pairs=together, num_images=len(manifest.records)),
        contexts=context_table(scored, class_names=names),
        notes=tuple(notes_on(measurements, class_names=names)),
    )
    figures = _write_figures(manifest, measurements, cams=cams, folder=folder / "figures", pictures=pictures)
    for name, frame in (("classes", report.classes), ("pairs", report.pairs), ("contexts", report.contexts)):
        write_csv(folder / f"{name}.csv", frame)
    # The page shows the most refined segmentation only, so that its tables fit a screen; the CSV files have all.
    titles = [item.source.title for item in _last_variants(scored)]
    page = compose_page(
        headline=report.headline,
        classes=report.classes.loc[report.classes["masks"].isin(titles)],
        pairs=report.pairs.loc[report.pairs["masks"].isin(titles)],
        contexts=report.contexts.loc[report.contexts["masks"].isin(titles)],
        notes=report.notes,
        figures=[f"figures/{name}" for name in figures],
        rows=pairs,
    )
    atomic_write_text(folder / "report.md", page)
    write_metrics(folder / "metrics.json", metrics_of(scored), notes=report.notes)
    return report


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
    for item in _last_variants(measurements):
        values = item.evaluation.whole.confusion.confusion_ratio()[1:].tolist()
        ratios.setdefault(item.split, {})[item.source.short_title] = values
    return confusion_figure(ratios, class_names=class_names)


def _last_variants(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Return one item for each kind of masks and split: the last variant, which is the most refined."""
    return list({(item.source.kind, item.split): item for item in measurements}.values())


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
