import math

import pytest
import torch
from torch import Tensor

from seco.models.network import CamPair
from seco.training import crop_pass as crop_pass_module
from seco.training.methods import Models, build_models
from seco.training.objective import StepResult
from seco.training.parts import online_segmentation, patch_contrast, tagged_patches, token_relations
from tests.settings import small_settings
from tests.tiny import (
    CPU,
    LABELS,
    NUM_CLASSES,
    contrast_of,
    crop_pass,
    memory_of,
    retuned,
    snapshot,
    tiny_inputs,
    tiny_models,
)

PHASES = {
    "train.prototype_start": 0,
    "train.contrast_start": 2,
    "train.segmentation_start": 3,
    "train.tag_source_switch": 4,
}
LAST = 5
ALL = {"cls", "aux", "ptc", "lig", "lil", "patch", "seg", "reg"}
WEIGHTS = {
    "weight_ptc": 0.3,
    "weight_lig": 0.6,
    "weight_lil": 0.7,
    "weight_patch": 0.4,
    "weight_seg": 0.12,
    "weight_reg": 0.05,
}


def evaluate(models: Models, *, step: int = LAST, seed: int = 0, **changes) -> StepResult:
    settings = small_settings(**(PHASES | WEIGHTS | changes))
    models = retuned(models, settings) if changes else models
    return models.objective(crop_pass(models, settings, inputs=tiny_inputs(seed=seed), step=step))


def taught(models: Models) -> CamPair:
    return crop_pass(models, small_settings()).cams


@pytest.fixture
def models() -> Models:
    return tiny_models(small_settings(**(PHASES | WEIGHTS)))


@pytest.mark.parametrize(
    ("step", "names"),
    [
        (0, {"cls", "aux", "ptc"}),
        (1, {"cls", "aux", "ptc"}),
        (2, {"cls", "aux", "ptc", "lig", "lil", "patch"}),
        (3, ALL),
        (LAST, ALL),
    ],
)
def test_a_phase_has_its_terms_and_no_other(models, step, names):
    result = evaluate(models, step=step)
    assert set(result.terms) == names
    assert all(term.dim() == 0 and term.isfinite() for term in result.terms.values())
    assert (result.updates["patches"].contrast is not None) == ("lig" in names)


@pytest.mark.parametrize(
    ("weight", "term", "parts"),
    [
        ("weight_ptc", "ptc", [(token_relations, "token_contrast")]),
        ("weight_lig", "lig", [(patch_contrast, "global_contrast")]),
        ("weight_lil", "lil", [(patch_contrast, "local_contrast"), (patch_contrast, "rectify_tags")]),
        ("weight_patch", "patch", [(patch_contrast, "patch_classification")]),
        ("weight_seg", "seg", [(online_segmentation, "segmentation_loss"), (online_segmentation, "refine_labels")]),
        ("weight_reg", "reg", [(online_segmentation, "energy_loss")]),
    ],
)
def test_a_term_without_weight_is_not_computed(monkeypatch, weight, term, parts):
    for owner, name in parts:
        monkeypatch.delattr(owner, name)
    models = tiny_models(small_settings(**WEIGHTS))
    assert set(evaluate(models, **{weight: 0.0}).terms) == ALL - {term}


@pytest.mark.parametrize(
    ("step", "parts"),
    [
        (
            1,
            [
                (tagged_patches, "sample_patches"),
                (online_segmentation, "refine_labels"),
                (online_segmentation, "energy_loss"),
            ],
        ),
        (
            2,
            [
                (online_segmentation, "refine_labels"),
                (online_segmentation, "segmentation_loss"),
                (online_segmentation, "energy_loss"),
            ],
        ),
    ],
)
def test_a_term_that_has_not_begun_is_not_computed(models, monkeypatch, step, parts):
    for owner, name in parts:
        monkeypatch.delattr(owner, name)
    evaluate(models, step=step)


def test_nobody_teaches_where_nobody_learns_from_cams(monkeypatch):
    monkeypatch.delattr(crop_pass_module, "multi_scale_cam")
    models = tiny_models(small_settings(**(PHASES | WEIGHTS)))
    assert set(evaluate(models, step=1, weight_ptc=0.0).terms) == {"cls", "aux"}


def test_without_both_contrasts_no_patch_is_cut_and_none_is_remembered(monkeypatch):
    monkeypatch.delattr(tagged_patches, "sample_patches")
    settings = small_settings(**(PHASES | WEIGHTS | {"weight_lig": 0.0, "weight_lil": 0.0, "weight_patch": 0.0}))
    models = build_models(settings, num_classes=NUM_CLASSES, device=CPU)
    result = models.objective(crop_pass(models, settings, step=LAST))
    assert set(result.terms) == ALL - {"lig", "lil", "patch"}
    assert set(models.objective.parts) == set(result.updates) == {"classification", "tokens", "segmentation"}


def test_without_l_lil_the_reservoir_gets_no_keys(models):
    assert contrast_of(evaluate(models, weight_lil=0.0)).keys is None


@pytest.mark.parametrize("step", [0, 2, 3])
def test_the_total_is_the_weighted_sum_of_equation_9(models, step):
    result = evaluate(models, step=step)
    weights = {"cls": 1.0, "aux": 1.0} | {name.removeprefix("weight_"): weight for name, weight in WEIGHTS.items()}
    expected = sum(weights[name] * term.item() for name, term in result.terms.items())
    assert result.total.item() == pytest.approx(expected, rel=1e-6)


def test_the_classification_losses_are_multi_label_soft_margins(models):
    result = evaluate(models, step=0)
    output = models.network(tiny_inputs().weak)
    for name, logits in (("cls", output.logits), ("aux", output.aux_logits)):
        costs = [
            math.log(1 + math.exp(-logit if label else logit))
            for row, labels in zip(logits.tolist(), LABELS, strict=True)
            for logit, label in zip(row, labels, strict=True)
        ]
        assert result.terms[name].item() == pytest.approx(sum(costs) / len(costs), rel=1e-5)


@pytest.mark.parametrize(("step", "kind"), [(2, "auxiliary"), (3, "auxiliary"), (4, "final"), (5, "final")])
def test_patches_are_tagged_from_the_auxiliary_cam_until_the_switch(models, monkeypatch, step, kind):
    given: list[Tensor] = []
    original = tagged_patches.three_way_labels

    def keep(cam, *rest, **thresholds):
        given.append(cam)
        return original(cam, *rest, **thresholds)

    monkeypatch.setattr(tagged_patches, "three_way_labels", keep)
    evaluate(models, step=step)
    with torch.no_grad():
        cams = taught(models)
    torch.testing.assert_close(given[0], getattr(cams, kind))
    assert not torch.allclose(cams.final, cams.auxiliary, atol=1e-2)


def test_cams_that_teach_lie_in_0_to_1_inside_the_image_and_carry_no_gradient(models):
    inputs, cams = tiny_inputs(), taught(models)
    outside = ~inputs.inside.unsqueeze(1).expand_as(cams.final)
    for cam in cams:
        assert not cam.requires_grad
        assert cam.min() >= 0
        assert cam.max() <= 1
        assert (cam[outside] == 0).all()
        assert cam[0, 0].max() > 0.99


def test_the_crop_is_encoded_with_gradient_once(models):
    settings, passes = small_settings(**(PHASES | WEIGHTS | {"cam.scales": [1.0, 0.5]})), []
    models.network.encoder.register_forward_pre_hook(
        lambda _, inputs: passes.append((torch.is_grad_enabled(), len(inputs[0]), inputs[0].shape[-1]))
    )
    models.objective(crop_pass(models, settings, step=LAST))
    # The crop; for CAMs its mirror image, and both at half size; the patches; the second view.
    assert passes == [(True, 2, 64), (False, 2, 64), (False, 4, 32), (True, 6, 32), (True, 2, 32)]


def test_a_call_changes_no_state_and_the_draws_alone_decide(models):
    before, state = snapshot(models), torch.get_rng_state()
    first, again, other = (evaluate(models, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in snapshot(models).items())
    assert all(weight.grad is None for module in models.modules().values() for weight in module.parameters())
    assert torch.equal(first.total, again.total)
    assert not torch.equal(first.total, other.total)


def test_the_whole_objective_trains_the_whole_network_and_nothing_else(models):
    models = retuned(models, small_settings(**(PHASES | WEIGHTS), use_rectification=False))
    result = evaluate(models)
    result.total.backward()
    silent = [name for name, weight in models.network.named_parameters() if weight.grad is None]
    assert silent == []
    assert all(weight.grad is None for weight in memory_of(models).teacher.parameters())
    assert not memory_of(models).prototypes.vectors.requires_grad
    assert not memory_of(models).reservoir.keys.requires_grad
    update = result.updates["patches"]
    assert not update.embeddings.requires_grad
    assert not update.contrast.keys.requires_grad


@pytest.mark.parametrize(
    ("term", "parts"),
    [
        ("cls", {"encoder", "classifier"}),
        ("aux", {"encoder", "aux_classifier"}),
        ("ptc", {"encoder"}),
        ("lig", {"encoder", "projector"}),
        ("lil", {"encoder", "projector"}),
        ("patch", {"encoder", "classifier", "aux_classifier"}),
        ("seg", {"encoder", "decoder"}),
        ("reg", {"encoder", "decoder"}),
    ],
)
def test_a_term_trains_its_own_parts_and_no_target(models, term, parts):
    models = retuned(models, small_settings(**(PHASES | WEIGHTS), use_rectification=False))
    evaluate(models).terms[term].backward()
    trained = {
        name.split(".")[0]
        for name, weight in models.network.named_parameters()
        if weight.grad is not None and (weight.grad != 0).any()
    }
    assert trained == parts


def test_the_crop_embedding_is_the_projected_class_token_of_the_crop(models):
    embedding = evaluate(models).updates["patches"].embeddings
    torch.testing.assert_close(embedding, models.network.embed(tiny_inputs().weak))


def test_a_crop_of_nothing_but_padding_teaches_nothing_and_breaks_nothing(models):
    blind = tiny_inputs(labels=LABELS[:1], boxes=((0, 0, 0, 0),))
    result = models.objective(crop_pass(models, small_settings(), inputs=blind, step=LAST))
    assert [result.terms[name].item() for name in ("ptc", "seg", "reg")] == [0, 0, 0]
    assert (contrast_of(result).patches.tags == -1).all()
    result.total.backward()
    assert all(weight.grad is None or weight.grad.isfinite().all() for weight in models.network.parameters())


def test_half_precision_gives_nearly_the_same_terms(models):
    single, half = evaluate(models), evaluate(models, **{"train.precision": "bf16"})
    assert half.total.dtype == torch.float32
    for name in ("cls", "aux", "ptc"):
        assert half.terms[name].item() == pytest.approx(single.terms[name].item(), rel=0.03), name
    assert {term.device for term in half.terms.values()} == {CPU}
