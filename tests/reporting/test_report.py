from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from seco.console.summary import summary_table
from seco.data.cooccurrence import count_pairs
from seco.errors import SecoError
from seco.reporting.label_scores import measure_labels
from seco.reporting.measurements import measure
from seco.reporting.report import Report, compose_page, make_report, write_report
from seco.scores.confusion import ConfusionMatrix, Values
from seco.scores.metrics import METRICS, Metric
from seco.storage.contexts import read_contexts
from seco.storage.json_file import read_metrics
from seco.storage.manifest import Manifest
from seco.storage.masks import mask_path
from tests.reporting.run_tree import make_run

CONTEXTS = "id,split,contexts,biased\na,train,room,0\nb,train,rails,1\nc,val,room,0\nd,val,sky,0\n"


def report_of(root: Path, *, without_truth: tuple[str, ...] = ()) -> Report:
    """Write the report of a small run, some of whose splits have no truth masks."""
    manifest, sources = make_run(root)
    (root / "contexts.csv").write_text(CONTEXTS)
    records = (replace(record, mask=None) if record.split in without_truth else record for record in manifest.records)
    manifest = Manifest(tuple(records), manifest.class_names)
    measurements = measure(manifest, sources, contexts=read_contexts(root / "contexts.csv"))
    report = make_report(
        manifest,
        measurements,
        labels=measure_labels(manifest, cams=root / "cams"),
        together=count_pairs([manifest.label_ids(record) for record in manifest.records], num_classes=3),
        contexts=read_contexts(root / "contexts.csv"),
        pairs=3,
    )
    cams, folder = root / "cams", root / "reports"
    write_report(report, manifest, measurements, cams=cams, folder=folder, pictures=2, pairs=3)
    return report


def test_a_run_leaves_metrics_tables_page_and_pictures(tmp_path: Path) -> None:
    report_of(tmp_path)
    reports = tmp_path / "reports"
    metrics = read_metrics(reports / "metrics.json", stage="evaluate")
    # Of train's seeds background and cat are perfect; the dog's 48 pixels come with the person's 48.
    assert metrics["cam_seed"]["train"]["miou"] == pytest.approx((1 + 1 + 48 / 96 + 0) / 4)
    assert metrics["cam_seed"]["train"]["confusion_ratio"] == pytest.approx(0.5)
    assert metrics["refined"]["train"]["miou"] == metrics["segmentation"]["val"]["crf"]["miou"] == 1
    assert [note for note in metrics["notes"] if "person" in note] != []
    worst = pd.read_csv(reports / "pairs.csv").iloc[0]
    assert (worst["masks"], worst["class"], worst["other"]) == ("cam_seed", "dog", "person")
    assert worst["confusion_ratio"] == 1
    assert len(pd.read_csv(reports / "classes.csv")) == 4 * 4
    together = pd.read_csv(reports / "cooccurrence.csv").iloc[0]
    assert (together["masks"], together["class"], together["other"]) == ("cam_seed", "dog", "person")
    assert together["on_other_percent"] == 100
    assert metrics["cam_seed"]["train"]["pair_confusion"] == 0.5  # every dog where a person is, and no other way round
    # Only the dog occurs in val both with and without a context.
    contexts = pd.read_csv(reports / "contexts.csv")
    assert set(zip(contexts["split"], contexts["context"], contexts["class"], strict=True)) == {
        ("val", "room", "dog"),
        ("val", "sky", "dog"),
    }
    page = (reports / "report.md").read_text()
    assert "| CAM seed | train | 2 | 62.5 (50.0 to 100.0) |" in page
    assert "| dog | person | 2 |" in page
    assert "| CAM seed | train | dog | person | 1 | 0 | 1.33 | 100.0 (100.0 to 100.0) |" in page
    links = [line.split("(")[1].rstrip(")") for line in page.splitlines() if "![" in line]
    assert links == ["figures/confusion.png", "figures/overview_train.png", "figures/overview_val.png"]
    for link in links:
        with Image.open(reports / link) as image:
            assert image.width > 500


def share_of_occurring(confusion: ConfusionMatrix) -> Values:
    return np.where(confusion.occurs(), 0.25, np.nan)


def test_a_metric_added_as_a_row_appears_in_metrics_tables_and_summary(tmp_path: Path, monkeypatch) -> None:
    dummy = Metric("mean_dummy", "dummy", "Dummy score", share_of_occurring, headline=True, prominent=True)
    monkeypatch.setitem(METRICS, dummy.name, dummy)
    report = report_of(tmp_path)
    reports = tmp_path / "reports"
    metrics = read_metrics(reports / "metrics.json", stage="evaluate")
    assert metrics["segmentation"]["val"]["crf"]["mean_dummy"] == 0.25
    assert set(report.headline["mean_dummy_percent"]) == {25}
    assert set(pd.read_csv(reports / "classes.csv")["dummy_percent"].dropna()) == {25}
    page = (reports / "report.md").read_text()
    assert "mean dummy % |" in page
    assert "## Dummy score of each class (%)" in page
    assert set(summary_table(metrics)["mean_dummy_percent"]) == {25}


def test_a_missing_mask_names_the_stage(tmp_path: Path) -> None:
    manifest, sources = make_run(tmp_path)
    mask_path(tmp_path / "refined", "b").unlink()
    with pytest.raises(SecoError, match=r"1 of 2 masks are missing in .*refined \(b\): run `seco refine`"):
        measure(manifest, sources, contexts=read_contexts(tmp_path / "contexts.csv"))


def test_without_any_truth_the_report_says_so_and_shows_pictures(tmp_path: Path) -> None:
    report = report_of(tmp_path, without_truth=("train", "val"))
    assert report.headline.empty
    note = "CAM seed (train): no image has a truth mask, so mIoU and confusion cannot be measured"
    assert note in report.notes
    reports = tmp_path / "reports"
    assert read_metrics(reports / "metrics.json", stage="evaluate") == {"notes": list(report.notes)}
    page = (reports / "report.md").read_text()
    assert f"- {note}\n" in page
    assert "nan" not in page
    assert {path.name for path in (reports / "figures").iterdir()} == {"overview_train.png", "overview_val.png"}
    assert all(f"![figures/overview_{split}.png]" in page for split in ("train", "val"))
    for name in ("classes", "pairs", "cooccurrence", "contexts", "surroundings", "labels"):
        assert len((reports / f"{name}.csv").read_text().splitlines()) == 1, "the header"


def test_a_split_without_truth_is_named_beside_the_scores_of_the_other(tmp_path: Path) -> None:
    report = report_of(tmp_path, without_truth=("val",))
    assert set(report.headline["split"]) == {"train"}
    note = "segmentation, crf (val): no image has a truth mask, so mIoU and confusion cannot be measured"
    assert note in report.notes
    assert (tmp_path / "reports/figures/overview_val.png").is_file()


KEY = {"masks": "CAM seed", "split": "val"}


def _context(context: str, images_with: int, images_without: int, difference: float) -> dict[str, object]:
    images = {"images_with": images_with, "images_without": images_without}
    return {**KEY, "context": context, "class": "cat", **images, "difference": difference}


def _page(*contexts: dict[str, object]) -> str:
    pair = {"class": "cat", "other": "dog", "images_together": 0, "lift": 0.0, "confusion_ratio": 0.5}
    report = Report(
        headline=pd.DataFrame([{**KEY, "images": 3, "miou_percent": 50.0}]),
        classes=pd.DataFrame(
            [{**KEY, "class": "cat", "iou_percent": 50.0, "boundary_f_percent": 9.0, "confusion_ratio": 0.25}]
        ),
        pairs=pd.DataFrame([{**KEY, **pair}]),
        together=pd.DataFrame([], columns=["masks", "split", "tied", "images_both"]),
        correlations=pd.DataFrame([], columns=["masks", "split"]),
        surroundings=pd.DataFrame([], columns=["masks", "split"]),
        contexts=pd.DataFrame(contexts),
        notes=("a note",),
        labels=pd.DataFrame(),
        labels_of_classes=pd.DataFrame(),
        metrics={},
    )
    return compose_page(report, titles=["CAM seed"], figures=["figures/x.png"], rows=2)


def test_contexts_are_ranked_bounded_and_those_of_few_images_left_out() -> None:
    contexts = [
        _context("rails", 10, 30, 0.5),
        _context("street", 9, 30, 9.0),
        _context("studio", 30, 9, 9.0),
        _context("water", 20, 20, 0.75),
        _context("sky", 20, 20, 0.1),
    ]
    lines = [line for line in _page(*contexts).splitlines() if line.startswith("| CAM seed | val | ")]
    assert [line.split(" | ")[2] for line in lines[1:]] == ["water", "rails"]


def test_empty_sections_are_left_out_and_notes_are_listed() -> None:
    page = _page(_context("street", 1, 1, 9.0))
    assert "## Contexts" not in page
    assert "## Classes that occur together" not in page
    assert "\n- a note\n" in page
    assert "![figures/x.png](figures/x.png)" in page
