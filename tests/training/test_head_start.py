"""The classifiers' start: a fit to tokens of the frozen encoder, alike on every try, before the first step only."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from seco.compute.pixels import normalise
from seco.errors import SecoError
from seco.losses.classification import image_classification
from seco.method.cam import multi_hot
from seco.runtime.progress import Progress
from seco.storage.images import read_image
from seco.training import head_start
from seco.training.head_start import HeadStart
from seco.training.log import TrainingLog
from seco.training.trainer import Trainer
from tests.demo_data import demo_manifest
from tests.settings import small_settings

FITTED = {"train.head_epochs": 30, "train.batch_size": 3, "train.steps": 3, "train.warmup_steps": 1}
FITTED |= {"train.checkpoint_every": 2, "train.log_every": 1}
IMAGES = 8


def trainer_of(tmp_path: Path, *, skip_bad: bool = False, **changes) -> Trainer:
    manifest = demo_manifest(tmp_path / "data")
    settings = small_settings(**FITTED | changes)
    return Trainer(settings, manifest, resume_folder=tmp_path / "run", skip_bad_images=skip_bad)


def started(trainer: Trainer) -> HeadStart:
    return trainer.start_heads(Progress("", None, lambda counter: None))


def weights_of(trainer: Trainer) -> dict[str, Tensor]:
    return {name: weight.clone() for name, weight in trainer.state.models.network.state_dict().items()}


@torch.no_grad()
def classification_loss(trainer: Trainer) -> float:
    """The sum of both losses over the training images, computed without the module under test."""
    records, size = trainer.manifest.split("train"), trainer.settings.train.crop_size
    images = [tv.resize(tv.pil_to_tensor(read_image(record.image)), [size, size]) for record in records]
    labels = torch.stack([multi_hot(record.labels, trainer.manifest.class_names) for record in records])
    output = trainer.state.models.network(normalise(torch.stack(images)))
    return sum(image_classification(logits, labels).item() for logits in (output.logits, output.aux_logits))


@pytest.mark.parametrize("sharpness", [None, 4.0])
def test_the_fit_lowers_the_loss_on_the_training_images_and_moves_the_classifiers_alone(tmp_path, sharpness):
    trainer = trainer_of(tmp_path, **{"cam.pool_sharpness": sharpness})
    before, loss = weights_of(trainer), classification_loss(trainer)
    objective = {name: value.clone() for name, value in trainer.state.models.objective.state_dict().items()}
    generator = torch.get_rng_state()
    start = started(trainer)
    assert torch.equal(torch.get_rng_state(), generator)
    assert start[:3] == (IMAGES, IMAGES, IMAGES)
    assert len(start.losses) == 30
    assert start.losses[0] == pytest.approx(loss, abs=2e-3)  # one batch: the loss before the first update
    assert classification_loss(trainer) < start.losses[-1] + 2e-3 < 0.8 * loss
    after = weights_of(trainer)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"classifier.weight", "aux_classifier.weight"}
    for name, value in trainer.state.models.objective.state_dict().items():
        assert torch.equal(value, objective[name])
    assert all(weight.grad is None for weight in trainer.state.models.network.parameters())


def test_two_fits_of_one_seed_are_alike_and_of_another_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(head_start, "BATCH", 3)
    one, same, other = (trainer_of(tmp_path, seed=seed) for seed in (0, 0, 1))
    other.state.models.network.load_state_dict(weights_of(one))
    for trainer in (one, same, other):
        torch.rand(())
        started(trainer)
    assert torch.equal(weights_of(one)["classifier.weight"], weights_of(same)["classifier.weight"])
    assert not torch.equal(weights_of(one)["classifier.weight"], weights_of(other)["classifier.weight"])


def test_only_a_run_that_begins_and_trains_classifiers_needs_the_start(tmp_path):
    assert not trainer_of(tmp_path, **{"train.head_epochs": 0}).needs_head_start
    assert not trainer_of(tmp_path, method="full").needs_head_start
    trainer = trainer_of(tmp_path)
    assert trainer.needs_head_start
    with trainer.state, TrainingLog(tmp_path / "log") as log:
        started(trainer)
        trainer.run(log, lambda increment, note: None)
    resumed = trainer_of(tmp_path)
    assert resumed.state.step == 2
    assert not resumed.needs_head_start


def test_of_many_images_as_many_as_fit_are_drawn_and_the_sentence_says_so(tmp_path, monkeypatch):
    trainer = trainer_of(tmp_path)
    width = trainer.state.models.network.encoder.width
    monkeypatch.setattr(head_start, "MOST_BYTES", 5 * 2 * 2 * width + 1)  # the maximum is one token for each classifier
    start = started(trainer)
    assert start[:3] == (5, 5, IMAGES)
    assert "tokens of 5 images (5 drawn from 8, as many as fit into" in str(start)


def test_a_damaged_image_ends_the_start_or_is_left_out(tmp_path):
    strict, lenient = trainer_of(tmp_path), trainer_of(tmp_path, skip_bad=True)
    image = strict.manifest.split("train")[2].image
    image.write_bytes(image.read_bytes()[:500])
    with pytest.raises(SecoError, match=f"{image.name} is truncated or damaged"):
        started(strict)
    assert started(lenient)[:3] == (IMAGES - 1, IMAGES, IMAGES)


def test_tokens_that_are_not_finite_end_with_a_sentence(tmp_path):
    trainer = trainer_of(tmp_path)
    torch.nn.init.constant_(trainer.state.models.network.encoder.vit.blocks[0].mlp.fc2.bias, 1e6)  # inf in float16
    with pytest.raises(SecoError, match=r"tokens are not finite.*train\.head_epochs to 0"):
        started(trainer)
