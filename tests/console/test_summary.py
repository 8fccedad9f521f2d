import io
import json
import math
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from seco.console.summary import show_headline, show_summary, summary_table
from seco.errors import SecoError
from seco.reporting.report import Report

METRICS = {
    "cam_seed": {
        "train": {"miou": 0.5, "precision": 0.6, "recall": 0.7, "confusion_ratio": 1.25},
        "val": {"miou": 0.25, "precision": 0.1, "recall": 0.2, "confusion_ratio": None},
    },
    "segmentation": {
        "val": {
            "single_scale": {"miou": 0.625, "precision": 0.1, "recall": 0.2, "confusion_ratio": 0.5},
            "crf": {"miou": None, "precision": 0.1, "recall": 0.2, "confusion_ratio": 0.75},
        }
    },
    "notes": ["cam_seed.val.confusion_ratio is not defined"],
}
HEADLINE = pd.DataFrame([{"masks": "CAM seed", "split": "val", "images": 3, "miou_percent": 62.5}])


def test_every_kind_split_and_variant_has_a_row() -> None:
    frame = summary_table(METRICS)
    assert list(frame.columns) == ["masks", "split", "miou_percent", "confusion_ratio"]
    assert frame["masks"].tolist() == ["cam seed", "cam seed", "segmentation single scale", "segmentation crf"]
    assert frame["split"].tolist() == ["train", "val", "val", "val"]
    assert frame["miou_percent"].tolist() == pytest.approx([50, 25, 62.5, math.nan], nan_ok=True)
    assert frame["confusion_ratio"].tolist() == pytest.approx([1.25, math.nan, 0.5, 0.75], nan_ok=True)


def summary_lines(folder: Path, content: str | None) -> list[str]:
    if content is not None:
        (folder / "metrics.json").write_text(content)
    text = io.StringIO()
    show_summary(folder, console=Console(file=text, width=200))
    return text.getvalue().splitlines()


def test_scores_and_paths_are_shown(tmp_path: Path) -> None:
    lines = summary_lines(tmp_path, json.dumps(METRICS))
    (row,) = [line for line in lines if "single scale" in line]
    assert "62.5" in row
    assert "0.5" in row
    for name in ("report.md", "figures", "metrics.json"):
        assert any(line.startswith(str(tmp_path / name)) for line in lines)


def test_the_notes_of_a_run_without_truth_are_shown(tmp_path: Path) -> None:
    lines = summary_lines(tmp_path, '{"notes": ["val: no image has a truth mask"]}')
    assert lines[0] == "val: no image has a truth mask"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "is missing: run `seco evaluate`"),
        ("{", "is not readable JSON"),
        ("[]", "holds no JSON object"),
        ('{"a":' * 100_000, "is not readable JSON"),
        ('{"a":' * 900 + "1" + "}" * 900, "does not hold the scores of a run"),
        ('{"a": 1}', "does not hold the scores of a run"),
        ('{"a": {"train": {"miou": [], "confusion_ratio": 1}}}', "does not hold the scores of a run"),
    ],
)
def test_reports_that_cannot_be_read_are_one_sentence(tmp_path: Path, content: str | None, sentence: str) -> None:
    with pytest.raises(SecoError, match=sentence):
        summary_lines(tmp_path, content)


@pytest.mark.parametrize("headline", [HEADLINE, HEADLINE.iloc[:0]])
def test_the_headline_is_shown_with_its_notes(headline: pd.DataFrame) -> None:
    text, empty = io.StringIO(), pd.DataFrame()
    show_headline(Report(headline, *[empty] * 6, notes=("a [note]",)), console=Console(file=text))
    assert ("62.5" in text.getvalue()) == (len(headline) > 0)
    assert text.getvalue().endswith("a [note]\n")
