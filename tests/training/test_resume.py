"""A resumed run ends with the same bits as an uninterrupted one, and no run uses the state of another."""

import os
import signal
from pathlib import Path

import pytest
import torch

from seco.errors import SecoError
from seco.runtime.signals import Stopped, listen
from seco.storage.method_record import read_method_record
from seco.storage.model import read_model
from seco.training.checkpoint import list_checkpoints
from seco.training.log import TrainingLog
from seco.training.method_record import method_record
from seco.training.resume import exclusive_run, fingerprint
from seco.training.runs import find_runs
from seco.training.trainer import Trainer
from tests.demo_data import demo_manifest
from tests.settings import small_settings
from tests.tiny import memory_of

CHANGES = {
    "train.steps": 6,
    "train.warmup_steps": 1,
    "train.prototype_start": 0,
    "train.contrast_start": 1,
    "train.segmentation_start": 2,
    "train.checkpoint_every": 2,
    "train.log_every": 1,
    "train.num_workers": 0,
}


class Interrupted(Exception):
    """Raised in place of a kill."""


def run(tmp_path: Path, name: str, *, stop_after: int | None = None, **changes) -> Trainer:
    settings = small_settings(**CHANGES | changes)
    trainer = Trainer(settings, demo_manifest(tmp_path / "data"), resume_folder=tmp_path / name)

    def progress(increment: int, note: str) -> None:
        if stop_after is not None and trainer.state.step > stop_after:
            raise Interrupted

    with trainer.state, TrainingLog(tmp_path / f"{name}_log") as log:
        trainer.run(log, progress)
    return trainer


def interrupt(tmp_path: Path, *, stop_after: int, **changes) -> Path:
    """Interrupt the run "broken"; return its folder."""
    with pytest.raises(Interrupted):
        run(tmp_path, "broken", stop_after=stop_after, **changes)
    return tmp_path / "broken"


def assert_same_weights(one: Trainer, other: Trainer) -> None:
    for name, module in one.state.models.modules().items():
        for key, value in module.state_dict().items():
            assert torch.equal(value, other.state.models.modules()[name].state_dict()[key]), (name, key)


@pytest.mark.parametrize("log_every", [1, 3])  # with 3 the state saved at step 4 lies between two points
def test_a_resumed_run_has_the_same_weights_curves_and_log(tmp_path, log_every):
    every = {"train.log_every": log_every}
    unbroken = run(tmp_path, "unbroken", **every)
    interrupt(tmp_path, stop_after=4, **every)
    resumed = run(tmp_path, "broken", **every)
    assert_same_weights(unbroken, resumed)
    assert resumed.state.curves == unbroken.state.curves
    record = method_record(resumed.state, judged=False)
    assert record is not None
    assert record.steps.tolist() == [*range(log_every, 7, log_every)]
    torch.testing.assert_close(record.snapshots[-1].float(), record.prototypes, atol=1e-3, rtol=0)
    assert record.tags[0].sum() > 0
    assert "patches/class" in resumed.state.curves[-1]
    lines = (tmp_path / "broken_log/plots/metrics/loss/total.tsv").read_text().splitlines()[1:]
    assert [int(line.split("\t")[0]) for line in lines] == [*range(log_every, 7, log_every)]


def test_a_run_resumes_from_the_checkpoint_before_a_damaged_one(tmp_path):
    unbroken = run(tmp_path, "unbroken")
    folder = interrupt(tmp_path, stop_after=4)
    newest, older = (file.path for file in list_checkpoints(folder))
    newest.write_bytes(newest.read_bytes()[:1000])
    resumed = run(tmp_path, "broken")
    (fault,) = resumed.state.faults
    assert fault.startswith(f"{newest} is damaged")
    assert fault.endswith("the run goes on from step 2")
    assert_same_weights(unbroken, resumed)
    assert [file.step for file in list_checkpoints(folder)] == [4, 2]
    assert older.exists()
    assert not newest.exists()


def test_a_run_with_damaged_checkpoints_only_is_refused(tmp_path):
    (file,) = list_checkpoints(interrupt(tmp_path, stop_after=2))
    assert file.step == 2, "saved although the run was interrupted"
    file.path.write_bytes(b"")
    with pytest.raises(SecoError, match=rf"{file.path.name} is damaged .*: delete .* to train from the first step"):
        run(tmp_path, "broken")


def test_a_write_error_ends_the_run_but_hides_no_earlier_error(tmp_path):
    (tmp_path / "broken").write_text("a file where the folder of the run should be")
    interrupt(tmp_path, stop_after=2)
    with pytest.raises(SecoError, match="cannot write"):
        run(tmp_path, "broken")


def test_a_run_under_way_has_a_note_and_its_empty_folder_is_removed(tmp_path):
    with exclusive_run(tmp_path / "run", {"steps": 6, "dataset": "data/raw/demo"}):
        (found,) = find_runs(tmp_path)
    assert found.note.pop("started") > 1.7e9
    assert found.note == {"steps": 6, "dataset": "data/raw/demo"}
    assert not (tmp_path / "run").exists(), "nothing was saved"


def test_the_fingerprint_depends_on_settings_code_data_and_first_weights(tmp_path):
    code, data, weights = [tmp_path / "code", tmp_path / "train.py"], tmp_path / "data", tmp_path / "w.safetensors"
    files = (data / "manifest.csv", code[0] / "losses" / "energy.py", code[1], weights)
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("a")

    def named(**changes) -> str:
        return fingerprint(small_settings(**{"backbone.pretrained": str(weights)} | changes), data=data, code=code)

    name = named()
    assert name == named(**{"evaluate.pictures": 2, "crf.iterations": 3, "export.background": 0.4})
    assert name == named(**{"train.num_workers": 0, "train.activation_checkpointing": True}), (
        "remedies of a full memory"
    )
    assert name == named(**{"train.checkpoint_every": 7, "train.max_bad_steps": 3})
    assert name != named(patch_size=16)
    assert name != named(**{"train.batch_size": 3})
    for file in files:
        file.write_text("b")
        assert name != named()
        file.write_text("a")
    assert name == named()


def test_a_finished_run_saves_its_model_and_discards_its_state(tmp_path):
    trainer = run(tmp_path, "run")
    trainer.state.discard()
    assert not (tmp_path / "run").exists()
    trainer.save_model(tmp_path / "model")
    stored = read_model(tmp_path / "model")
    assert stored.settings["patch_size"] == trainer.settings.patch_size
    assert stored.class_names == trainer.manifest.class_names
    weights = trainer.state.models.network.state_dict()
    assert stored.weights.keys() == weights.keys()
    assert all(torch.equal(stored.weights[key], weights[key]) for key in weights)
    record = read_method_record(tmp_path / "model")
    assert record is not None
    assert torch.equal(record.prototypes, memory_of(trainer.state.models).prototypes.vectors)
    assert record.curves["step"].tolist() == [1, 2, 3, 4, 5, 6]


def test_a_state_that_is_not_finite_is_never_saved(tmp_path):
    settings = small_settings(**CHANGES, **{"train.max_bad_steps": 100})
    trainer = Trainer(settings, demo_manifest(tmp_path / "data"), resume_folder=tmp_path / "run")
    with torch.no_grad():
        trainer.state.models.network.classifier.weight.fill_(torch.nan)
    with TrainingLog(tmp_path / "log") as log, pytest.raises(SecoError, match="the state of step 2 is not finite"):
        trainer.run(log, lambda increment, note: None)
    assert not list_checkpoints(tmp_path / "run")


def test_a_run_asked_to_stop_saves_its_step_although_its_output_is_closed(tmp_path):
    settings = small_settings(**CHANGES | {"train.checkpoint_every": 100})
    trainer = Trainer(settings, demo_manifest(tmp_path / "data"), resume_folder=tmp_path / "run")

    def progress(increment: int, note: str) -> None:
        if trainer.state.step > 3:
            raise SystemExit(1)  # as rich does where the reader of a pipe has gone
        if trainer.state.step == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Stopped), listen(), trainer.state, TrainingLog(tmp_path / "log") as log:
        trainer.run(log, progress)
    assert [file.step for file in list_checkpoints(tmp_path / "run")] == [4]
