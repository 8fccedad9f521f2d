"""Folders of runs: one process holds a run; runs are listed and deleted."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seco.errors import SecoError
from seco.training import runs
from seco.training.checkpoint import write_checkpoint
from seco.training.runs import delete_run, find_runs, hold_run, note_run
from tests.imports import ROOT

HOLDER = """
import sys
from pathlib import Path
from seco.training.runs import hold_run
with hold_run(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_LOCK_TIMEOUT", 0.2)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen]:
    """Another process that holds the run in `tmp_path / "run"`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "run")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_run_that_another_process_holds_is_refused_with_its_pid(tmp_path: Path, holder: subprocess.Popen) -> None:
    message = rf"another process \(pid {holder.pid} on .*\) is training this very run"
    with pytest.raises(SecoError, match=message), hold_run(tmp_path / "run"):
        pass
    with hold_run(tmp_path / "other"):
        pass


def test_a_killed_process_releases_its_run(tmp_path: Path, holder: subprocess.Popen) -> None:
    assert find_runs(tmp_path) == []
    holder.send_signal(signal.SIGKILL)
    with hold_run(tmp_path / "run"):
        assert (tmp_path / "run/lock").read_text().startswith(f"pid {os.getpid()} on ")


def test_a_forked_worker_does_not_hold_the_run_after_its_parent_ended(tmp_path: Path) -> None:
    script = HOLDER.replace("sys.stdin.read()", "import os; os.fork() or os.read(0, 1); os._exit(0)")
    read, write = os.pipe()
    words = [sys.executable, "-c", script.replace('print("held", flush=True)', ""), str(tmp_path / "run")]
    with subprocess.Popen(words, cwd=ROOT, stdin=read) as parent:
        parent.wait()
    with hold_run(tmp_path / "run"):
        pass
    os.close(write)
    os.close(read)


def test_a_folder_without_checkpoint_is_removed_when_its_run_ends(tmp_path: Path) -> None:
    with hold_run(tmp_path / "run"):
        note_run(tmp_path / "run", {"steps": 500})
    assert not (tmp_path / "run").exists()
    with hold_run(tmp_path / "run"):
        write_checkpoint(tmp_path / "run", {"value": 1}, step=7)
    assert (tmp_path / "run").exists()


def test_a_lock_whose_file_was_deleted_or_replaced_is_not_valid(tmp_path: Path) -> None:
    with hold_run(tmp_path / "run"), (tmp_path / "run/lock").open() as lock:
        assert runs._is_in_place(lock.fileno(), tmp_path / "run/lock")
        (tmp_path / "run/lock").unlink()
        assert not runs._is_in_place(lock.fileno(), tmp_path / "run/lock")
        (tmp_path / "run/lock").touch()
        assert not runs._is_in_place(lock.fileno(), tmp_path / "run/lock")


def test_a_run_works_on_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "lockf", unknown)
    with hold_run(tmp_path / "run"):
        note_run(tmp_path / "run", {})
        assert find_runs(tmp_path)[0].owner is None


def test_a_folder_that_cannot_be_written_is_an_error_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(SecoError, match="cannot write"), hold_run(tmp_path / "taken/run"):
        pass


def test_a_note_is_written_once(tmp_path: Path) -> None:
    note_run(tmp_path / "run", {"steps": 500})
    note_run(tmp_path / "run", {"steps": 600})
    (run,) = find_runs(tmp_path)
    assert run.note["steps"] == 500
    assert run.note["started"] > 1.7e9


def test_runs_are_listed_by_the_time_of_their_last_save(tmp_path: Path) -> None:
    for name, saved in (("old", 1000.0), ("new", 2000.0)):
        for step in (100, 200):
            path = write_checkpoint(tmp_path / name, {"value": step}, step=step)
            os.utime(path, (saved, saved))
    note_run(tmp_path / "begun", {"steps": 500})
    (tmp_path / "data/export/cams").mkdir(parents=True)
    (tmp_path / "data/train.pt").touch()
    new, old, begun = find_runs(tmp_path)
    assert (new.name, new.step, new.saved, new.owner, new.note) == ("new", 200, 2000.0, None, {})
    assert new.size == sum(path.stat().st_size for path in (tmp_path / "new").iterdir())
    assert (old.name, begun.name, begun.step, begun.saved) == ("old", "begun", None, None)
    assert find_runs(tmp_path / "nowhere") == []


@pytest.mark.parametrize("content", ["{", "[1]", "\0"])
def test_a_damaged_note_counts_as_empty(tmp_path: Path, content: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/run.json").write_text(content)
    (run,) = find_runs(tmp_path)
    assert run.note == {}


def test_a_run_under_way_has_an_owner_and_cannot_be_deleted(tmp_path: Path, holder: subprocess.Popen) -> None:
    write_checkpoint(tmp_path / "run", {"value": 1}, step=1)
    (run,) = find_runs(tmp_path)
    assert run.owner is not None
    assert run.owner.startswith(f"pid {holder.pid} on ")
    with pytest.raises(SecoError, match="is training this very run"):
        delete_run(tmp_path / "run")
    holder.kill()
    holder.wait()
    delete_run(tmp_path / "run")
    assert not (tmp_path / "run").exists()
