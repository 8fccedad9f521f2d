"""ToCo's part: what is cut, what is compared with what, and what moves."""

from typing import cast

import pytest
import torch
from torch import Tensor

from seco.training.crop_pass import Inputs
from seco.training.methods import Models, build_models
from seco.training.objective import Contribution
from seco.training.parts import class_tokens as module
from seco.training.parts.class_tokens import ClassTokenContrast, LocalCrops
from tests.settings import small_settings
from tests.tiny import CPU, NUM_CLASSES, crop_pass, snapshot, tiny_inputs

SIDE, CROPS = 32, 3
SETTINGS = {"method": "toco", "toco.crop_size": SIDE, "toco.num_crops": CROPS}
MIXED = {"cam.low": 0.4, "cam.high": 0.6, "toco.object_threshold": 1.0}  # some crops are positive, some negative


def toco_models(**changes) -> Models:
    """ToCo's models; the projector's teacher is moved off its first values."""
    models = build_models(small_settings(**SETTINGS | changes), num_classes=NUM_CLASSES, device=CPU)
    with torch.no_grad():
        for weight in part_of(models).parameters():
            weight.mul_(1.5)
    return models


def part_of(models: Models) -> ClassTokenContrast:
    return cast(ClassTokenContrast, models.objective.parts["crops"])


def found(models: Models, inputs: Inputs | None = None, **changes) -> Contribution:
    return part_of(models)(crop_pass(models, small_settings(**SETTINGS | changes), inputs=inputs))


def left_half(inputs: Inputs) -> Tensor:
    """A CAM that is sure of the first class on the left and of background on the right."""
    cam = torch.zeros(2, inputs.class_ids.shape[1], 64, 64)
    cam[:, 0, :, :32] = 0.9
    return cam * inputs.inside.unsqueeze(1)


def cut(*, seed: int = 0) -> tuple[Inputs, LocalCrops]:
    inputs = tiny_inputs(seed=seed)
    return inputs, part_of(toco_models()).cut(inputs, left_half(inputs))


def test_local_crops_are_cut_from_the_strong_view_and_mirrored_one_by_one():
    mirrored = 0
    for seed in range(6):
        inputs, local = cut(seed=seed)
        assert local.images.shape == (2, CROPS, 3, SIDE, SIDE)
        for image in range(2):
            windows = inputs.strong[image].unfold(1, SIDE, 1).unfold(2, SIDE, 1)  # [3, H', W', s, s]
            for crop in local.images[image]:
                ways = [(windows == one[:, None, None]).flatten(3).all(3).all(0).any() for one in (crop, crop.flip(-1))]
                assert any(ways)
                mirrored += int(not ways[0])
    assert 8 < mirrored < 28  # of 36


def test_a_crop_is_positive_where_the_map_under_it_shows_the_object():
    kinds = set()
    for seed in range(6):
        inputs, local = cut(seed=seed)
        for image in range(2):
            windows = inputs.strong[image].unfold(1, SIDE, 1).unfold(2, SIDE, 1)
            for crop, positive in zip(local.images[image], local.positive[image], strict=True):
                either = [(windows == one[:, None, None]).flatten(3).all(3).all(0) for one in (crop, crop.flip(-1))]
                ((_, column),) = torch.maximum(*either).nonzero().tolist()
                share = max(0, 32 - column) / SIDE  # of the crop that is certainly the object, counting 2
                assert positive == (2 * share > 0.2)
                kinds.add(bool(positive))
    assert kinds == {True, False}


def test_keys_are_the_students_whole_images_through_the_teacher_and_queries_all_views(monkeypatch):
    models, given = toco_models(), []
    original = module.class_token_contrast

    def keep(queries: Tensor, keys: Tensor, positive: Tensor, *, temperature: float) -> Tensor:
        given.append((queries, keys, positive, temperature))
        return original(queries, keys, positive, temperature=temperature)

    monkeypatch.setattr(module, "class_token_contrast", keep)
    crops = crop_pass(models, small_settings(**SETTINGS))
    result = part_of(models)(crops)
    ((queries, keys, positive, temperature),) = given
    network, teacher, inputs = models.network, part_of(models).teacher, crops.inputs
    for place, images in enumerate((inputs.weak, inputs.second)):
        token = network.encoder(images).class_token
        torch.testing.assert_close(queries[:, place], network.projector(token))
        torch.testing.assert_close(keys[:, place], teacher(token))
        assert not torch.allclose(keys[:, place], queries[:, place], atol=1e-3)
    local = part_of(models).cut(inputs, crops.cams.auxiliary)
    torch.testing.assert_close(queries[:, 2:].flatten(0, 1), network.embed(local.images.flatten(0, 1)))
    assert positive[:, :2].all()
    assert torch.equal(positive[:, 2:], local.positive)
    assert temperature == 0.5
    assert result.terms["ctc"].item() == pytest.approx(original(queries, keys, positive, temperature=0.5).item())
    negatives, every = result.counts["crops/negative"]
    assert (negatives, every) == ((~local.positive).sum(), 2 * CROPS)


def test_the_term_trains_encoder_and_projector_and_no_teacher():
    models = toco_models(**MIXED)
    found(models).terms["ctc"].backward()
    trained = {
        name.split(".")[0]
        for name, weight in models.network.named_parameters()
        if weight.grad is not None and (weight.grad != 0).any()
    }
    assert trained == {"encoder", "projector"}
    assert all(weight.grad is None for weight in part_of(models).parameters())


def test_the_training_crop_is_encoded_with_gradient_once():
    models, passes = toco_models(), []
    models.network.encoder.register_forward_pre_hook(
        lambda _, images: passes.append((torch.is_grad_enabled(), len(images[0]), images[0].shape[-1]))
    )
    found(models, **{"cam.scales": [1.0]})
    # The crop; its mirror image, for CAMs; the second view; the local crops.
    assert passes == [(True, 2, 64), (False, 2, 64), (True, 2, 32), (True, 2 * CROPS, SIDE)]


def test_the_teacher_takes_a_step_towards_the_projector():
    models = toco_models()
    part, network = part_of(models), models.network
    before = [weight.clone() for weight in part.parameters()]
    part.update_state(None, network)
    for weight, old, student in zip(part.parameters(), before, network.projector.parameters(), strict=True):
        torch.testing.assert_close(weight, 0.9 * old + 0.1 * student)


def test_a_step_changes_nothing_and_the_draws_alone_decide():
    models = toco_models(**MIXED)
    before = snapshot(models)
    first, again, other = (found(models, tiny_inputs(seed=seed)).terms["ctc"] for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert all(torch.equal(value, before[name]) for name, value in snapshot(models).items())


def test_half_precision_gives_nearly_the_same_term():
    models = toco_models(**MIXED)
    single = found(models).terms["ctc"]
    half = found(models, **{"train.precision": "bf16"}).terms["ctc"]
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(single.item(), rel=0.1)
