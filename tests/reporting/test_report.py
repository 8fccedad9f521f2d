import io
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from rich.console import Console

from seco.errors import SecoError
from seco.reporting.report import Report, measure, show_headline, write_report
from seco.storage.json_file import read_metrics
from seco.storage.manifest import Manifest
from seco.storage.masks import mask_path
from tests.reporting.run_tree import make_run

CONTEXTS = "id,split,contexts,biased\na,train,room,0\nb,train,rails,1\nc,val,room,0\nd,val,sky,0\n"


def _report(root: Path) -> Report:
    manifest, sources = make_run(root)
    (root / "contexts.csv").write_text(CONTEXTS)
    measured = measure(manifest, sources, contexts_file=root / "contexts.csv")
    return write_report(manifest, measured, cams=root / "cams", folder=root / "reports", pictures=2, pairs=3)


def test_a_run_leaves_metrics_tables_page_and_pictures(tmp_path: Path) -> None:
    _report(tmp_path)
    reports = tmp_path / "reports"
    metrics = read_metrics(reports / "metrics.json", stage="evaluate")
    # Of train's seeds background and cat are perfect; the dog's 48 pixels come with the person's 48.
    assert metrics["cam_seed"]["train"]["miou"] == pytest.approx((1 + 1 + 48 / 96 + 0) / 4)
    assert metrics["cam_seed"]["train"]["confusion_ratio"] == pytest.approx(0.5)
    assert metrics["refined"]["train"]["miou"] == metrics["segmentation"]["val"]["crf"]["miou"] == 1
    assert [note for note in metrics["notes"] if "person" in note] != []
    pairs = pd.read_csv(reports / "pairs.csv")
    worst = pairs.iloc[0]
    assert (worst["masks"], worst["class"], worst["other"]) == ("CAM seed", "dog", "person")
    assert worst["confusion_ratio"] == 1
    assert len(pd.read_csv(reports / "classes.csv")) == 4 * 4
    # Only the dog occurs in val both with and without a context.
    contexts = pd.read_csv(reports / "contexts.csv")
    assert set(zip(contexts["split"], contexts["context"], contexts["class"], strict=True)) == {
        ("val", "room", "dog"),
        ("val", "sky", "dog"),
    }


def test_every_picture_on_the_page_exists(tmp_path: Path) -> None:
    _report(tmp_path)
    reports = tmp_path / "reports"
    links = [
        line.split("(")[1].rstrip(")") for line in (reports / "report.md").read_text().splitlines() if "![" in line
    ]
    assert links == ["figures/confusion.png", "figures/overview_train.png", "figures/overview_val.png"]
    for link in links:
        with Image.open(reports / link) as image:
            assert image.width > 500


def test_the_page_names_the_pair_that_is_confused(tmp_path: Path) -> None:
    _report(tmp_path)
    page = (tmp_path / "reports" / "report.md").read_text()
    assert "| CAM seed | train | 2 | 62.5 |" in page
    assert "| dog | person | 2 |" in page


def test_the_terminal_shows_headline_and_notes(tmp_path: Path) -> None:
    text = io.StringIO()
    show_headline(_report(tmp_path), console=Console(file=text))
    assert "segmentation, crf" in text.getvalue()
    assert "62.5" in text.getvalue()
    assert "not defined (nothing predicted) for person" in text.getvalue()


def test_a_missing_mask_names_the_stage(tmp_path: Path) -> None:
    manifest, sources = make_run(tmp_path)
    mask_path(tmp_path / "refined", "b").unlink()
    with pytest.raises(SecoError, match=r"refined/b\.png is missing: run `seco refine`"):
        measure(manifest, sources, contexts_file=tmp_path / "contexts.csv")


def _bare_report(root: Path, *, bare_splits: set[str]) -> Report:
    manifest, sources = make_run(root)
    records = (replace(record, mask=None) if record.split in bare_splits else record for record in manifest.records)
    bare = Manifest(tuple(records), manifest.class_names)
    measured = measure(bare, sources, contexts_file=root / "contexts.csv")
    return write_report(bare, measured, cams=root / "cams", folder=root / "reports", pictures=2, pairs=3)


def test_without_any_truth_the_report_says_so_and_shows_pictures(tmp_path: Path) -> None:
    report = _bare_report(tmp_path, bare_splits={"train", "val"})
    assert report.headline.empty
    note = "CAM seed (train): no image has a truth mask, so mIoU and confusion cannot be measured"
    assert note in report.notes
    reports = tmp_path / "reports"
    assert read_metrics(reports / "metrics.json", stage="evaluate") == {"notes": list(report.notes)}
    page = (reports / "report.md").read_text()
    assert f"- {note}\n" in page
    assert "nan" not in page
    for split in ("train", "val"):
        assert f"![figures/overview_{split}.png]" in page
        with Image.open(reports / f"figures/overview_{split}.png") as image:
            assert image.width > 500
    assert not (reports / "figures/confusion.png").exists()
    for name in ("classes", "pairs", "contexts"):
        assert len((reports / f"{name}.csv").read_text().splitlines()) == 1, "the header"


def test_a_split_without_truth_is_named_beside_the_scores_of_the_other(tmp_path: Path) -> None:
    report = _bare_report(tmp_path, bare_splits={"val"})
    assert set(report.headline["split"]) == {"train"}
    told = "segmentation, crf (val): no image has a truth mask, so mIoU and confusion cannot be measured"
    assert told in report.notes
    assert (tmp_path / "reports/figures/overview_val.png").is_file()


def test_without_scores_the_terminal_shows_the_notes(tmp_path: Path) -> None:
    text = io.StringIO()
    show_headline(_bare_report(tmp_path, bare_splits={"train", "val"}), console=Console(file=text))
    assert "Scores" not in text.getvalue()
    assert "refined mask (train): no image has a truth mask" in text.getvalue()
