"""`seco sweep` agrees with `evaluate`, chooses without masks too, and says what is missing."""

import csv
import json
from pathlib import Path

import pytest

from tests.pipeline.conftest import Project


def take_masks_away(root: Path) -> None:
    path = root / "data/prepare/manifest.csv"
    with path.open(newline="") as file:
        rows = [row | {"mask": ""} for row in csv.DictReader(file)]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def table(project: Project) -> dict[float, dict[str, str]]:
    with (project.root / "reports/thresholds.csv").open(newline="") as file:
        return {float(row["threshold"]): row for row in csv.DictReader(file)}


def test_the_present_threshold_scores_as_in_the_report(project: Project) -> None:
    before = project.files()
    outcome = project.run("sweep")
    assert outcome.status == 0
    assert outcome.out.startswith("by the true masks of val, the best export.background is ")
    assert outcome.out.count("\n") == 1
    assert project.changed_files(before) == {"reports/thresholds.csv", "reports/thresholds.png"}
    reported = json.loads((project.root / "reports/metrics.json").read_text())["cam_seed"]["val"]
    measured = table(project)[0.5]
    for name in ("miou", "precision", "recall"):
        assert float(measured[name]) == pytest.approx(reported[name], rel=1e-5)


def test_without_masks_it_says_how_it_chose(project: Project) -> None:
    take_masks_away(project.root)
    outcome = project.run("sweep", "--out", "chosen/here.csv")
    assert outcome.status == 0
    assert outcome.out.startswith("train has no true masks, so by its photographs and CAMs (normalised cut) ")
    assert sorted(path.name for path in (project.root / "chosen").iterdir()) == ["here.csv", "here.png"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--split", "test"), "the manifest has no split 'test': choose one of train, val, val_unbiased"),
        (("--cams", "nowhere"), "is missing: run `seco export-cams`"),
        (("--data", "nowhere"), "is missing: run `seco prepare`"),
        (("--out", "thresholds.txt"), "--out thresholds.txt is no CSV file: give it a name that ends in .csv"),
    ],
)
def test_what_is_missing_is_said(project: Project, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in project.refusal("sweep", *words)
