"""Tables and pictures of all results, on one page."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from seco.errors import SecoError
from seco.storage.atomic import atomic_write_bytes, atomic_write_text
from seco.studies.page import Section, compose_section, put_sections
from seco.studies.pictures import draw_study, draw_tags
from seco.studies.results import Row, read_rows
from seco.studies.scores import Measures, biased_classes
from seco.studies.studies import Study


class Splits(NamedTuple):
    """Where scores are taken: the CAM seeds' split and the segmentations'."""

    seeds: str
    segmentations: str


def results_file(folder: Path, study: Study) -> Path:
    """Return where the results of a study lie."""
    return folder / f"{study.name}.csv"


def measures_of(rows: Sequence[Row], splits: Splits) -> Measures:
    """Return where the scores of a study stand.

    Raises:
        SecoError: no run was scored on the splits.
    """
    measures = Measures(splits.seeds, splits.segmentations, biased_classes(rows))
    for kind, split in (("cam_seed", splits.seeds), ("segmentation", splits.segmentations)):
        known = sorted({name.split("/")[1] for row in rows for name in row.metrics if name.startswith(f"{kind}/")})
        if split not in known:
            remedy = f"choose one of {', '.join(known)}" if known else "it needs masks to be measured against"
            raise SecoError(f"no {kind.replace('_', ' ')} was scored on {split!r}: {remedy}")
    return measures


def write_report(studies: Sequence[Study], *, results: Path, page: Path, pictures: Path, splits: Splits) -> list[str]:
    """Write a section and a picture of each study that has results; return the names of those.

    Raises:
        SecoError: there are none, a file or the page is damaged (nothing is written), or cannot be written.
    """
    sections: list[Section] = []
    drawn: dict[Path, bytes] = {}
    for study in studies:
        rows = _in_order(read_rows(results_file(results, study)), study)
        if not rows:
            continue
        measures = measures_of(rows, splits)
        own = {study.about: (pictures / f"{study.name}.png", draw_study(rows, measures, key=study.key))}
        tags = draw_tags(rows) if study.key is None else None
        if tags is not None:
            own["Right patch tags over time"] = (pictures / f"{study.name}-tags.png", tags)
        drawn |= dict(own.values())
        links = {title: os.path.relpath(picture, page.parent) for title, (picture, _) in own.items()}
        sections.append(compose_section(study, rows, measures, pictures=links))
    if not sections:
        raise SecoError(f"{results} holds no results of a study: run one, such as `seco experiment ablation`")
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    text = put_sections(text, sections, results=str(results))
    for picture, content in drawn.items():
        atomic_write_bytes(picture, content)
    atomic_write_text(page, text)
    return [section.study for section in sections]


def _in_order(rows: Sequence[Row], study: Study) -> list[Row]:
    """Return rows as the study names their variants, those that it no longer has last; a file has them as they came."""
    names = [variant.name for variant in study.variants]
    return sorted(rows, key=lambda row: (names.index(row.variant) if row.variant in names else len(names), row.seed))
