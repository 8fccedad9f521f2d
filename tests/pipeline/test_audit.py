"""`seco audit` on a small project: what it writes, near-duplicates across splits, and what it needs."""

import pandas as pd
from PIL import Image

from tests.pipeline.conftest import Project
from tests.reporting.test_index_page import text_of

WRITTEN = {f"reports/audit/{name}" for name in ("classes.csv", "duplicates.csv", "suggestions.csv", "index.html")}


def test_a_copy_across_splits_is_told_and_shown(project: Project) -> None:
    images = project.root / "data/raw/demo/JPEGImages"
    with Image.open(images / "train_00003.jpg") as photograph, Image.open(images / "val_00001.jpg") as replaced:
        photograph.resize(replaced.size).save(images / "val_00001.jpg")
    assert project.run("prepare").status == 0
    before = project.files()
    outcome = project.run("audit")
    assert outcome.status == 0, outcome.err
    assert project.changed_files(before) == WRITTEN | {".seco/audit/hashes.csv"}
    assert "1 group of near-duplicates (2 photographs) across train and val: what is measured there" in outcome.out
    assert "never alone" in outcome.out
    found = pd.read_csv(project.root / "reports/audit/duplicates.csv")
    assert found[["id", "split"]].to_numpy().tolist() == [["train_00003", "train"], ["val_00001", "val"]]
    assert found["distance"].between(0, 32).all()
    todo = pd.read_csv(project.root / "reports/audit/suggestions.csv", keep_default_na=False)
    assert todo.loc[todo["action"] == "remove", "ids"].tolist() == ["val_00001"]
    page = (project.root / "reports/audit/index.html").read_text()
    assert "train_00003 = val_00001" in text_of(page)
    assert page.count("data:image/webp") == 2
    again = project.files()
    assert project.run("audit").out == outcome.out
    assert project.changed_files(again) == set()


def test_what_is_missing_is_said(project: Project) -> None:
    assert "is missing: run `seco prepare`" in project.refusal("audit", "--data", "nowhere")
    image = next((project.root / "data/raw/demo/JPEGImages").iterdir())
    image.unlink()
    assert f"{image.name} does not exist: restore it" in project.refusal("audit", besides=("reports/audit",))
    (project.root / "data/prepare/audit.csv").unlink()
    assert "audit.csv is missing: run `seco prepare`" in project.refusal("audit")
    (project.root / "data/prepare/manifest.csv").unlink()
    assert "manifest.csv is missing: run `seco prepare`" in project.refusal("audit")
