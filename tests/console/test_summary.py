import io
import json
import math
from pathlib import Path

import pytest
from rich.console import Console

from seco.console.summary import show_summary, summary_table
from seco.errors import SecoError

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


def test_every_kind_split_and_variant_has_a_row() -> None:
    frame = summary_table(METRICS)
    assert list(frame.columns) == ["masks", "split", "miou_percent", "confusion_ratio"]
    assert frame["masks"].tolist() == ["cam seed", "cam seed", "segmentation single scale", "segmentation crf"]
    assert frame["split"].tolist() == ["train", "val", "val", "val"]
    assert frame["miou_percent"].tolist()[:3] == [50.0, 25.0, 62.5]
    assert frame["confusion_ratio"].tolist()[::2] == [1.25, 0.5]


def test_what_is_not_defined_is_no_number() -> None:
    frame = summary_table(METRICS)
    assert math.isnan(frame["miou_percent"].iloc[3])
    assert math.isnan(frame["confusion_ratio"].iloc[1])


def test_scores_and_places_are_shown(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps(METRICS))
    text = io.StringIO()
    show_summary(tmp_path, console=Console(file=text, width=200))
    lines = text.getvalue().splitlines()
    (row,) = [line for line in lines if "single scale" in line]
    assert "62.5" in row
    assert "0.5" in row
    for name in ("report.md", "figures", "metrics.json"):
        assert any(line.startswith(str(tmp_path / name)) for line in lines)


def test_of_a_run_without_truth_the_notes_are_shown(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text('{"notes": ["val: no image has a truth mask"]}')
    text = io.StringIO()
    show_summary(tmp_path, console=Console(file=text, width=200))
    assert text.getvalue().startswith("val: no image has a truth mask\n")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "is missing: run `seco evaluate`"),
        ("{", "is not readable JSON"),
        ("[]", "holds no JSON object"),
        ('{"a": 1}', "does not hold the scores of a run"),
        ('{"a": {"train": {"miou": [], "confusion_ratio": 1}}}', "does not hold the scores of a run"),
    ],
)
def test_reports_that_cannot_be_read_are_one_sentence(tmp_path: Path, content: str | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(SecoError, match=sentence):
        show_summary(tmp_path)
