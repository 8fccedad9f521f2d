"""The page of a small run, with any names, and of a part of its images."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from seco.data.cooccurrence import count_pairs
from seco.data.prepare import audit_labels
from seco.reporting.index_page import PAGE, index_page
from seco.reporting.label_scores import measure_labels
from seco.reporting.measurements import measure
from seco.reporting.report import make_report, write_report
from seco.reporting.run_facts import RunFacts
from seco.storage.audit import write_audit
from seco.storage.contexts import read_contexts
from seco.storage.manifest import Manifest
from seco.storage.stage_records import StageRecord
from tests.reporting.run_tree import CLASSES, make_run

RECORD = StageRecord("train", 12.3, "2026-01-02 03:04", "some processor", 2, None, "2.0")
FACTS = RunFacts("demo", ("train.steps: 5 (demo: 500)",), "0123456789ab", "ba9876543210", {"train": 2}, [RECORD])


def page_of(
    root: Path,
    *,
    names: Sequence[str] = CLASSES,
    ids: Sequence[str] = ("a", "b", "c", "d"),
    with_truth: bool = True,
) -> Path:
    """Write the page of some images of the run of `make_run`, whose classes get other names; return its path."""
    made, sources = make_run(root)
    name_of = dict(zip(CLASSES, names, strict=False))
    records = tuple(
        replace(
            record,
            labels=tuple(name_of[label] for label in record.labels),
            mask=record.mask if with_truth else None,
        )
        for record in made.records
        if record.id in ids
    )
    manifest = Manifest(records, tuple(names))
    present = [replace(item, splits=tuple(s for s in item.splits if s in manifest.splits)) for item in sources]
    contexts = read_contexts(root / "contexts.csv")
    measurements = measure(manifest, [item for item in present if item.splits], contexts=contexts)
    shown = {
        "together": count_pairs([manifest.label_ids(record) for record in records], num_classes=len(names)),
        "contexts": contexts,
        "pairs": 3,
    }
    cams, reports = root / "cams", root / "reports"
    write_audit(root, audit_labels(manifest))
    report = make_report(manifest, measurements, labels=measure_labels(manifest, cams=cams), **shown)
    write_report(report, manifest, measurements, cams=cams, folder=reports, pictures=2, pairs=3)
    page = index_page(
        manifest,
        measurements,
        report,
        run=FACTS,
        data=root,
        model=root / "no-model",
        cams=cams,
        curves=reports / "train",
        pictures=2,
        **shown,
    )
    (reports / PAGE).write_text(page)
    return reports / PAGE
