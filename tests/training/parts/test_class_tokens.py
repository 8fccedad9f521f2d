"""ToCo's class-token contrast: its local crops, queries and keys, and its teacher."""

from typing import cast

import pytest
import torch
from torch import Tensor

from seco.losses.class_token_contrast import class_token_contrast
from seco.training.crop_pass import Inputs
from seco.training.methods import Models, build_models
from seco.training.objective import Contribution
from seco.training.parts.class_tokens import ClassTokenContrast
from tests.settings import small_settings
from tests.tiny import CPU, NUM_CLASSES, crop_pass, snapshot, tiny_inputs

SIDE, CROPS = 32, 3
SETTINGS = {"method": "toco", "toco.crop_size": SIDE, "toco.num_crops": CROPS}
MIXED = {"cam.low": 0.4, "cam.high": 0.6, "toco.object_threshold": 1.0}  # some crops are positive, some negative


@pytest.fixture
def models() -> Models:
    """ToCo's models; the projector's teacher is moved off its first values."""
    models = build_models(small_settings(**SETTINGS | MIXED), num_classes=NUM_CLASSES, device=CPU)
    with torch.no_grad():
        for weight in part_of(models).parameters():
            weight.mul_(1.5)
    return models


def part_of(models: Models) -> ClassTokenContrast:
    return cast(ClassTokenContrast, models.objective.parts["crops"])


def found(models: Models, inputs: Inputs | None = None, **changes) -> Contribution:
    return part_of(models)(crop_pass(models, small_settings(**SETTINGS | MIXED | changes), inputs=inputs))


def matches(crop: Tensor, image: Tensor) -> Tensor:
    """Where in the image ``[3, H, W]`` a crop ``[3, s, s]`` was cut: bool ``[H', W']``."""
    windows = image.unfold(1, SIDE, 1).unfold(2, SIDE, 1)  # [3, H', W', s, s]
    return (windows == crop[:, None, None]).flatten(3).all(3).all(0)


def test_local_crops_come_from_the_strong_view_and_are_positive_over_an_object():
    models = build_models(small_settings(**SETTINGS), num_classes=NUM_CLASSES, device=CPU)
    mirrored, kinds = 0, set()
    for seed in range(6):
        inputs = tiny_inputs(seed=seed)
        cam = torch.zeros(2, inputs.class_ids.shape[1], 64, 64)
        cam[:, 0, :, :32] = 0.9  # certain of the first class on the left, of background on the right
        local = part_of(models).cut(inputs, cam * inputs.inside.unsqueeze(1))
        assert local.images.shape == (2, CROPS, 3, SIDE, SIDE)
        for image, crops, positives in zip(inputs.strong, local.images, local.positive, strict=True):
            for crop, positive in zip(crops, positives, strict=True):
                straight, flipped = matches(crop, image), matches(crop.flip(-1), image)
                mirrored += int(flipped.any())
                ((_, column),) = (straight | flipped).nonzero().tolist()
                share = max(0, 32 - column) / SIDE  # of the crop that is certainly the object: its pixels count 2
                assert positive == (2 * share > 0.2)
                kinds.add(bool(positive))
    assert 8 < mirrored < 28  # of 36
    assert kinds == {True, False}


def test_the_term_contrasts_queries_of_all_views_with_teacher_keys_of_whole_images(models):
    crops = crop_pass(models, small_settings(**SETTINGS | MIXED))
    result = part_of(models)(crops)
    network, teacher, inputs = models.network, part_of(models).teacher, crops.inputs
    local = part_of(models).cut(inputs, crops.cams.auxiliary)
    tokens = [network.encoder(images).class_token for images in (inputs.weak, inputs.second)]
    parts = network.embed(local.images.flatten(0, 1)).unflatten(0, (2, CROPS))
    queries = torch.cat([torch.stack([network.projector(token) for token in tokens], dim=1), parts], dim=1)
    keys = torch.stack([teacher(token) for token in tokens], dim=1)
    positive = torch.cat([torch.ones(2, 2, dtype=torch.bool), local.positive], dim=1)
    torch.testing.assert_close(result.terms["ctc"], class_token_contrast(queries, keys, positive, temperature=0.5))
    assert result.counts["crops/negative"] == ((~local.positive).sum(), 2 * CROPS)
    assert not torch.allclose(keys, queries[:, :2], atol=1e-3)
    assert set(local.positive.flatten().tolist()) == {True, False}


def test_the_term_trains_encoder_and_projector_and_no_teacher(models):
    found(models).terms["ctc"].backward()
    trained = {
        name.split(".")[0]
        for name, weight in models.network.named_parameters()
        if weight.grad is not None and (weight.grad != 0).any()
    }
    assert trained == {"encoder", "projector"}
    assert all(weight.grad is None for weight in part_of(models).parameters())


def test_the_teacher_moves_towards_the_projector(models):
    part, network = part_of(models), models.network
    before = [weight.clone() for weight in part.parameters()]
    part.update_state(None, network)
    for weight, old, student in zip(part.parameters(), before, network.projector.parameters(), strict=True):
        torch.testing.assert_close(weight, 0.9 * old + 0.1 * student)


def test_the_term_changes_no_state_and_depends_on_the_draws_alone(models):
    before = snapshot(models)
    first, again, other = (found(models, tiny_inputs(seed=seed)).terms["ctc"] for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert all(torch.equal(value, before[name]) for name, value in snapshot(models).items())


def test_bf16_gives_nearly_the_same_term(models):
    single, half = found(models).terms["ctc"], found(models, **{"train.precision": "bf16"}).terms["ctc"]
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(single.item(), rel=0.1)
