"""An interrupted run goes on as if nothing had happened; another run never takes up its state."""

from pathlib import Path

import pytest
import torch

from seco.errors import SecoError
from seco.storage.model import read_model
from seco.training.log import TrainingLog
from seco.training.resume import fingerprint
from seco.training.trainer import Trainer
from tests.scenes import demo_manifest
from tests.settings import small_settings

CHANGES = {
    "training.steps": 6,
    "training.warmup_steps": 1,
    "training.prototype_start": 0,
    "training.contrast_start": 1,
    "training.segmentation_start": 2,
    "training.checkpoint_every": 2,
    "training.log_every": 1,
    "training.num_workers": 0,
}


class Interrupted(Exception):
    """Stands for a kill."""


def run(tmp_path: Path, name: str, *, stop_after: int | None = None) -> Trainer:
    settings = small_settings(**CHANGES)
    trainer = Trainer(settings, demo_manifest(tmp_path / "data"), resume_folder=tmp_path / name)

    def progress(increment: int, note: str) -> None:
        if stop_after is not None and trainer.state.step > stop_after:
            raise Interrupted

    with TrainingLog(tmp_path / f"{name}_log") as log:
        trainer.run(log, progress)
    return trainer


def test_a_continued_run_ends_in_the_weights_and_curves_of_an_unbroken_one(tmp_path):
    unbroken = run(tmp_path, "unbroken")
    with pytest.raises(Interrupted):
        run(tmp_path, "broken", stop_after=4)
    continued = run(tmp_path, "broken")
    for name, module in unbroken.state.models.modules().items():
        for key, value in module.state_dict().items():
            assert torch.equal(value, continued.state.models.modules()[name].state_dict()[key]), (name, key)
    assert continued.state.curves == unbroken.state.curves
    assert [point["step"] for point in continued.state.curves] == [1, 2, 3, 4, 5, 6]


def test_learning_curves_on_disk_have_no_gap_after_a_restart(tmp_path):
    with pytest.raises(Interrupted):
        run(tmp_path, "broken", stop_after=4)
    run(tmp_path, "broken")
    lines = (tmp_path / "broken_log/plots/metrics/loss/total.tsv").read_text().splitlines()[1:]
    assert [line.split("\t")[0] for line in lines] == ["1", "2", "3", "4", "5", "6"]


def test_a_damaged_checkpoint_is_named(tmp_path):
    with pytest.raises(Interrupted):
        run(tmp_path, "broken", stop_after=2)
    state = tmp_path / "broken/state.pt"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(SecoError, match=r"state\.pt is damaged"):
        run(tmp_path, "broken")


def test_a_run_of_other_settings_code_or_data_has_another_name(tmp_path):
    (tmp_path / "manifest.csv").write_text("a")
    name = fingerprint(small_settings(), tmp_path)
    assert name == fingerprint(small_settings(**{"evaluate.pictures": 2}), tmp_path)
    assert name != fingerprint(small_settings(patch_size=16), tmp_path)
    (tmp_path / "manifest.csv").write_text("b")
    assert name != fingerprint(small_settings(), tmp_path)


def test_the_model_on_disk_is_the_network_with_its_settings(tmp_path):
    trainer = run(tmp_path, "run")
    trainer.save_model(tmp_path / "model")
    stored = read_model(tmp_path / "model")
    assert stored.settings["patch_size"] == trainer.settings.patch_size
    assert stored.class_names == trainer.manifest.class_names
    weights = trainer.state.models.network.state_dict()
    assert stored.weights.keys() == weights.keys()
    assert all(torch.equal(stored.weights[key], weights[key]) for key in weights)


def test_training_stops_at_a_loss_that_is_not_finite(tmp_path):
    settings = small_settings(**CHANGES)
    trainer = Trainer(settings, demo_manifest(tmp_path / "data"), resume_folder=tmp_path / "run")
    with torch.no_grad():
        trainer.state.models.network.classifier.weight.fill_(torch.nan)
    with TrainingLog(tmp_path / "log") as log, pytest.raises(SecoError, match=r"not finite at step 0 \(term cls"):
        trainer.run(log, lambda increment, note: None)
    assert not (tmp_path / "run").exists()
