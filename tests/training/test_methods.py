"""What each method's run consists of, from views to saved state; the engine is one."""

from pathlib import Path
from typing import get_args

import pytest
import torch

from seco.config.settings import METHOD_NAMES
from seco.inference.predictor import load_predictor
from seco.training.log import TrainingLog
from seco.training.methods import METHODS, build_models
from seco.training.trainer import Trainer
from seco.training.views import View
from tests.demo_data import demo_manifest
from tests.settings import small_settings
from tests.tiny import CPU, memory_of

PHASES = {
    "train.steps": 4,
    "train.warmup_steps": 1,
    "train.prototype_start": 0,
    "train.contrast_start": 1,
    "train.segmentation_start": 2,
    "train.log_every": 1,
    "toco.crop_size": 32,
}
TERMS = {
    "seco": {"cls", "aux", "ptc", "lig", "lil", "seg", "reg"},
    "toco": {"cls", "aux", "ptc", "ctc", "seg", "reg"},
    "baseline": {"cls", "aux", "seg", "reg"},
    "full": {"sup"},
}
UNTRAINED = {"seco": set(), "toco": set(), "baseline": set(), "full": {"classifier", "aux_classifier"}}
VIEWS = {"seco": {"strong", "second"}, "toco": {"strong", "second"}, "baseline": set(), "full": {"mask"}}
every_method = pytest.mark.parametrize("method", METHODS)


def test_the_settings_name_the_methods_that_there_are():
    assert set(METHOD_NAMES) == set(METHODS) == set(TERMS)


def trained(folder: Path, method: str, **changes) -> Trainer:
    settings = small_settings(**PHASES | {"method": method} | changes)
    trainer = Trainer(settings, demo_manifest(folder / "data"), resume_folder=folder / method)
    with TrainingLog(folder / f"log-{method}") as log:
        trainer.run(log, lambda increment, note: None)
    return trainer


@every_method
def test_a_run_has_the_methods_terms_trains_its_weights_and_leaves_a_model(tmp_path, method):
    before = build_models(small_settings(method=method), num_classes=9, device=CPU).network.state_dict()
    trainer = trained(tmp_path, method)
    last = trainer.state.curves[-1]
    assert {name.removeprefix("loss/") for name in last if name.startswith("loss/")} == TERMS[method] | {"total"}
    after = trainer.state.models.network.state_dict()
    still = {name.split(".")[0] for name, weight in after.items() if torch.equal(weight, before[name])}
    assert still - {"encoder"} == UNTRAINED[method]
    trainer.save_model(tmp_path / "model")
    predictor = load_predictor(tmp_path / "model", class_names=trainer.manifest.class_names)
    for name, weight in predictor.network.state_dict().items():
        assert torch.equal(weight, after[name])


@every_method
def test_only_the_views_that_a_method_needs_are_made(tmp_path, method):
    trainer = Trainer(small_settings(method=method), demo_manifest(tmp_path / "data"), resume_folder=tmp_path / "run")
    batch = next(trainer.batches())
    made = {"strong": batch.strong, "second": batch.second, "mask": batch.masks}
    assert set(made) == set(get_args(View))
    assert {name for name, view in made.items() if view.numel()} == VIEWS[method]
    assert batch.draws.shape[1] == {"seco": 3, "toco": 8}.get(method, 0)


@every_method
def test_a_run_goes_on_with_what_its_parts_remember(tmp_path, method):
    settings = small_settings(**PHASES | {"method": method})
    manifest = demo_manifest(tmp_path / "data")
    first = Trainer(settings, manifest, resume_folder=tmp_path / "run")
    for parameter in first.state.models.objective.parts.parameters():
        parameter.data.add_(0.25)
    first.state.save()
    first.state.finish()
    again = Trainer(settings, manifest, resume_folder=tmp_path / "run")
    for key, value in first.state.models.objective.parts.state_dict().items():
        assert torch.equal(again.state.models.objective.parts.state_dict()[key], value), key


def test_a_part_without_weight_asks_for_no_views(tmp_path):
    settings = small_settings(weight_lig=0.0, weight_lil=0.0)
    batch = next(Trainer(settings, demo_manifest(tmp_path / "data"), resume_folder=tmp_path / "run").batches())
    assert not batch.strong.numel()
    assert not batch.second.numel()


def test_only_what_a_method_remembers_takes_room():
    built = {name: build_models(small_settings(method=name), num_classes=4, device=CPU) for name in METHODS}
    assert {name for name, models in built.items() if list(models.objective.parts.state_dict())} == {"seco", "toco"}
    assert {name for name, models in built.items() if list(models.network.projector.parameters())} == {"seco", "toco"}
    teacher = built["toco"].objective.parts["crops"].parameters()
    assert len([*teacher]) == len([*built["toco"].network.projector.parameters()])
    assert memory_of(built["seco"]).reservoir.keys.shape == (32, 192)


def test_all_methods_start_from_the_same_network():
    encoders = [build_models(small_settings(method=name), num_classes=4, device=CPU).network for name in METHODS]
    first, *others = [network.state_dict() for network in encoders]
    for other in others:
        for name in first.keys() & other.keys():
            if not name.startswith("projector."):
                assert torch.equal(first[name], other[name]), name


def test_judged_tags_are_curves_and_change_nothing_that_is_learnt(tmp_path):
    judged, plain = (trained(tmp_path / str(on), "seco", **{"train.judge_tags": on}) for on in (True, False))
    curves = {name for point in judged.state.curves for name in point}
    assert {"tags/right", "tags/right_kept"} <= curves
    assert any(name.startswith("tags/right_") and name[-1].isdecimal() for name in curves)
    assert not any(name.startswith("tags/") for point in plain.state.curves for name in point)
    for own, other in zip(
        judged.state.models.network.parameters(), plain.state.models.network.parameters(), strict=True
    ):
        assert torch.equal(own, other)
