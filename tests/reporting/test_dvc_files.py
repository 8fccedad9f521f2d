import json
from pathlib import Path

import pandas as pd
import pytest

from seco.reporting.dvc_files import write_dvc_files
from seco.reporting.measurements import measure
from tests.imports import ROOT
from tests.reporting.run_tree import CLASSES, make_run


def test_a_number_for_each_kind_and_split_and_two_tables(tmp_path: Path) -> None:
    manifest, sources = make_run(tmp_path)
    write_dvc_files(tmp_path / "reports", measure(manifest, sources, contexts={}), class_names=CLASSES)
    headline = json.loads((tmp_path / "reports/headline.json").read_text())
    # Of train's seeds background and cat are perfect; the dog's 48 pixels come with the person's 48.
    assert headline["cam_seed"]["train"] == {"miou": pytest.approx(2.5 / 4), "confusion_ratio": 0.5}
    assert headline["segmentation"]["val"]["miou"] == 1, "the last variant alone"
    classes = pd.read_csv(tmp_path / "reports/plots/classes.csv")
    assert classes["class"].tolist() == ["background", *CLASSES]
    assert classes["iou"].dropna().eq(100).all()
    cells = pd.read_csv(tmp_path / "reports/plots/confusion.csv")
    assert cells.columns.tolist() == ["truth", "called", "percent"]
    assert (cells["truth"] == cells["called"]).all()


def test_without_scores_there_are_empty_tables(tmp_path: Path) -> None:
    write_dvc_files(tmp_path, [], class_names=CLASSES)
    assert json.loads((tmp_path / "headline.json").read_text()) == {}
    assert (tmp_path / "plots/classes.csv").read_text() == "class,iou\n"
    assert (tmp_path / "plots/confusion.csv").read_text() == "truth,called,percent\n"


def test_the_template_of_the_matrix_reads_its_columns() -> None:
    template = (ROOT / ".dvc/plots/heat_map.json").read_text()
    json.loads(template)
    assert template.count('"field": "percent"') == 2
