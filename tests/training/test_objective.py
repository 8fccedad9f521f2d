import pytest
import torch

from seco.training import crop_pass as crop_pass_module
from seco.training.methods import Models, build_models
from seco.training.objective import StepResult
from seco.training.parts import tagged_patches
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
def test_each_phase_computes_its_own_terms(models, step, names):
    result = evaluate(models, step=step)
    assert set(result.terms) == names
    assert all(term.dim() == 0 and term.isfinite() for term in result.terms.values())
    assert (result.updates["patches"].contrast is not None) == ("lig" in names)


@pytest.mark.parametrize("term", ["ptc", "lig", "lil", "patch", "seg", "reg"])
def test_a_term_of_weight_0_is_not_computed(models, term):
    result = evaluate(models, **{f"weight_{term}": 0.0})
    assert set(result.terms) == ALL - {term}
    assert (contrast_of(result).keys is None) == (term == "lil")


def test_a_part_whose_weights_are_all_0_is_left_out(monkeypatch):
    monkeypatch.delattr(tagged_patches, "sample_patches")  # no patch may be cut
    monkeypatch.delattr(crop_pass_module, "multi_scale_cam")  # no CAM may be computed
    off = {f"weight_{term}": 0.0 for term in ("ptc", "lig", "lil", "patch", "seg", "reg")}
    settings = small_settings(**(PHASES | off))
    models = build_models(settings, num_classes=NUM_CLASSES, device=CPU)
    result = models.objective(crop_pass(models, settings, step=LAST))
    assert set(result.terms) == {"cls", "aux"}
    assert set(models.objective.parts) == set(result.updates) == {"classification"}


@pytest.mark.parametrize("step", [0, 2, 3])
def test_the_total_is_the_weighted_sum_of_equation_9(models, step):
    result = evaluate(models, step=step)
    weights = {"cls": 1.0, "aux": 1.0} | {name.removeprefix("weight_"): weight for name, weight in WEIGHTS.items()}
    expected = sum(weights[name] * term.item() for name, term in result.terms.items())
    assert result.total.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("step", "share"), [(2, 0.25), (3, 0.5), (5, 1.0), (6, 1.0)])
def test_the_weights_of_the_contrasts_rise_over_the_ramp(models, step, share):
    result = evaluate(models, step=step, **{"train.contrast_ramp": 4})
    rising = {"lig", "lil", "patch"}
    weights = {"cls": 1.0, "aux": 1.0} | {name.removeprefix("weight_"): weight for name, weight in WEIGHTS.items()}
    expected = sum(
        (share if name in rising else 1.0) * weights[name] * term.item() for name, term in result.terms.items()
    )
    assert result.total.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("step", "kind"), [(3, "auxiliary"), (4, "final")])
def test_the_auxiliary_cam_tags_patches_until_the_switch(models, step, kind):
    crops = crop_pass(models, small_settings(**(PHASES | WEIGHTS)), step=step)
    patches, cutter = contrast_of(models.objective(crops)).patches, memory_of(models).cutter
    tags = {
        name: cutter.cut(crops.inputs, cam, from_masks=False).tags.tolist()
        for name, cam in crops.cams._asdict().items()
    }
    assert patches.tags.tolist() == tags[kind]
    assert tags["final"] != tags["auxiliary"]


def test_cams_lie_in_0_to_1_inside_the_image_and_have_no_gradient(models):
    inputs, cams = tiny_inputs(), crop_pass(models, small_settings()).cams
    outside = ~inputs.inside.unsqueeze(1).expand_as(cams.final)
    for cam in cams:
        assert not cam.requires_grad
        assert cam.min() >= 0
        assert cam.max() <= 1
        assert (cam[outside] == 0).all()
        assert cam[0, 0].max() > 0.99


@pytest.mark.parametrize("source", ["patch", "crop"])
def test_the_crop_is_encoded_with_gradient_once(source):
    settings = small_settings(**(PHASES | WEIGHTS | {"cam.scales": [1.0, 0.5], "patch_tokens": source}))
    models, passes = tiny_models(settings), []
    models.network.encoder.register_forward_pre_hook(
        lambda _, inputs: passes.append((torch.is_grad_enabled(), len(inputs[0]), inputs[0].shape[-1]))
    )
    models.objective(crop_pass(models, settings, step=LAST))
    # The crop; for CAMs its mirror image, and both at half size; the patches, if encoded alone; the second view.
    patches = [(True, 6, 32)] if source == "patch" else []
    assert passes == [(True, 2, 64), (False, 2, 64), (False, 4, 32), *patches, (True, 2, 32)]


def test_a_call_changes_no_state_and_depends_on_the_draws_alone(models):
    before, state = snapshot(models), torch.get_rng_state()
    first, again, other = (evaluate(models, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in snapshot(models).items())
    assert all(weight.grad is None for module in models.modules().values() for weight in module.parameters())
    assert torch.equal(first.total, again.total)
    assert not torch.equal(first.total, other.total)


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
def test_each_term_trains_its_own_modules_and_no_teacher(models, term, parts):
    models = retuned(models, small_settings(**(PHASES | WEIGHTS), use_rectification=False))
    evaluate(models).terms[term].backward()
    trained = {
        name.split(".")[0]
        for name, weight in models.network.named_parameters()
        if weight.grad is not None and (weight.grad != 0).any()
    }
    assert trained == parts
    assert all(weight.grad is None for weight in memory_of(models).teacher.parameters())


def test_updates_have_no_gradient(models):
    update = evaluate(models).updates["patches"]
    assert not update.embeddings.requires_grad
    assert not update.contrast.keys.requires_grad


def test_a_crop_of_padding_only_adds_nothing_and_no_nan(models):
    blind = tiny_inputs(labels=LABELS[:1], boxes=((0, 0, 0, 0),))
    result = models.objective(crop_pass(models, small_settings(), inputs=blind, step=LAST))
    assert [result.terms[name].item() for name in ("ptc", "seg", "reg")] == [0, 0, 0]
    assert (contrast_of(result).patches.tags == -1).all()
    result.total.backward()
    assert all(weight.grad is None or weight.grad.isfinite().all() for weight in models.network.parameters())


def test_bf16_gives_nearly_the_same_terms(models):
    single, half = evaluate(models), evaluate(models, **{"train.precision": "bf16"})
    assert half.total.dtype == torch.float32
    for name in ("cls", "aux", "ptc"):
        assert half.terms[name].item() == pytest.approx(single.terms[name].item(), rel=0.03), name
    assert {term.device for term in half.terms.values()} == {CPU}


def test_the_strongest_class_is_sought_among_all_and_hard_negatives_are_cut_where_it_is(models):
    settings = small_settings(**(PHASES | WEIGHTS | {"negative_patches": "hard"}))
    inputs = tiny_inputs(labels=((0.0, 0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 1.0)))
    crops = crop_pass(models, settings, inputs=inputs, step=3)
    tokens, weight = crops.output.tokens, models.network.aux_classifier.weight
    scores = (tokens.intermediate @ weight.T).amax(dim=2).view(2, 1, *tokens.grid)
    whole = torch.nn.functional.interpolate(scores, size=(64, 64), mode="bilinear")[0, 0].detach().relu()
    expected = (whole - whole.min()) / (whole.max() - whole.min())
    torch.testing.assert_close(crops.strongest.auxiliary[0], expected, atol=1e-3, rtol=0)
    assert not crops.strongest.auxiliary.requires_grad
    patches = contrast_of(retuned(models, settings).objective(crops)).patches
    rows, columns = (patches.corners[0] + settings.patch_size // 2).unbind(dim=1)
    assert (expected[rows, columns] > settings.cam.high - 1e-2).all()
    assert patches.tags[0].tolist() == [0, 0, 0]
