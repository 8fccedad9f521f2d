"""The background writer saves the state at the time of the call, and reports every fault."""

import threading
from pathlib import Path

import pytest
import torch

from seco.errors import SecoError
from seco.training import checkpoint_writer
from seco.training.checkpoint import list_checkpoints, read_checkpoint, write_checkpoint
from seco.training.checkpoint_writer import CheckpointWriter
from tests.tiny import full_disk


def state_of(value: float, *, size: int = 1000) -> dict:
    return {"models": {"network": {"weight": torch.full((size,), value)}}, "curves": [{"loss": value}]}


def value_in(folder: Path) -> tuple[int, float]:
    found = read_checkpoint(folder)
    assert found is not None
    (value,) = found.state["models"]["network"]["weight"].unique().tolist()
    assert found.state["curves"] == [{"loss": value}]
    return found.step, value


def test_the_written_state_is_that_at_the_time_of_the_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may_write = threading.Event()

    def wait_and_write(folder: Path, state: dict, *, step: int) -> Path:
        assert may_write.wait(30)
        return write_checkpoint(folder, state, step=step)

    monkeypatch.setattr(checkpoint_writer, "write_checkpoint", wait_and_write)
    writer, state = CheckpointWriter(tmp_path, sound=None), state_of(1.0)
    writer.save(state, step=1)
    state["models"]["network"]["weight"].fill_(2.0)
    state["curves"][0]["loss"] = 2.0
    state["curves"].append({"loss": 3.0})
    assert not list_checkpoints(tmp_path)
    may_write.set()
    writer.flush()
    assert value_in(tmp_path) == (1, 1.0)


def test_the_last_two_checkpoints_are_kept_while_the_state_changes_its_size(tmp_path: Path) -> None:
    writer = CheckpointWriter(tmp_path, sound=None)
    for step, size in ((1, 1000), (2, 3), (3, 3), (4, 1000)):
        writer.save(state_of(float(step), size=size), step=step)
        writer.flush()
        assert value_in(tmp_path) == (step, float(step))
    assert [file.step for file in list_checkpoints(tmp_path)] == [4, 3]


def test_the_checkpoint_that_a_run_was_restored_from_is_kept_and_a_damaged_one_deleted(tmp_path: Path) -> None:
    sound = write_checkpoint(tmp_path, state_of(1.0), step=1)
    damaged = write_checkpoint(tmp_path, state_of(2.0), step=2)
    damaged.write_bytes(b"")
    writer = CheckpointWriter(tmp_path, sound=sound)
    writer.save(state_of(2.5), step=2)
    writer.flush()
    assert [file.step for file in list_checkpoints(tmp_path)] == [2, 1]
    assert not damaged.exists()
    assert value_in(tmp_path) == (2, 2.5)


def test_layouts_and_types_are_restored(tmp_path: Path) -> None:
    whole = torch.arange(24.0).reshape(1, 2, 3, 4)
    state = {
        "last": whole.to(memory_format=torch.channels_last),
        "part": whole[0, 0, 1:, 2],
        "half": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        "flags": torch.tensor([True, False]),
        "empty": torch.zeros(0, 4),
        "betas": (0.9, 0.999),
        "nothing": None,
    }
    writer = CheckpointWriter(tmp_path, sound=None)
    writer.save(state, step=1)
    writer.flush()
    found = read_checkpoint(tmp_path)
    assert found is not None
    assert found.state["last"].is_contiguous(memory_format=torch.channels_last)
    assert (found.state["betas"], found.state["nothing"]) == ((0.9, 0.999), None)
    for name in ("last", "part", "half", "flags", "empty"):
        assert found.state[name].dtype == state[name].dtype
        assert torch.equal(found.state[name], state[name])
    assert found.path.stat().st_size < 5000, "a part is saved without the rest of its memory"


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_a_state_that_is_not_finite_is_not_saved(tmp_path: Path, bad: float) -> None:
    writer = CheckpointWriter(tmp_path, sound=None)
    writer.save(state_of(1.0), step=10)
    spoilt = state_of(1.0)
    spoilt["models"]["network"]["weight"][7] = bad
    writer.save(spoilt, step=20)
    with pytest.raises(SecoError) as caught:
        writer.flush()
    message = str(caught.value)
    assert message.startswith("the state of step 20 is not finite (models.network.weight) and was not saved")
    assert "the checkpoint step-00000010." in message
    assert value_in(tmp_path) == (10, 1.0)


def test_large_values_whose_sum_overflows_are_saved(tmp_path: Path) -> None:
    writer = CheckpointWriter(tmp_path, sound=None)
    writer.save({"weights": torch.full((10,), 3e38), "counts": torch.tensor([1, 2])}, step=1)
    writer.flush()
    assert len(list_checkpoints(tmp_path)) == 1


def test_a_full_disk_is_reported_by_the_next_call_and_older_checkpoints_stay(tmp_path: Path) -> None:
    writer = CheckpointWriter(tmp_path, sound=None)
    writer.save(state_of(1.0), step=1)
    writer.flush()
    with full_disk(10_000):
        writer.save(state_of(2.0, size=10_000), step=2)
        with pytest.raises(SecoError, match=r"cannot write .*: File too large; free some disk space"):
            writer.save(state_of(3.0), step=3)
    assert [file.step for file in list_checkpoints(tmp_path)] == [1]
    writer.save(state_of(4.0), step=4)
    writer.flush()
    assert value_in(tmp_path) == (4, 4.0)


def test_a_fault_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    writer = CheckpointWriter(tmp_path / "taken", sound=None)
    writer.save(state_of(1.0), step=1)
    with pytest.raises(SecoError, match="cannot write"):
        writer.flush()
    writer.flush()


def test_a_state_of_other_than_data_is_a_type_error(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"models\.call of the state is a function"):
        CheckpointWriter(tmp_path, sound=None).save({"models": {"call": lambda: None}}, step=1)
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_state_on_a_gpu_is_copied_in_the_order_of_its_stream(tmp_path: Path) -> None:
    writer, weight = CheckpointWriter(tmp_path, sound=None), torch.zeros(50_000_000, device="cuda")
    for step in (1, 2, 3):
        for _ in range(step):
            weight += 1.0
        writer.save({"weight": weight, "step": torch.tensor(float(step), device="cuda")}, step=step)
        weight.fill_(0.0)
    writer.flush()
    found = read_checkpoint(tmp_path)
    assert found is not None
    assert found.state["weight"].device.type == "cpu"
    assert found.state["weight"].unique().tolist() == [3.0]
    assert found.state["step"].item() == 3.0
