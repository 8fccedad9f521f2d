import io
import time

import pytest
from rich.console import Console

from seco.console.runs import human_size, show_runs
from seco.training.runs import SavedRun

NOTE = {"steps": 500, "batch_size": 4, "backbone": "vit", "patch_size": 64, "dataset": "data/raw", "started": 1}
NOON = time.mktime((2026, 3, 1, 12, 0, 0, 0, 0, -1))


def lines_of(*runs: SavedRun) -> list[str]:
    text = io.StringIO()
    show_runs(runs, now=NOON, console=Console(file=text, width=80))
    return text.getvalue().splitlines()


def run(**changes: object) -> SavedRun:
    values = {"name": "abc", "step": 200, "saved": NOON - 185, "size": 1_700_000_000, "owner": None, "note": NOTE}
    return SavedRun(**{**values, **changes})  # type: ignore[arg-type]


def test_a_run_is_told_by_progress_age_size_and_settings() -> None:
    (row,) = [line for line in lines_of(run()) if "abc" in line]
    for words in ("200/500", "2026-03-01 11:56, 3 min ago", "1.7 GB", "vit, data/raw, patch 64, batch 4"):
        assert words in row


def test_a_run_under_way_says_who_trains_it() -> None:
    assert any("pid 12 on node" in line for line in lines_of(run(owner="pid 12 on node")))


def test_a_run_of_which_little_is_known() -> None:
    (row,) = [line for line in lines_of(run(step=None, saved=None, size=0, note={})) if "abc" in line]
    for words in ("0/?", "not yet", "0 B", "unknown"):
        assert words in row


@pytest.mark.parametrize(
    ("seconds", "age"), [(59, "just now"), (60, "1 min ago"), (3600, "1 h ago"), (2 * 86400, "2 d ago")]
)
def test_ages(seconds: int, age: str) -> None:
    assert any(age in line for line in lines_of(run(saved=NOON - seconds)))


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (99_949, "99.9 kB"), (99_951, "100 kB"), (1.7e9, "1.7 GB")],
)
def test_sizes(size: float, text: str) -> None:
    assert human_size(int(size)) == text
