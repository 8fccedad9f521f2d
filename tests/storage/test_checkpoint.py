"""The state of a run: data only, whole or not there, and never a program."""

import os
import pickle
import random
import resource
from pathlib import Path

import pytest
import torch

from seco.errors import SecoError
from seco.storage.checkpoint import read_checkpoint, write_checkpoint

STATE = {
    "models": {"network": {"weight": torch.arange(4.0)}},
    "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
    "step": 7,
    "curves": [{"step": 1.0, "loss/total": 0.5}],
}


def test_there_may_be_no_state(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path / "nowhere") is None


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "run", STATE)
    state = read_checkpoint(tmp_path / "run")
    assert state is not None
    assert torch.equal(state["models"]["network"].pop("weight"), torch.arange(4.0))
    assert state == STATE | {"models": {"network": {}}}
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["state.pt"]


class Hostile:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize("dump", [torch.save, lambda state, path: path.write_bytes(pickle.dumps(state, protocol=2))])
def test_a_program_in_place_of_a_state_is_refused_and_not_run(tmp_path: Path, dump) -> None:
    dump({"step": Hostile(tmp_path / "taken over")}, tmp_path / "state.pt")
    with pytest.raises(SecoError, match="delete it to train from the first step"):
        read_checkpoint(tmp_path)
    assert not (tmp_path / "taken over").exists()


def test_whatever_the_damage_it_is_one_sentence(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, STATE)
    whole, chance, refused = (tmp_path / "state.pt").read_bytes(), random.Random(0), 0
    for _ in range(300):
        spoilt = bytearray(whole if chance.random() < 0.5 else chance.randbytes(60))
        for _ in range(8):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        (tmp_path / "state.pt").write_bytes(spoilt[: chance.randrange(len(spoilt))])
        with pytest.raises(SecoError, match=r"state\.pt"):
            read_checkpoint(tmp_path)
        refused += 1
    assert refused == 300


def test_data_that_is_no_state_is_refused(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "state.pt")
    with pytest.raises(SecoError, match="holds no state of a training run"):
        read_checkpoint(tmp_path)


def test_the_old_state_survives_a_full_disk(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, {"step": 1})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(SecoError, match=r"cannot write .*state\.pt: File too large; free some disk space"):
            write_checkpoint(tmp_path, {"weights": torch.zeros(10_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert read_checkpoint(tmp_path) == {"step": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


def test_a_state_that_is_more_than_data_is_the_programmers_fault(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        write_checkpoint(tmp_path, {"call": lambda: None})
    assert not any(tmp_path.iterdir())
