"""Checkpoints: a damaged, half written or hostile file is reported and never used."""

import hashlib
import os
import pickle
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from seco.errors import SecoError
from seco.training.checkpoint import (
    Restored,
    list_checkpoints,
    prune_checkpoints,
    read_checkpoint,
    write_checkpoint,
)
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


def restored(folder: Path) -> Restored:
    found = read_checkpoint(folder)
    assert found is not None
    return found


def test_a_folder_without_checkpoints_restores_nothing(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path / "nowhere") is None
    (tmp_path / "run.json").write_text("{}")
    assert read_checkpoint(tmp_path) is None


def test_a_checkpoint_is_read_as_it_was_written_and_named_by_step_and_checksum(tmp_path: Path) -> None:
    tmp_path.joinpath(f".{'0' * 32}.tmp").write_bytes(b"left by a killed writer")
    path = write_checkpoint(tmp_path, STATE, step=200)
    assert list(tmp_path.iterdir()) == [path]
    assert path.name == f"step-00000200.{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}.pt"
    found = restored(tmp_path)
    assert torch.equal(found.state["models"]["network"].pop("weight"), torch.arange(4.0))
    assert found.state == STATE | {"models": {"network": {}}}
    assert found[1:] == (200, path, ())


def test_the_highest_step_is_newest_and_only_checkpoints_are_pruned(tmp_path: Path) -> None:
    paths = [write_checkpoint(tmp_path, {"value": step}, step=step) for step in (100_000_000, 9, 99_999_999)]
    (tmp_path / "batch.pt").write_text("of a bad step")
    assert [file.path for file in list_checkpoints(tmp_path)] == [paths[0], paths[2], paths[1]]
    assert restored(tmp_path).state == {"value": 100_000_000}
    prune_checkpoints(tmp_path, keep=paths[1:])
    assert {path.name for path in tmp_path.iterdir()} == {"batch.pt", paths[1].name, paths[2].name}


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(tmp_path: Path) -> None:
    older, newer = (write_checkpoint(tmp_path, {"value": step}, step=step) for step in (100, 200))
    flip_a_bit(newer)
    found = restored(tmp_path)
    assert (found.state, found.step, found.path) == ({"value": 100}, 100, older)
    (fault,) = found.faults
    assert fault.startswith(f"{newer} is damaged (its checksum is ")
    assert fault.endswith("passed over, the run goes on from step 100")
    flip_a_bit(older)
    with pytest.raises(SecoError) as caught:
        read_checkpoint(tmp_path)
    message = str(caught.value)
    assert message.index(newer.name) < message.index(older.name)
    assert message.endswith(f"delete {tmp_path} to train from the first step")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read anything")
def test_a_file_without_read_permission_is_passed_over(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, STATE, step=1)
    write_checkpoint(tmp_path, STATE, step=2).chmod(0)
    found = restored(tmp_path)
    assert found.step == 1
    assert "cannot be read (Permission denied)" in found.faults[0]


class Hostile:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def test_data_that_is_no_state_is_refused(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "state.pt")
    named(tmp_path / "state.pt", 7)
    with pytest.raises(SecoError, match="holds no state of a training run"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("dump", [torch.save, lambda state, path: path.write_bytes(pickle.dumps(state, protocol=2))])
def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path, dump: Callable[..., object]) -> None:
    dump({"step": Hostile(tmp_path / "taken over")}, tmp_path / "state.pt")
    path = named(tmp_path / "state.pt", 7)
    with pytest.raises(SecoError, match=rf"{path.name} was refused, .* delete .* to train from the first step"):
        read_checkpoint(tmp_path)
    assert not (tmp_path / "taken over").exists()


def test_any_damage_is_reported_with_the_name_of_the_file(tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    "shortage", [MemoryError(), RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 5 bytes")]
)
def test_a_lack_of_memory_is_no_fault_of_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shortage: Exception
) -> None:
    path = write_checkpoint(tmp_path, STATE, step=3)

    def fail(*_: object, **__: object) -> None:
        raise shortage

    monkeypatch.setattr(torch, "load", fail)
    with pytest.raises(type(shortage)):
        read_checkpoint(tmp_path)
    assert [file.path for file in list_checkpoints(tmp_path)] == [path]


# Saves steps 1 and 2, then kills itself at the given call of a function while it saves step 3.
KILLED_WRITER = """
import io, os, signal, sys
from pathlib import Path
import torch
from seco.training.checkpoint_writer import CheckpointWriter

class File(io.BufferedWriter):
    def write(self, data):
        return super().write(data)

open_any = Path.open
Path.open = lambda path, mode="r", **o: File(io.FileIO(path, mode)) if mode == "wb" else open_any(path, mode, **o)
place, count = sys.argv[2], int(sys.argv[3])
writer = CheckpointWriter(Path(sys.argv[1]), sound=None)
for step in (1, 2):
    writer.save({"weights": torch.full((100_000,), float(step))}, step=step)
    writer.flush()
owner = {"fsync": os, "replace": Path, "unlink": Path, "write": File}[place]
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


@pytest.mark.parametrize(
    ("place", "count", "survivor"),
    [
        ("write", 2, 2),  # within the file
        ("fsync", 1, 2),  # before it is synced
        ("replace", 1, 2),  # before it has its name
        ("fsync", 2, 3),  # before the folder is synced
        ("unlink", 1, 3),  # before the temporary file is removed
        ("unlink", 2, 3),  # before the oldest checkpoint is removed
    ],
)
def test_a_writer_that_is_killed_leaves_a_sound_state(tmp_path: Path, place: str, count: int, survivor: int) -> None:
    words = [sys.executable, "-c", KILLED_WRITER, str(tmp_path), place, str(count)]
    killed = subprocess.run(words, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False)
    assert killed.returncode == -signal.SIGKILL
    found = restored(tmp_path)
    assert (found.step, found.faults) == (survivor, ())
    assert torch.equal(found.state["weights"], torch.full((100_000,), float(survivor)))
