"""Runs by DVC itself."""

import fcntl
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from seco.errors import SecoError
from tests.studies.projects import commit, conduct, experiments, git, run_of, wait_for, write


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.slow
def test_a_run_becomes_an_experiment_of_the_project_and_a_row_and_a_failure_is_named(runnable):
    ended = conduct(runnable, *(run_of(seed) for seed in (2, 13, 14, 3)), jobs=3)
    assert {name: end.error for name, end in ended.items() if name != "study-14"} == {
        "study-2": "",
        "study-13": "13 is not allowed",
        "study-3": "",
    }
    assert "exited with 3" in ended["study-14"].error
    assert "train: 3/20  15%" in ended["study-13"].log.read_text()
    assert experiments(runnable).keys() == {"study-2", "study-3"}
    assert '"found": 6' in experiments(runnable)["study-3"]
    row = ended["study-2"].row or {}
    assert (row["found"], row["training/seconds"], row["seed"], row["changes"]) == (4, 1, 2, "seed=2")
    assert row["commit"] == git(runnable, "rev-parse", "HEAD")[:7]
    assert git(runnable, "status", "--porcelain") == ""
    assert all(name.endswith(".log") for name in names(runnable / ".seco/experiments"))


@pytest.mark.slow
def test_a_run_has_the_code_of_the_commit_whatever_is_edited_meanwhile(runnable, notes, monkeypatch, tmp_path):
    write(tmp_path / "elsewhere", {"seco/__init__.py": "VALUE = 2\n"})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "elsewhere"))

    def edit(end):
        write(runnable, {"seco/__init__.py": "VALUE = 3\n"})
        commit(runnable)

    ended = conduct(runnable, run_of(5), run_of(6), on_end=edit)
    assert [end.error for end in ended.values()] == ["", ""]
    assert names(notes) == {"begun-5-1", "begun-6-1"}


@pytest.mark.slow
def test_what_another_run_has_computed_is_taken_from_the_cache_and_an_experiment_of_the_same_name_replaced(
    runnable, notes
):
    for name, seed in (("a", 5), ("b", 5), ("a", 6)):
        assert conduct(runnable, run_of(seed, name))[name].error == ""
        assert f'"found": {2 * seed}' in experiments(runnable)[name]
        for note in notes.glob("begun-*-1"):
            note.rename(notes / f"{note.name}-{name}")
    assert names(notes) == {"begun-5-1-a", "begun-6-1-a"}


@pytest.fixture
def _in_the_background():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("_in_the_background")
def test_an_error_of_the_caller_interrupts_what_runs_and_starts_nothing_more(runnable, notes):
    def fail(end):
        wait_for(lambda: {"begun-99-1", "begun-98-1"} <= names(notes))
        raise SecoError("the disk is full")

    with pytest.raises(SecoError, match="the disk is full"):
        conduct(runnable, *(run_of(seed) for seed in (99, 13, 98, 7)), jobs=3, on_end=fail)
    assert {"stopped-99", "stopped-98"} < names(notes)
    assert "begun-7-1" not in names(notes)
    assert (runnable / ".seco/resume/saved").exists()  # of the clone's .seco/resume


@pytest.mark.slow
def test_a_run_waits_for_what_a_killed_study_left_running_and_starts_afresh(runnable, notes):
    folder = runnable / ".seco/experiments"
    write(folder, {"study-2/dvc.yaml": "half written", "study-2.log": "older"})
    with (folder / "study-2.log").open() as log, ThreadPoolExecutor(1) as pool:
        fcntl.flock(log, fcntl.LOCK_EX)
        waiting = pool.submit(conduct, runnable, run_of(1), run_of(2), jobs=2)
        wait_for(lambda: "begun-1-1" in names(notes))
        assert not waiting.done()
        fcntl.flock(log, fcntl.LOCK_UN)
        assert waiting.result()["study-2"].error == ""
    assert "older" not in (folder / "study-2.log").read_text()
    assert experiments(runnable).keys() == {"study-1", "study-2"}
