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
        "val": {"miou": 0.25, "miou_low": 0.125, "miou_high": 0.5, "boundary_f": 0.1, "confusion_ratio": None},
    },
    "segmentation": {
        "val": {
            "single_scale": {"miou": 0.625, "precision": 0.1, "recall": 0.2, "confusion_ratio": 0.5},
            "crf": {"miou": None, "precision": 0.1, "recall": 0.2, "confusion_ratio": 0.75},
        }
    },
    "classification": {"val": {"images": 2, "map": 0.5}},
    "notes": ["cam_seed.val.confusion_ratio is not defined"],
}


def test_every_kind_split_and_variant_has_a_row() -> None:
    frame = summary_table(METRICS)
    scores = ("miou{}_percent", "boundary_f{}_percent", "confusion_ratio{}")
    columns = [score.format(end) for score in scores for end in ("", "_low", "_high")]
    assert list(frame.columns) == ["masks", "split", *columns]
    assert frame["masks"].tolist() == ["cam seed", "cam seed", "segmentation single scale", "segmentation crf"]
    assert frame["split"].tolist() == ["train", "val", "val", "val"]
    assert frame["miou_percent"].tolist() == pytest.approx([50, 25, 62.5, math.nan], nan_ok=True)
    assert frame["confusion_ratio"].tolist() == pytest.approx([1.25, math.nan, 0.5, 0.75], nan_ok=True)
    assert frame.iloc[1]["miou_low_percent":"boundary_f_percent"].tolist() == pytest.approx([12.5, 50, 10])
    assert frame["boundary_f_percent"].isna().sum() == 3, "of an older version"


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
    assert "0.50" in row
    (row,) = [line for line in lines if line.startswith("cam seed") and " val " in line]
    assert "25.0 (12.5 to 50.0)" in row
    assert not any(sign in "".join(lines) for sign in "│┃─"), "plain where it is no terminal"
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


@pytest.mark.parametrize("scored", [True, False])
def test_the_headline_is_shown_with_its_notes(scored: bool) -> None:
    text, empty = io.StringIO(), pd.DataFrame()
    metrics = METRICS if scored else {"notes": []}
    report = Report(*[empty] * 7, notes=("a [note]",), labels=empty, labels_of_classes=empty, metrics=metrics)
    show_headline(report, console=Console(file=text))
    assert ("62.5" in text.getvalue()) == scored
    assert text.getvalue().endswith("a [note]\n")
