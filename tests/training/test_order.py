"""What an update changes, and when; test_plain_step.py compares the changes with those of a plain computation."""

from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from seco.storage.manifest import Manifest
from seco.training.crop_pass import Inputs, to_device
from seco.training.parts import patch_contrast
from seco.training.trainer import Trainer
from tests.settings import small_settings
from tests.tiny import NUM_CLASSES, contrast_of, memory_of, snapshot, tiny_batch

START = {"train.prototype_start": 0, "train.contrast_start": 0, "train.segmentation_start": 0}


def build(folder: Path, **changes: Any) -> Trainer:
    names = tuple(f"class {index}" for index in range(NUM_CLASSES))
    changes = START | {"teacher_momentum": 0.75, "train.warmup_steps": 10, "train.steps": 50} | changes
    return Trainer(small_settings(**changes), Manifest((), names), resume_folder=folder / "run")


def inputs_of(trainer: Trainer) -> Inputs:
    return to_device(tiny_batch(), trainer.device)


def test_only_an_update_with_a_finite_loss_changes_the_models(tmp_path):
    trainer = build(tmp_path)
    state, before = trainer.state, snapshot(trainer.state.models)
    result = trainer.step(inputs_of(trainer))
    assert state.step == 0
    assert not trainer.update(result._replace(total=result.total * torch.nan))
    assert (state.step, state.bad_steps, state.bad_in_a_row) == (1, 1, 1)
    assert not state.optimizer.state_dict()["state"]
    assert all(torch.equal(value, before[name]) for name, value in snapshot(state.models).items())
    assert trainer.update(trainer.step(inputs_of(trainer)))
    assert (state.step, state.bad_steps, state.bad_in_a_row) == (2, 1, 0)
    assert not any(torch.equal(value, before[name]) for name, value in snapshot(state.models).items() if "bias" in name)


def test_patch_prototypes_use_the_tags_after_rectification(tmp_path, monkeypatch):
    monkeypatch.setattr(patch_contrast, "rectify_tags", lambda _, tags, *__, **___: torch.arange(len(tags)) % 4 - 1)
    trainer = build(tmp_path, prototype_update="patches")
    inputs, vectors = inputs_of(trainer), memory_of(trainer.state.models).prototypes.vectors
    result = trainer.step(inputs)
    trainer.update(result)
    # Of two images' three patches and two whole views each; tags go -1, 0, 1, 2, -1 and 0, 1, 2, -1, 0.
    patches = contrast_of(result).patch_embeddings.unflatten(0, (2, 3))
    torch.testing.assert_close(vectors[0], F.normalize(patches[0, 2] + patches[1, 1], dim=0))
    torch.testing.assert_close(vectors[1], patches[1, 2])
    assert (vectors[2:] == 0).all()


def test_prototypes_begin_at_their_step(tmp_path):
    trainer = build(tmp_path, **{"train.prototype_start": 2})
    inputs, prototypes, seen = inputs_of(trainer), memory_of(trainer.state.models).prototypes, []
    for _ in range(3):
        trainer.update(trainer.step(inputs))
        seen.append(bool(prototypes.seen.any()))
    assert seen == [False, False, True]


def test_the_optimizer_holds_each_weight_of_the_network_once(tmp_path):
    state = build(tmp_path).state
    encoder, heads = ({*group["params"]} for group in state.optimizer.param_groups)
    assert encoder == {*state.models.network.encoder.parameters()}
    assert heads == {*state.models.network.parameters()} - encoder


def test_the_seed_alone_decides_the_first_weights(tmp_path):
    state = torch.get_rng_state()
    first = snapshot(build(tmp_path / "a").state.models)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(3)
    again = snapshot(build(tmp_path / "b").state.models)
    other = snapshot(build(tmp_path / "c", seed=1).state.models)
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert not all(torch.equal(value, other[name]) for name, value in first.items())
