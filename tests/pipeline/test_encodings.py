"""Commands on terminals whose encoding lacks signs that SeCo prints."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.processes import ENVIRONMENT, SECO

METRICS = {
    "cam_seed": {"犬": {"miou": 0.5, "precision": 1, "recall": 1, "confusion_ratio": None}},
    "segmentation": {"val": {"crf": {"miou": None, "precision": 1, "recall": 1, "confusion_ratio": 2.0}}},
}


@pytest.mark.parametrize(
    ("encoding", "dash", "name"),
    [("utf-8", "–", "犬"), ("iso-8859-1", "-", r"\u72ac"), ("euc-jp", "-", "犬"), ("ascii", "-", r"\u72ac")],
)
def test_scores_are_printed_in_any_encoding(tmp_path: Path, encoding: str, dash: str, name: str) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps(METRICS))
    variables = ENVIRONMENT | {"PYTHONIOENCODING": encoding}
    words = (*SECO, "summary", "--reports", str(tmp_path))
    done = subprocess.run(words, env=variables, capture_output=True, check=True)
    printed = done.stdout.decode(encoding)
    (row,) = [line for line in printed.splitlines() if name in line]
    assert f" {dash} " in row
    assert done.stderr == b""


@pytest.mark.parametrize("encoding", ["iso-8859-1", "euc-jp", "cp1252"])
def test_a_fault_is_told_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    variables = ENVIRONMENT | {"PYTHONIOENCODING": encoding}
    words = (*SECO, "prepare", "--params", "–∞犬.yaml")
    done = subprocess.run(words, cwd=tmp_path, env=variables, capture_output=True, check=False)
    told = done.stderr.decode(encoding)
    assert done.returncode == 1
    assert "Traceback" not in told
    assert told.startswith("seco: ")
    assert told.endswith(".yaml does not exist: run from the project's folder or give --params\n")
