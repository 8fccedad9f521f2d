"""The methods differ in terms, views, trained weights and saved state, and share one trainer."""

from pathlib import Path
from typing import get_args

import pytest
import torch

from seco.config.settings import METHOD_NAMES
from seco.inference.trained import load_predictor
from seco.training.log import TrainingLog
from seco.training.methods import METHODS, build_models
from seco.training.trainer import Trainer
from seco.training.views import View
from tests.demo_data import demo_manifest
from tests.settings import PHASES, small_settings
from tests.tiny import CPU, memory_of

TERMS = {
    "seco": {"cls", "aux", "ptc", "lig", "lil", "seg", "reg"},
    "toco": {"cls", "aux", "ptc", "ctc", "seg", "reg"},
    "baseline": {"cls", "aux", "seg", "reg"},
    "full": {"sup"},
}
UNTRAINED = {"seco": set(), "toco": set(), "baseline": set(), "full": {"classifier", "aux_classifier"}}
VIEWS = {"seco": {"strong", "second"}, "toco": {"strong", "second"}, "baseline": set(), "full": {"mask"}}
every_method = pytest.mark.parametrize("method", METHODS)


def test_the_settings_allow_exactly_the_methods():
    assert set(METHOD_NAMES) == set(METHODS) == set(TERMS)


def trained(folder: Path, method: str, **changes) -> Trainer:
    settings = small_settings(**PHASES | {"method": method} | changes)
    trainer = Trainer(settings, demo_manifest(folder / "data"), resume_folder=folder / method)
    with TrainingLog(folder / f"log-{method}") as log:
        trainer.run(log, lambda increment, note: None)
    return trainer


@every_method
def test_a_run_has_the_terms_of_its_method_trains_its_weights_and_saves_a_model(tmp_path, method):
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
    made, draws = views_and_draws(tmp_path, method=method)
    assert made == VIEWS[method]
    assert draws == {"seco": 3, "toco": 8}.get(method, 0)


def test_a_part_of_weight_0_needs_no_views(tmp_path):
    assert views_and_draws(tmp_path, weight_lig=0.0, weight_lil=0.0) == (set(), 0)


def views_and_draws(folder: Path, **changes) -> tuple[set[str], int]:
    """Return the views in the batches of a run, and the draws an image."""
    trainer = Trainer(small_settings(**changes), demo_manifest(folder / "data"), resume_folder=folder / "run")
    batch = next(trainer.batches())
    made = {"strong": batch.strong, "second": batch.second, "mask": batch.masks}
    assert set(made) == set(get_args(View))
    return {name for name, view in made.items() if view.numel()}, batch.draws.shape[1]


@every_method
def test_a_resumed_run_restores_the_buffers_of_its_parts(tmp_path, method):
    settings, manifest = small_settings(**PHASES | {"method": method}), demo_manifest(tmp_path / "data")
    first = Trainer(settings, manifest, resume_folder=tmp_path / "run").state
    for parameter in first.models.objective.parts.parameters():
        parameter.data.add_(0.25)
    first.save()
    first.finish()
    again = Trainer(settings, manifest, resume_folder=tmp_path / "run").state
    for key, value in first.models.objective.parts.state_dict().items():
        assert torch.equal(again.models.objective.parts.state_dict()[key], value), key


def test_only_methods_that_contrast_have_projector_and_buffers():
    built = {name: build_models(small_settings(method=name), num_classes=4, device=CPU) for name in METHODS}
    assert {name for name, models in built.items() if list(models.objective.parts.state_dict())} == {"seco", "toco"}
    assert {name for name, models in built.items() if list(models.network.projector.parameters())} == {"seco", "toco"}
    assert memory_of(built["seco"]).reservoir.keys.shape == (32, 192)


def test_all_methods_start_from_the_same_network():
    networks = [build_models(small_settings(method=name), num_classes=4, device=CPU).network for name in METHODS]
    first, *others = [network.state_dict() for network in networks]
    for other in others:
        for name in first.keys() & other.keys():
            if not name.startswith("projector."):
                assert torch.equal(first[name], other[name]), name


def test_judging_tags_adds_curves_and_changes_no_weight(tmp_path):
    judged, plain = (trained(tmp_path / str(on), "seco", **{"train.judge_tags": on}) for on in (True, False))
    curves = {name for point in judged.state.curves for name in point}
    assert {"tags/right", "tags/right_kept"} <= curves
    assert any(name.startswith("tags/right_") and name[-1].isdecimal() for name in curves)
    assert not any(name.startswith("tags/") for point in plain.state.curves for name in point)
    others = plain.state.models.network.parameters()
    assert all(map(torch.equal, judged.state.models.network.parameters(), others))
