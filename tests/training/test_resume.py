"""An interrupted run goes on as if nothing had happened; another run never takes up its state."""

import os
import signal
from pathlib import Path

import pytest
import torch

from seco.errors import SecoError
from seco.runtime.signals import Stopped, listen
from seco.storage.model import read_model
from seco.training.checkpoint import list_checkpoints
from seco.training.log import TrainingLog
from seco.training.resume import exclusive_run, fingerprint
from seco.training.runs import list_runs
from seco.training.trainer import Trainer
from tests.demo_data import demo_manifest
from tests.settings import small_settings

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
    """Stands for a kill."""


def run(tmp_path: Path, name: str, *, stop_after: int | None = None, **changes) -> Trainer:
    settings = small_settings(**CHANGES | changes)
    trainer = Trainer(settings, demo_manifest(tmp_path / "data"), resume_folder=tmp_path / name)

    def progress(increment: int, note: str) -> None:
        if stop_after is not None and trainer.state.step > stop_after:
            raise Interrupted

    with trainer.state, TrainingLog(tmp_path / f"{name}_log") as log:
        trainer.run(log, progress)
    return trainer


def assert_same_weights(one: Trainer, other: Trainer) -> None:
    for name, module in one.state.models.modules().items():
        for key, value in module.state_dict().items():
            assert torch.equal(value, other.state.models.modules()[name].state_dict()[key]), (name, key)


def test_a_continued_run_ends_in_the_weights_and_curves_of_an_unbroken_one(tmp_path):
    unbroken = run(tmp_path, "unbroken")
    with pytest.raises(Interrupted):
        run(tmp_path, "broken", stop_after=4)
    continued = run(tmp_path, "broken")
    assert_same_weights(unbroken, continued)
    assert continued.state.curves == unbroken.state.curves
    assert [point["step"] for point in continued.state.curves] == [1, 2, 3, 4, 5, 6]


def test_what_was_counted_before_an_interruption_is_in_the_next_point(tmp_path):
    seldom = {"train.log_every": 3}  # the state saved at step 4 lies between two points
    unbroken = run(tmp_path, "unbroken", **seldom)
    with pytest.raises(Interrupted):
        run(tmp_path, "broken", stop_after=4, **seldom)
    continued = run(tmp_path, "broken", **seldom)
    assert continued.state.curves == unbroken.state.curves
    assert "patches/class" in continued.state.curves[-1]


def test_learning_curves_on_disk_have_no_gap_after_a_restart(tmp_path):
    with pytest.raises(Interrupted):
        run(tmp_path, "broken", stop_after=4)
    run(tmp_path, "broken")
    lines = (tmp_path / "broken_log/plots/metrics/loss/total.tsv").read_text().splitlines()[1:]
    assert [line.split("\t")[0] for line in lines] == ["1", "2", "3", "4", "5", "6"]


def test_a_damaged_checkpoint_is_named_and_the_one_before_leads_to_the_same_end(tmp_path):
    unbroken = run(tmp_path, "unbroken")
    with pytest.raises(Interrupted):
        run(tmp_path, "broken", stop_after=4)
    newest, older = (file.path for file in list_checkpoints(tmp_path / "broken"))
    newest.write_bytes(newest.read_bytes()[:1000])
    continued = run(tmp_path, "broken")
    (fault,) = continued.state.faults
    assert fault.startswith(f"{newest} is damaged")
    assert fault.endswith("the run goes on from step 2")
    assert_same_weights(unbroken, continued)
    assert [(file.step, file.path == newest) for file in list_checkpoints(tmp_path / "broken")] == [
        (4, False),
        (2, False),
    ]
    assert older.exists()


def test_a_run_of_which_no_checkpoint_is_sound_does_not_begin_anew_by_itself(tmp_path):
    with pytest.raises(Interrupted):
        run(tmp_path, "broken", stop_after=2)
    (file,) = list_checkpoints(tmp_path / "broken")
    file.path.write_bytes(b"")
    with pytest.raises(SecoError, match=rf"{file.path.name} is damaged .*: delete .* to train from the first step"):
        run(tmp_path, "broken")


def test_what_was_saved_reaches_the_disk_though_the_run_ends_in_a_fault(tmp_path):
    with pytest.raises(Interrupted):
        run(tmp_path, "broken", stop_after=2)
    assert [file.step for file in list_checkpoints(tmp_path / "broken")] == [2]


def test_a_fault_of_writing_does_not_hide_the_one_that_ended_the_run(tmp_path):
    (tmp_path / "broken").write_text("a file where the folder of the run should be")
    with pytest.raises(Interrupted):
        run(tmp_path, "broken", stop_after=2)


def test_a_fault_of_writing_ends_the_run_at_the_next_save(tmp_path):
    (tmp_path / "broken").write_text("a file where the folder of the run should be")
    with pytest.raises(SecoError, match="cannot write"):
        run(tmp_path, "broken")


def test_the_state_of_a_finished_run_goes(tmp_path):
    trainer = run(tmp_path, "run")
    trainer.state.discard()
    assert not (tmp_path / "run").exists()


def test_a_run_is_noted_while_it_is_held(tmp_path):
    with exclusive_run(tmp_path / "run", {"steps": 6, "dataset": "data/raw/demo"}):
        (found,) = list_runs(tmp_path)
    assert found.note.pop("started") > 1.7e9
    assert found.note == {"steps": 6, "dataset": "data/raw/demo"}
    assert not (tmp_path / "run").exists(), "nothing was saved"


def test_a_run_of_other_settings_code_or_data_has_another_name(tmp_path):
    code, data = [tmp_path / "code", tmp_path / "train.py"], tmp_path / "data"
    files = (data / "manifest.csv", code[0] / "losses" / "energy.py", code[1])
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("a")

    def named(**changes) -> str:
        return fingerprint(small_settings(**changes), data=data, code=code)

    name = named()
    assert name == named(**{"evaluate.pictures": 2, "crf.iterations": 3, "export.background": 0.4})
    assert name != named(patch_size=16)
    for file in files:
        file.write_text("b")
        assert name != named()
        file.write_text("a")
    assert name == named()


def test_a_run_from_other_weights_has_another_name(tmp_path):
    (tmp_path / "weights.safetensors").write_text("a")
    settings = small_settings(**{"backbone.pretrained": str(tmp_path / "weights.safetensors")})
    name = fingerprint(settings, data=tmp_path, code=[])
    (tmp_path / "weights.safetensors").write_text("b")
    assert name != fingerprint(settings, data=tmp_path, code=[])


def test_the_model_on_disk_is_the_network_with_its_settings(tmp_path):
    trainer = run(tmp_path, "run")
    trainer.save_model(tmp_path / "model")
    stored = read_model(tmp_path / "model")
    assert stored.settings["patch_size"] == trainer.settings.patch_size
    assert stored.class_names == trainer.manifest.class_names
    weights = trainer.state.models.network.state_dict()
    assert stored.weights.keys() == weights.keys()
    assert all(torch.equal(stored.weights[key], weights[key]) for key in weights)


def test_a_state_that_is_not_finite_is_never_saved(tmp_path):
    settings = small_settings(**CHANGES, **{"train.max_bad_steps": 100})
    trainer = Trainer(settings, demo_manifest(tmp_path / "data"), resume_folder=tmp_path / "run")
    with torch.no_grad():
        trainer.state.models.network.classifier.weight.fill_(torch.nan)
    with TrainingLog(tmp_path / "log") as log, pytest.raises(SecoError, match="the state of step 2 is not finite"):
        trainer.run(log, lambda increment, note: None)
    assert not list_checkpoints(tmp_path / "run")


def test_a_run_that_is_asked_to_stop_saves_the_step_though_nobody_reads_how_far_it_is(tmp_path):
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
