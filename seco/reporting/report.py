"""The report of a run: measure every folder of masks, then write metrics.json, the tables, report.md and figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console

from seco.data.cooccurrence import count_pairs
from seco.reporting.csv_table import write_table
from seco.reporting.examples import choose, common_columns, legend, panels
from seco.reporting.figures import confusion_bars, overview
from seco.reporting.headline import headline_metrics, notes
from seco.reporting.page import compose_page
from seco.reporting.sources import Measured, Source
from seco.reporting.tables import class_table, context_table, headline_table, pair_table, to_terminal
from seco.runtime.progress import progress
from seco.scores.evaluation import evaluate_masks
from seco.storage.atomic import atomic_write_bytes, atomic_write_text
from seco.storage.contexts import read_contexts
from seco.storage.json_file import write_metrics
from seco.storage.manifest import Manifest

_LOG_WIDTH = 110  # columns; a log has no edge to fold tables at


@dataclass(frozen=True, eq=False)
class Report:
    """What was measured, as frames (see `seco.reporting.tables`).

    Attributes:
        headline, classes, pairs, contexts: the tables; `contexts` is empty where the data set knows none.
        notes: what the means leave out.
    """

    headline: pd.DataFrame
    classes: pd.DataFrame
    pairs: pd.DataFrame
    contexts: pd.DataFrame
    notes: tuple[str, ...]


def measure(manifest: Manifest, sources: Sequence[Source], *, contexts_file: Path) -> list[Measured]:
    """Compare every source with the truth, split by split, showing progress.

    Raises:
        SecoError: a mask is missing or damaged; the sentence names the stage to run.
    """
    contexts = read_contexts(contexts_file)
    measured: list[Measured] = []
    for source in sources:
        records = [record for split in source.splits for record in manifest.split(split)]
        with progress(f"evaluate {source.title}", len(records)) as advance:
            found = evaluate_masks(
                records,
                source.folder,
                class_names=manifest.class_names,
                stage=source.stage,
                contexts=contexts,
                progress=advance.reach,
            )
        measured += [Measured(source, split, item) for split, item in found.items()]
    return measured


def write_report(
    manifest: Manifest, measured: Sequence[Measured], *, cams: Path, folder: Path, pictures: int, pairs: int
) -> Report:
    """Write everything a reader wants of the measurements.

    Args:
        manifest: the data set.
        measured: what `measure` returned; a split without truth masks gets pictures and a note, but no numbers.
        cams: the CAM store, for the pictures.
        folder: gets metrics.json, classes.csv, pairs.csv, contexts.csv, report.md and figures/*.png.
        pictures: rows of an overview picture.
        pairs: rows of the co-occurrence tables in report.md (the CSV files hold them all).

    Raises:
        SecoError: a file cannot be written or a CAM is damaged.
    """
    names = manifest.class_names
    scored = [item for item in measured if item.is_scored]
    together = count_pairs([manifest.label_ids(record) for record in manifest.records], num_classes=len(names))
    report = Report(
        headline=headline_table(scored),
        classes=class_table(scored, class_names=names),
        pairs=pair_table(scored, class_names=names, pairs=together, num_images=len(manifest.records)),
        contexts=context_table(scored, class_names=names),
        notes=tuple(notes(measured, class_names=names)),
    )
    figures = _write_figures(manifest, measured, cams=cams, folder=folder / "figures", pictures=pictures)
    for name, frame in (("classes", report.classes), ("pairs", report.pairs), ("contexts", report.contexts)):
        write_table(folder / f"{name}.csv", frame)
    # The page keeps to the most refined segmentation, so that its tables fit a screen; the CSV files have all.
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
    write_metrics(folder / "metrics.json", headline_metrics(scored), notes=report.notes)
    return report


def show_headline(report: Report, *, console: Console | None = None) -> None:
    """Print the headline table and the notes to the console (standard output when None)."""
    console = console or Console()
    if not console.is_terminal:
        console.width = _LOG_WIDTH
    if not report.headline.empty:
        console.print(to_terminal(report.headline, title="Scores"))
    for note in report.notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)


def _write_figures(
    manifest: Manifest, measured: Sequence[Measured], *, cams: Path, folder: Path, pictures: int
) -> list[str]:
    """Write the bars, where something was measured, and an overview a split; return the file names."""
    scored, names = [item for item in measured if item.is_scored], []
    if scored:
        atomic_write_bytes(folder / "confusion.png", _draw_bars(scored, manifest.class_names))
        names.append("confusion.png")
    for split in dict.fromkeys(item.split for item in measured):
        sources = [item.source for item in measured if item.split == split]
        image = _draw_overview(manifest, split, sources, cams=cams, pictures=pictures)
        atomic_write_bytes(folder / f"overview_{split}.png", image)
        names.append(f"overview_{split}.png")
    return names


def _draw_bars(measured: Sequence[Measured], class_names: Sequence[str]) -> bytes:
    ratios: dict[str, dict[str, list[float]]] = {}
    for item in _last_variants(measured):
        values = item.evaluation.whole.confusion.scores().confusion_ratio[1:].tolist()
        ratios.setdefault(item.split, {})[item.source.short_title] = values
    return confusion_bars(ratios, class_names=class_names)


def _last_variants(measured: Sequence[Measured]) -> list[Measured]:
    """Return one item for each kind of masks and split: the last variant, which is the most refined."""
    return list({(item.source.kind, item.split): item for item in measured}.values())


def _draw_overview(manifest: Manifest, split: str, sources: Sequence[Source], *, cams: Path, pictures: int) -> bytes:
    masks = {source.short_title: source.folder for source in sources}
    records = manifest.split(split)
    with_truth = [record for record in records if record.mask is not None]
    rows, shown = [], set()
    for record in choose(with_truth or records, pictures):
        row, class_ids = panels(record, cams=cams, masks=masks, num_classes=len(manifest.class_names))
        rows.append(row)
        shown |= class_ids
    return overview(common_columns(rows), legend=legend(shown, manifest.class_names))
