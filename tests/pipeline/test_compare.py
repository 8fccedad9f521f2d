"""`seco compare` on folders: a table, a sentence, CSV files and a page."""

import shutil

import pandas as pd

from tests.pipeline.conftest import Project


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


def test_what_cannot_be_compared_is_said(project: Project) -> None:
    assert "name two or more different runs" in project.refusal("compare", ".")
    assert "name two or more different runs" in project.refusal("compare", ".", ".")
    assert "there is no run 'nowhere'" in project.refusal("compare", ".", "nowhere")
    (project.root / "reports/counts.npz").write_bytes(b"damaged")
    assert "counts.npz is damaged: run `seco evaluate` again" in project.refusal("compare", "reports", ".")
