"""Where the CRF runs: on a GPU before an image goes to a worker, else in the worker."""

import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipeline.inference import write_in_workers

Item = tuple[Path, int | None]


def smooth(item: Item, *, crf: dict[str, Any]) -> Item:
    """Note the process in which the CRF runs."""
    return item[0], os.getpid()


def write(item: Item, *, suffix: str, crf: dict[str, Any] | None) -> None:
    path, process = item if crf is None else smooth(item, crf=crf)
    path.with_suffix(suffix).write_text(str(process))


def memory_of(item: Item, *, crf: dict[str, Any] | None) -> int:
    return 1


@pytest.mark.parametrize(
    ("crf", "on_gpu", "here"),
    [({"iterations": 3}, True, True), ({"iterations": 3}, False, False), (None, True, None)],
)
def test_it_runs_in_the_main_process_on_a_gpu_alone(
    crf: dict[str, Any] | None, on_gpu: bool, here: bool | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)  # with one core nothing leaves this process
    write_in_workers(
        partial(write, suffix=".txt"),
        [(tmp_path / name, None) for name in "ab"],
        smooth=smooth,
        crf=crf,
        on_gpu=on_gpu,
        memory_of=memory_of,
        stage="refine",
        count=2,
    )
    found = [(tmp_path / f"{name}.txt").read_text() for name in "ab"]
    if here is None:
        assert found == ["None", "None"]
    else:
        assert [process == str(os.getpid()) for process in found] == [here, here]
