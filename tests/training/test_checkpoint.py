"""The state of a run: data only, whole or not there, and never a program."""

import hashlib
import os
import pickle
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from seco.errors import SecoError
from seco.training.checkpoint import list_checkpoints, prune_checkpoints, read_checkpoint, write_checkpoint
from tests.imports import ROOT

STATE = {
    "models": {"network": {"weight": torch.arange(4.0)}},
    "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
    "curves": [{"step": 1.0, "loss/total": 0.5}],
}


def named(path: Path, step: int) -> Path:
    """Give a file the name of a sound checkpoint."""
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return path.rename(path.with_name(f"step-{step:08d}.{checksum}.pt"))


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_there_may_be_no_state(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path / "nowhere") is None
    (tmp_path / "run.json").write_text("{}")
    assert read_checkpoint(tmp_path) is None


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path / "run", STATE, step=200)
    found = read_checkpoint(tmp_path / "run")
    assert found is not None
    assert torch.equal(found.state["models"]["network"].pop("weight"), torch.arange(4.0))
    assert found.state == STATE | {"models": {"network": {}}}
    assert found[1:] == (200, path, ())


def test_the_name_is_made_of_step_and_checksum(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, STATE, step=200)
    assert path.name == f"step-00000200.{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}.pt"
    assert list(tmp_path.iterdir()) == [path]


def test_the_newest_step_is_taken_however_the_names_sort(tmp_path: Path) -> None:
    paths = [write_checkpoint(tmp_path, {"value": step}, step=step) for step in (100_000_000, 9, 99_999_999)]
    assert [file.path for file in list_checkpoints(tmp_path)] == [paths[0], paths[2], paths[1]]
    found = read_checkpoint(tmp_path)
    assert found is not None
    assert found.state == {"value": 100_000_000}


def test_only_checkpoints_are_pruned(tmp_path: Path) -> None:
    paths = [write_checkpoint(tmp_path, STATE, step=step) for step in (1, 2, 3)]
    (tmp_path / "batch.pt").write_text("of a bad step")
    prune_checkpoints(tmp_path, keep=paths[1:])
    assert {path.name for path in tmp_path.iterdir()} == {"batch.pt", paths[1].name, paths[2].name}


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ".step-00000001.pt.123.tmp").write_bytes(b"half")
    path = write_checkpoint(tmp_path, STATE, step=2)
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_taken(tmp_path: Path) -> None:
    older = write_checkpoint(tmp_path, {"value": 1}, step=100)
    newer = write_checkpoint(tmp_path, {"value": 2}, step=200)
    flip_a_bit(newer)
    found = read_checkpoint(tmp_path)
    assert found is not None
    assert (found.state, found.step, found.path) == ({"value": 1}, 100, older)
    (fault,) = found.faults
    assert fault.startswith(f"{newer} is damaged (its checksum is ")
    assert fault.endswith("passed over, the run goes on from step 100")


def test_where_all_are_damaged_each_is_named(tmp_path: Path) -> None:
    paths = [write_checkpoint(tmp_path, STATE, step=step) for step in (100, 200)]
    for path in paths:
        flip_a_bit(path)
    with pytest.raises(SecoError) as caught:
        read_checkpoint(tmp_path)
    told = str(caught.value)
    assert told.index(paths[1].name) < told.index(paths[0].name)
    assert told.endswith(f"delete {tmp_path} to train from the first step")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read anything")
def test_a_file_without_permission_is_passed_over(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, STATE, step=1)
    write_checkpoint(tmp_path, STATE, step=2).chmod(0)
    found = read_checkpoint(tmp_path)
    assert found is not None
    assert found.step == 1
    assert "cannot be read (Permission denied)" in found.faults[0]


class Hostile:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize("dump", [torch.save, lambda state, path: path.write_bytes(pickle.dumps(state, protocol=2))])
def test_a_program_in_place_of_a_state_is_refused_and_not_run(tmp_path: Path, dump: Callable[..., object]) -> None:
    dump({"step": Hostile(tmp_path / "taken over")}, tmp_path / "state.pt")
    path = named(tmp_path / "state.pt", 7)
    with pytest.raises(SecoError, match=rf"{path.name} was refused, .* delete .* to train from the first step"):
        read_checkpoint(tmp_path)
    assert not (tmp_path / "taken over").exists()


def test_whatever_the_damage_it_is_one_sentence(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, STATE, step=7)
    whole, chance = path.read_bytes(), random.Random(0)
    path.unlink()
    for attempt in range(300):
        spoilt = bytearray(whole if chance.random() < 0.5 else chance.randbytes(60))
        for _ in range(8):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        path.write_bytes(spoilt[: chance.randrange(len(spoilt))])
        file = named(path, 7) if attempt % 2 else path  # the checksum finds the damage, or torch must
        with pytest.raises(SecoError, match=file.name):
            read_checkpoint(tmp_path)
        file.unlink()


def test_data_that_is_no_state_is_refused(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "state.pt")
    named(tmp_path / "state.pt", 7)
    with pytest.raises(SecoError, match="holds no state of a training run"):
        read_checkpoint(tmp_path)


def test_the_old_state_survives_a_full_disk(tmp_path: Path) -> None:
    old = write_checkpoint(tmp_path, {"value": 1}, step=1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(SecoError, match=r"cannot write .*step-00000002\.pt: File too large; free some disk space"):
            write_checkpoint(tmp_path, {"weights": torch.zeros(10_000)}, step=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    found = read_checkpoint(tmp_path)
    assert found is not None
    assert found.state == {"value": 1}
    assert list(tmp_path.iterdir()) == [old]


# Saves steps 1 and 2, then dies by its own hand at the given call of a function while it saves step 3.
KILLED_WRITER = """
import os, signal, sys
from pathlib import Path
import torch
from seco.training.checkpoint_writer import CheckpointWriter

place, count = sys.argv[2], int(sys.argv[3])
writer = CheckpointWriter(Path(sys.argv[1]), sound=None)
for step in (1, 2):
    writer.save({"weights": torch.full((100_000,), float(step))}, step=step)
    writer.flush()
owner = {"fsync": os, "replace": Path, "unlink": Path, "update": None}[place]
if place == "update":
    from seco.training import checkpoint
    owner, place = checkpoint._HashingFile, "write"
real, calls = getattr(owner, place), [0]

def deadly(*arguments, **options):
    calls[0] += 1
    if calls[0] == count:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **options)

setattr(owner, place, deadly)
writer.save({"weights": torch.full((100_000,), 3.0)}, step=3)
writer.flush()
"""
"""The places: within the file, before it is synced, before it has its name, before the folder is synced, before the
file aside is looked for, before the oldest checkpoint goes."""


@pytest.mark.parametrize(
    ("place", "count", "survivor"),
    [("update", 2, 2), ("fsync", 1, 2), ("replace", 1, 2), ("fsync", 2, 3), ("unlink", 1, 3), ("unlink", 2, 3)],
)
def test_a_writer_that_is_killed_leaves_a_sound_state(tmp_path: Path, place: str, count: int, survivor: int) -> None:
    words = [sys.executable, "-c", KILLED_WRITER, str(tmp_path), place, str(count)]
    killed = subprocess.run(words, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False)
    assert killed.returncode == -signal.SIGKILL
    found = read_checkpoint(tmp_path)
    assert found is not None
    assert (found.step, found.faults) == (survivor, ())
    assert torch.equal(found.state["weights"], torch.full((100_000,), float(survivor)))
