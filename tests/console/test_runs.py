import io
import time

import pytest
from rich.console import Console

from seco.console.runs import show_runs
from seco.training.runs import SavedRun

NOTE = {"steps": 500, "batch_size": 4, "backbone": "vit", "patch_size": 64, "dataset": "data/raw", "started": 1}
NOON = time.mktime((2026, 3, 1, 12, 0, 0, 0, 0, -1))
SAVED = {"name": "abc", "step": 200, "saved": NOON - 185, "size": 1_700_000_000, "owner": None, "note": NOTE}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ("200/500", "2026-03-01 11:56, 3 min ago", "1.7 GB", "vit, data/raw, patch 64, batch 4")),
        ({"owner": "pid 12 on node"}, ("pid 12 on node",)),
        ({"step": None, "saved": None, "note": {}}, ("0/?", "not yet", "unknown")),
        ({"saved": NOON - 59}, ("just now",)),
        ({"saved": NOON - 3600}, ("1 h ago",)),
        ({"saved": NOON - 2 * 86400}, ("2 d ago",)),
    ],
)
def test_a_run_is_a_row(changes: dict[str, object], words: tuple[str, ...]) -> None:
    text = io.StringIO()
    show_runs([SavedRun(**(SAVED | changes))], now=NOON, console=Console(file=text, width=80))  # type: ignore[arg-type]
    (row,) = [line for line in text.getvalue().splitlines() if "abc" in line]
    assert all(word in row for word in words)
