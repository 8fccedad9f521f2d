"""The measurements for a GPU: steps that fail or take too long are told from those that are done, and settings hold."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from benchmarks import gpu, steps
from benchmarks.steps import Step, run_steps
from seco.config.settings import load_settings

SLEEP = "import time; print('begun', flush=True); time.sleep(60)"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_each_step_is_reported_as_it_ended(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(steps, "describe_machine", lambda: {"device": "a card"})
    found = tmp_path / "found.txt"
    planned = [
        Step("done", python(f"open({str(found)!r}, 'w').write('7')"), 1, find=lambda _: {"n": int(found.read_text())}),
        Step("failed", python("print('why'); raise SystemExit(3)"), 1, find=lambda _: {"n": 1}),
        Step("late", python(SLEEP), 1 / 60, find=lambda _: {"n": 1}),
        Step("nothing", python("pass"), 1, find=lambda _: {"n": float((tmp_path / "none").read_text())}),
        Step("missing", ["/nowhere/program"], 1),
    ]
    results = run_steps(planned, tmp_path / "out", minutes=1)
    told = json.loads((tmp_path / "out/results.json").read_text())
    assert told["machine"] == {"device": "a card"}
    assert [step["status"] for step in told["steps"]] == ["done", "failed", "out of time", "failed", "failed"]
    assert [step["numbers"] for step in told["steps"]] == [{"n": 7}, {}, {}, {}, {}]
    assert [result.printed[:1] for result in results[:3]] == [[], ["why"], ["begun"]]
    assert results[2].seconds < 30
    page = (tmp_path / "out/results.md").read_text()
    assert "| done | done | 0 | n 7 |" in page
    assert "late, out of time:\n\n```\nbegun" in page


def test_what_has_no_time_left_is_not_begun(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(steps, "describe_machine", dict)
    (result,) = run_steps([Step("one", python("pass"), 1)], tmp_path, minutes=0)
    assert (result.status, result.seconds) == ("not begun", 0.0)


@pytest.mark.parametrize("tiny", [False, True])
def test_the_settings_of_every_part_are_valid_and_committed(tmp_path: Path, tiny: bool):
    plan = gpu.Plan(tmp_path, tmp_path, True, "vit_small_patch14_dinov2.lvd142m", "3,4", 2, 2000, 224, tiny)
    planned = [step for part in gpu.PARTS.values() for step in part(plan)]
    folders = {step.folder for step in planned if step.folder.is_relative_to(tmp_path)}
    assert {folder.name for folder in folders} == {"stages", "photographs", "demo"}
    for folder in folders:
        load_settings(folder / "params.yaml")
        assert not subprocess.check_output(["git", "-C", os.fspath(folder), "status", "--porcelain"])


def test_bad_options_are_refused_before_anything_runs(tmp_path: Path):
    def call(**options) -> None:
        gpu.main(**({"output": tmp_path / "out", "photographs": tmp_path, "parts": "speed"} | options))

    with pytest.raises(typer.BadParameter, match="unknown part 'sped'"):
        call(parts="sped")
    with pytest.raises(typer.BadParameter, match="has no folder VOCdevkit"):
        call()
    (tmp_path / "VOCdevkit").mkdir()
    with pytest.raises(typer.BadParameter, match=r"none\.pt is no file"):
        call(weights=tmp_path / "none.pt")
    assert not (tmp_path / "out").exists()
