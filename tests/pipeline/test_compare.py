"""`seco compare` on folders: a table, a sentence, CSV files and a page."""

import re
import shutil

import pandas as pd

from tests.pipeline.conftest import Project
from tests.reporting.test_index_page import text_of
from tests.settings import change_settings


def test_a_run_against_itself_and_a_worse_one(project: Project) -> None:
    for name in ("one", "other"):
        shutil.copytree(project.root / "reports", project.root / name)
    outcome = project.run("compare", "one", "other", ".", "--out", "compared")
    assert outcome.status == 0, outcome.err
    assert "val): other no difference, +0.0 (+0.0 to +0.0) points; . no difference, +0.0" in outcome.out
    scores = pd.read_csv(project.root / "compared/scores.csv")
    assert set(scores["run"]) == {"one", "other", "."}
    assert set(scores["verdict"]) <= {"reference", "no difference", "not defined"}
    assert (project.root / "compared/index.html").read_text().count("<section") >= 2
    assert not pd.read_csv(project.root / "compared/classes.csv").empty


def test_runs_with_the_names_of_columns_are_shown_as_they_are(project: Project) -> None:
    for name in ("value", "my_iou_percent", "setting"):
        shutil.copytree(project.root / "reports", project.root / name)
        shutil.copy(project.root / "params.yaml", project.root / name)
        change_settings(project.root / name, {"seed": len(name)})
    outcome = project.run("compare", "value", "my_iou_percent", "setting", "--out", "compared")
    assert outcome.status == 0, outcome.err
    titles = "masks split score value (reference) run value difference verdict"
    assert "(reference) run value difference verdict" in re.sub(r" +", " ", outcome.out)
    assert "boundary F %" in outcome.out
    text = text_of((project.root / "compared/index.html").read_text())
    assert titles in text
    assert "setting run value run my_iou_percent run setting seed 5 14 7" in text


def test_what_cannot_be_compared_is_said(project: Project) -> None:
    assert "name two or more different runs" in project.refusal("compare", ".")
    assert "name two or more different runs" in project.refusal("compare", ".", ".")
    assert "name two or more different runs" in project.refusal("compare", ".", "")
    assert "there is no run 'nowhere'" in project.refusal("compare", ".", "nowhere")
    (project.root / "reports/counts.npz").write_bytes(b"damaged")
    assert "counts.npz is damaged: run `seco evaluate` again" in project.refusal("compare", "reports", ".")
