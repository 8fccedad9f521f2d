"""Runs by DVC itself."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.studies.place import execution, found_by, kept, notes, run_of, wait_for
from tests.studies.repositories import git, write


@pytest.mark.slow
def test_what_fails_is_named_with_its_reason_and_does_not_lose_the_others(place, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with closing(execution(place, jobs=3).run([run_of(value) for value in (2, 13, 14, 3)])) as endings:
        ended = {ending.run.name: ending for ending in endings}
    assert {name: ending.fault for name, ending in ended.items() if name != "study-14"} == {
        "study-2": None,
        "study-13": "13 is no good number",
        "study-3": None,
    }
    assert "exited with 3" in (ended["study-14"].fault or "")
    assert kept(place) == {"study-2", "study-3"}
    assert "a line of its own" in ended["study-13"].log.read_text()
    assert git(place, "status", "--porcelain", "--untracked-files=no") == ""
    assert found_by(place, "study-2") == '{"found": 4}'


@pytest.mark.slow
def test_a_run_imports_the_code_of_dvcs_copy_and_not_what_is_edited_meanwhile(place, monkeypatch):
    elsewhere = place.parent / "elsewhere"
    write(elsewhere, {"marker.py": "VALUE = 2\n"})
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    (ended,) = execution(place, jobs=1).run([run_of(5)])
    assert ended.fault is None
    assert notes(place) == {"begun-5-1"}


@pytest.mark.slow
def test_a_run_that_ends_does_not_take_what_another_is_about_to_run(place):
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: [*execution(place, jobs=1).run([run_of(50)])])
        wait_for(lambda: "begun-50-1" in notes(place))
        _lay_down(place, 5)
        (Path((place / "notes").read_text()) / "go on").touch()
        (ended,) = running.result()
    assert ended.fault is None
    (after,) = execution(place, jobs=1).run([run_of(6)])
    assert after.fault is None
    assert kept(place) == {"study-50", "study-6"}
    assert "begun-5-1" not in notes(place)


def _lay_down(place: Path, value: int) -> None:
    """Do what a run does before it starts: put its settings where DVC fetches them from."""
    changes, name = {"params.yaml": [f"value={value}"]}, f"study-{value}"
    steps = [
        "from dvc.repo import Repo",
        "found = Repo().experiments",
        f"found.new(found.tempdir_queue, params={changes}, name={name!r})",
    ]
    subprocess.run([sys.executable, "-c", "\n".join(steps)], cwd=place, check=True)


@pytest.mark.slow
def test_an_experiment_of_the_same_name_is_replaced(place):
    for value in (5, 6):
        (ended,) = execution(place, jobs=1).run([run_of(value)._replace(name="study-a")])
        assert ended.fault is None
    assert found_by(place, "study-a") == '{"found": 12}'


@pytest.mark.slow
def test_what_another_run_has_found_is_taken_from_dvcs_cache(place):
    for name, value in (("study-a", 5), ("study-b", 5), ("study-a", 6), ("study-a", 5)):
        (ended,) = execution(place, jobs=1).run([run_of(value)._replace(name=name)])
        assert ended.fault is None
        assert found_by(place, name) == f'{{"found": {2 * value}}}'
        for note in notes(place):
            (Path((place / "notes").read_text()) / note).rename(place / f"{note}-{name}")
    assert {path.name for path in place.glob("begun-*")} == {"begun-5-1-study-a", "begun-6-1-study-a"}


@pytest.fixture
def _in_the_background():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("_in_the_background")
def test_a_fault_of_the_callers_stops_what_runs_as_ctrl_c_would_and_begins_nothing_more(place):
    work = execution(place, jobs=2)
    with closing(work.run([run_of(value) for value in (99, 2, 98, 7)])) as endings:
        assert next(endings).run.name == "study-2"
        wait_for(lambda: {"begun-99-1", "begun-98-1"} <= notes(place))
    assert {"stopped-99", "stopped-98"} < notes(place)
    assert not any(name.startswith("begun-7") for name in notes(place))
    assert git(place, "status", "--porcelain", "--untracked-files=no") == ""


@pytest.mark.slow
def test_a_run_that_was_killed_leaves_nothing_that_stops_the_next(place):
    work = execution(place, jobs=1)
    command = [sys.executable, "-m", "dvc", "exp", "run", "--temp", "--name", "study-99", "--set-param", "value=99"]
    with subprocess.Popen(command, cwd=place, start_new_session=True, stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: "begun-99-1" in notes(place))
        os.killpg(process.pid, signal.SIGKILL)
    (ended,) = work.run([run_of(2)])
    assert ended.fault is None
    assert kept(place) == {"study-2"}
