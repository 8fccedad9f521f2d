"""The trainer alone changes state, and in one order."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from seco.storage.manifest import Manifest
from seco.training.crop_pass import Inputs, to_device
from seco.training.optimizer import learning_rate_factor
from seco.training.parts import patch_contrast as contrast_module
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


def spy(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, calls: list[str]) -> list[tuple[Tensor, ...]]:
    given: list[tuple[Tensor, ...]] = []
    original = getattr(owner, name)

    def keep(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        given.append(tuple(arg.detach().clone() for arg in args if isinstance(arg, Tensor)))
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, keep)
    return given


def test_weights_then_prototypes_then_reservoir_then_teacher(tmp_path, monkeypatch):
    trainer, calls = build(tmp_path), []
    models = memory_of(trainer.state.models)
    for owner, name in (
        (models.teacher, "update"),
        (models.prototypes, "update"),
        (models.reservoir, "enqueue"),
        (trainer.state.optimizer, "step"),
    ):
        original = getattr(owner, name)

        def note(*args: Any, _original: Any = original, _owner: object = owner, **kwargs: Any) -> Any:
            calls.append(type(_owner).__name__)
            return _original(*args, **kwargs)

        monkeypatch.setattr(owner, name, note)
    inputs = inputs_of(trainer)
    result = trainer.step(inputs)
    assert calls == []
    trainer.update(result)
    assert calls == ["AdamW", "Prototypes", "Reservoir", "LocalTeacher"]
    assert trainer.state.step == 1


def test_computing_a_step_changes_nothing(tmp_path):
    trainer = build(tmp_path)
    before = snapshot(trainer.state.models)
    trainer.step(inputs_of(trainer))
    assert all(torch.equal(value, before[name]) for name, value in snapshot(trainer.state.models).items())
    assert trainer.state.step == 0


def test_the_loss_of_a_step_sees_prototypes_and_reservoir_as_the_last_step_left_them(tmp_path, monkeypatch):
    trainer = build(tmp_path)
    inputs, models = inputs_of(trainer), memory_of(trainer.state.models)
    globals_ = spy(monkeypatch, contrast_module, "global_contrast", [])
    locals_ = spy(monkeypatch, contrast_module, "local_contrast", [])
    for step in range(3):
        prototypes, keys, tags = (
            part.clone() for part in (models.prototypes.vectors, models.reservoir.keys, models.reservoir.tags)
        )
        trainer.update(trainer.step(inputs))
        assert torch.equal(globals_[step][2], prototypes)
        assert torch.equal(locals_[step][2][-len(keys) :], keys)
        assert torch.equal(locals_[step][3][-len(tags) :], tags)
        assert not torch.equal(models.prototypes.vectors, prototypes)
        assert not torch.equal(models.reservoir.keys, keys)


def test_prototypes_take_up_the_embeddings_that_the_loss_was_made_of(tmp_path):
    trainer = build(tmp_path, **{"train.warmup_steps": 0, "train.learning_rate": 1e-2})
    inputs, vectors = inputs_of(trainer), memory_of(trainer.state.models).prototypes.vectors
    result = trainer.step(inputs)
    trainer.update(result)
    # The first image shows class 2 alone and no prototype was there: it becomes the embedding itself.
    torch.testing.assert_close(vectors[1], result.updates["patches"].embeddings[0])
    # The second shows classes 1 and 4, both unseen before.
    torch.testing.assert_close(vectors[0], result.updates["patches"].embeddings[1])
    torch.testing.assert_close(vectors[3], result.updates["patches"].embeddings[1])
    assert (vectors[2] == 0).all()


def test_prototypes_of_patches_take_up_the_patches_that_carry_a_class_after_rectification(tmp_path, monkeypatch):
    monkeypatch.setattr(contrast_module, "rectify_tags", lambda _, tags, *__, **___: torch.arange(len(tags)) % 4 - 1)
    trainer = build(tmp_path, prototype_update="patches")
    inputs, vectors = inputs_of(trainer), memory_of(trainer.state.models).prototypes.vectors
    result = trainer.step(inputs)
    trainer.update(result)
    contrast = contrast_of(result)
    # Of two images' three patches and two whole views each; tags go -1, 0, 1, 2, -1 and 0, 1, 2, -1, 0.
    patches = contrast.patch_embeddings.unflatten(0, (2, 3))
    torch.testing.assert_close(vectors[0], F.normalize(patches[0, 2] + patches[1, 1], dim=0))
    torch.testing.assert_close(vectors[1], patches[1, 2])
    assert (vectors[2:] == 0).all()


def test_the_reservoir_takes_up_the_steps_keys_once(tmp_path):
    trainer = build(tmp_path)
    inputs, reservoir = inputs_of(trainer), memory_of(trainer.state.models).reservoir
    result = trainer.step(inputs)
    trainer.update(result)
    contrast = contrast_of(result)
    assert contrast.keys is not None
    assert torch.equal(reservoir.keys[:10], contrast.keys)
    assert torch.equal(reservoir.tags[:10], contrast.tags)
    assert (reservoir.tags[10:] == -1).all()
    assert reservoir.cursor == 10


def test_the_teacher_follows_the_weights_as_they_are_after_the_step(tmp_path):
    trainer = build(tmp_path, **{"train.warmup_steps": 0})
    inputs, models = inputs_of(trainer), trainer.state.models
    teacher = memory_of(models).teacher
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    student_before = {name: value.clone() for name, value in models.network.state_dict().items()}
    trainer.update(trainer.step(inputs))
    moved = 0
    for name, value in teacher.state_dict().items():
        torch.testing.assert_close(value, 0.75 * before[name] + 0.25 * models.network.state_dict()[name])
        moved += int(not torch.equal(models.network.state_dict()[name], student_before[name]))
    assert moved > 10


def test_prototypes_begin_at_their_step(tmp_path):
    trainer = build(tmp_path, **{"train.prototype_start": 2})
    inputs, prototypes, seen = inputs_of(trainer), memory_of(trainer.state.models).prototypes, []
    for _ in range(3):
        trainer.update(trainer.step(inputs))
        seen.append(bool(prototypes.seen.any()))
    assert seen == [False, False, True]


def test_each_step_has_the_rate_of_the_schedule_and_heads_their_multiple(tmp_path):
    trainer = build(tmp_path, **{"train.learning_rate": 1e-3, "train.head_multiplier": 10.0})
    inputs = inputs_of(trainer)
    for step in range(3):
        trainer.update(trainer.step(inputs))
        factor = learning_rate_factor(step, steps=50, warmup_steps=10, warmup_ratio=1e-6)
        rates = [group["lr"] for group in trainer.state.optimizer.param_groups]
        assert rates == pytest.approx([1e-3 * factor, 1e-2 * factor])


def test_the_optimizer_holds_the_whole_network_once_and_nothing_else(tmp_path):
    trainer = build(tmp_path)
    held = [id(weight) for group in trainer.state.optimizer.param_groups for weight in group["params"]]
    assert sorted(held) == sorted(id(weight) for weight in trainer.state.models.network.parameters())
    encoder = {id(weight) for weight in trainer.state.models.network.encoder.parameters()}
    assert {id(weight) for weight in trainer.state.optimizer.param_groups[0]["params"]} == encoder


def test_a_step_without_a_finite_loss_changes_nothing_but_the_count(tmp_path):
    trainer = build(tmp_path)
    inputs, before = inputs_of(trainer), snapshot(trainer.state.models)
    result = trainer.step(inputs)
    assert not trainer.update(result._replace(total=result.total * torch.nan))
    assert all(torch.equal(value, before[name]) for name, value in snapshot(trainer.state.models).items())
    assert not trainer.state.optimizer.state_dict()["state"]
    assert (trainer.state.step, trainer.state.bad_steps, trainer.state.bad_in_a_row) == (1, 1, 1)


def test_a_seed_gives_the_same_first_weights_and_leaves_the_global_generator(tmp_path):
    state = torch.get_rng_state()
    first = snapshot(build(tmp_path / "a").state.models)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(3)
    again = snapshot(build(tmp_path / "b").state.models)
    other = snapshot(build(tmp_path / "c", seed=1).state.models)
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert not all(torch.equal(value, other[name]) for name, value in first.items())
