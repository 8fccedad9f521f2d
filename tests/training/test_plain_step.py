"""A training step equals the plain step of tests/plain, which shares none of its shortcuts."""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks.synthetic import synthetic_batch
from seco.storage.manifest import Manifest
from seco.training.crop_pass import Inputs, to_device
from seco.training.methods import Models
from seco.training.objective import StepResult
from seco.training.optimizer import learning_rate_factor
from seco.training.trainer import Trainer
from tests.plain.step import PlainObjective, PlainResult
from tests.plain.update import PlainUpdate
from tests.settings import small_settings
from tests.tiny import CPU, contrast_of, tiny_models

pytestmark = pytest.mark.slow
LABELS = torch.tensor([[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 0.0]])
BOXES = ((0, 0, 96, 96), (8, 0, 96, 90), (0, 20, 60, 96))  # two are padded
SETTINGS = {
    "backbone.depth": 4,
    "num_patches": 6,
    "reservoir_size": 40,
    "rectify_threshold": 0.5,
    "tag_threshold": 0.7,
    "patch_tokens": "patch",
    "prototype_update": "adaptive",
    "cam.scales": [1.0, 0.5, 0.75, 1.5],
    "train.crop_size": 96,
    "train.second_view_size": 64,
    "train.batch_size": 3,
    "train.steps": 50,
    "train.warmup_steps": 10,
    "train.prototype_start": 0,
    "train.contrast_start": 0,
    "train.segmentation_start": 0,
}
BF16 = {"train.precision": "bf16"}
ALMOST_NO_CONTRAST = {"weight_lig": 1e-9, "weight_lil": 1e-9}
CHOICES = pytest.mark.parametrize(
    "choices",
    [
        {},
        {"patch_centres": "anywhere", "settle_uncertain": False, "weight_patch": 0.4, "lil_average": "tags"},
        {"lil_average": "queries", "lil_background": False, "patch_scale": 1.5, "energy_pixels": "uncertain"},
        {"patch_tokens": "crop", "weight_patch": 0.4, "patch_labels": "absent"},
    ],
    ids=["the authors' choices", "the others", "class queries of larger patches", "tokens of the crop"],
)
TAG_SOURCES = pytest.mark.parametrize("from_auxiliary", [True, False], ids=["tags from CAM_aux", "tags from the CAM"])


class Pair:
    """A trainer (the engine) and a plain step with the same weights and buffers."""

    def __init__(
        self,
        folder: Path,
        *,
        from_auxiliary: bool = True,
        dtype: torch.dtype = torch.float32,
        supervised: Sequence[bool] = (),
        **changes: object,
    ) -> None:
        source = {"train.tag_source_switch": 50 if from_auxiliary else 0}
        self.settings = small_settings(**(SETTINGS | source | changes))
        names = tuple(f"class {index}" for index in range(LABELS.shape[1]))
        self.engine = Trainer(self.settings, Manifest((), names), resume_folder=folder / "run")
        for name, module in tiny_models(self.settings).modules().items():
            own = self.engine.state.models.modules()[name]
            own.load_state_dict(module.state_dict())
            own.to(dtype)
        self.models: Models = deepcopy(self.engine.state.models)
        self.plain = PlainObjective(self.models, self.settings)
        self.update = PlainUpdate(self.models, self.settings)
        self.from_auxiliary, self.dtype, self.supervised = from_auxiliary, dtype, supervised

    def inputs(self, step: int) -> Inputs:
        inputs = to_device(synthetic_batch(self.settings, LABELS, boxes=BOXES, seed=step), CPU)
        exact = {name: getattr(inputs, name).to(self.dtype) for name in ("weak", "strong", "second", "labels")}
        if self.supervised:
            exact |= {"masks": true_masks(inputs, seed=step), "supervised": torch.tensor(self.supervised)}
        return inputs._replace(**exact)

    def step(self, step: int = 0) -> tuple[StepResult, PlainResult]:
        inputs = self.inputs(step)
        results = self.engine.step(inputs), self.plain(inputs, tags_from_auxiliary=self.from_auxiliary)
        train = self.settings.train
        factor = learning_rate_factor(
            step, steps=train.steps, warmup_steps=train.warmup_steps, warmup_ratio=train.warmup_ratio
        )
        self.engine.update(results[0])
        self.update(inputs, results[1], rate_factor=factor)
        return results

    def gradients(self) -> tuple[Tensor, Tensor]:
        """The gradients of all weights, end to end: the engine's and the plain one."""
        found = []
        for network in (self.engine.state.models.network, self.models.network):
            parts = [weight.grad for weight in network.parameters()]
            found.append(torch.cat([part.flatten() for part in parts if part is not None]))
        return found[0], found[1]

    def states(self) -> list[tuple[str, Tensor, Tensor]]:
        """Weights, prototypes, reservoir and teacher of both, by name."""
        return [
            (f"{part}.{name}", value, self.models.modules()[part].state_dict()[name])
            for part, module in self.engine.state.models.modules().items()
            for name, value in module.state_dict().items()
            if ".record." not in name  # for the report; nothing reads it
        ]


def true_masks(inputs: Inputs, *, seed: int) -> Tensor:
    """Masks ``[B, S, S]`` in blocks of 16 pixels: background, the classes of the labels and 255, also as padding."""
    generator, side = torch.Generator().manual_seed(seed), inputs.weak.shape[-1] // 16
    drawn = torch.randint(8, (len(inputs.labels), side, side), generator=generator)
    masks = []
    for labels, blocks in zip(inputs.labels, drawn, strict=True):
        classes = (labels.nonzero().flatten() + 1).tolist()
        masks.append(torch.tensor([0, 0, 0, *(classes * 4)[:4], 255])[blocks])
    large = torch.stack(masks).repeat_interleave(16, dim=1).repeat_interleave(16, dim=2)
    return large.masked_fill(~inputs.inside, 255)


def assert_equal(pair: Pair, results: tuple[StepResult, PlainResult], *, within: float) -> None:
    """Terms, gradients and everything that a step changes agree; `within` is absolute and relative."""
    fast, plain = results
    assert contrast_of(fast).tags.tolist() == plain.tags
    beyond = {"patch"} if pair.settings.weight_patch else set()
    assert set(fast.terms) == set(plain.terms) == {"cls", "aux", "ptc", "lig", "lil", "seg", "reg"} | beyond
    close = {"atol": within, "rtol": within}
    for name, term in fast.terms.items():
        torch.testing.assert_close(term, plain.terms[name], **close, msg=lambda text, name=name: f"{name}: {text}")
    torch.testing.assert_close(fast.total, plain.total, **close)
    torch.testing.assert_close(*pair.gradients(), **close)
    for name, value, other in pair.states():
        torch.testing.assert_close(value, other, **close, msg=lambda text, name=name: f"{name}: {text}")


@TAG_SOURCES
@CHOICES
def test_in_single_precision_terms_gradients_and_updates_agree_to_1e_5(tmp_path, from_auxiliary, choices):
    pair = Pair(tmp_path, from_auxiliary=from_auxiliary, **choices)
    assert_equal(pair, pair.step(), within=1e-5)


@TAG_SOURCES
def test_in_double_precision_four_steps_agree_to_1e_8(tmp_path, from_auxiliary):
    pair, tags, withdrawn = Pair(tmp_path, from_auxiliary=from_auxiliary, dtype=torch.float64), set(), 0
    for step in range(4):
        results = pair.step(step)
        assert_equal(pair, results, within=1e-8)
        contrast = contrast_of(results[0])
        raw, final = contrast.patches.tags, contrast.tags
        tags |= set(raw.flatten().tolist())
        withdrawn += (raw != final.view(len(raw), -1)[:, : raw.shape[1]]).sum().item()
    # Otherwise these steps would test little.
    assert {-1, 0} < tags
    assert withdrawn > 0


@pytest.mark.parametrize("supervised", [(True, False, False), (False, True, True), (True, True, True)])
def test_with_true_masks_of_some_images_four_steps_agree_in_double_precision(tmp_path, supervised):
    masks = {"supervised": supervised, "train.mask_weight": 2.5, "patch_centres": "anywhere", "weight_patch": 0.4}
    pair = Pair(tmp_path, dtype=torch.float64, **masks)
    without = Pair(tmp_path / "without", dtype=torch.float64, **masks | {"supervised": ()})
    for step in range(4):
        results = pair.step(step)
        assert_equal(pair, results, within=1e-8)
        assert not torch.equal(results[0].terms["seg"], without.step(step)[0].terms["seg"])
        assert contrast_of(results[0]).tags.tolist() != contrast_of(without.step(step)[0]).tags.tolist()


def test_in_bf16_terms_and_gradients_stay_near_those_in_single_precision(tmp_path):
    same_tags = 0
    for step in range(6):
        pair = Pair(tmp_path, **BF16, **ALMOST_NO_CONTRAST)
        fast, plain = pair.step(step)
        # A tag at its threshold may come out either way, and then the contrasts differ.
        agree = contrast_of(fast).tags.tolist() == plain.tags
        same_tags += agree
        for name in fast.terms if agree else fast.terms.keys() - {"lig", "lil"}:
            near = 0.05 if name in {"lig", "lil"} else 0.005
            assert fast.terms[name].item() == pytest.approx(plain.terms[name].item(), abs=near), (step, name)
        assert _difference(*pair.gradients()) < 0.2
    assert same_tags > 0


def test_in_bf16_the_engine_is_as_accurate_as_the_plain_step(tmp_path):
    ours, plain = 0.0, 0.0
    for step in range(6):
        pair = Pair(tmp_path, **BF16, **ALMOST_NO_CONTRAST)
        pair.step(step)
        half, exact = pair.gradients()
        ours += _difference(half, exact)
        other = Pair(tmp_path, **BF16, **ALMOST_NO_CONTRAST)
        other.plain = PlainObjective(other.models, other.settings, fused_attention=True, bf16=True)
        other.step(step)
        plain += _difference(other.gradients()[1], exact)
    assert ours < 2 * plain  # measured over ten steps: 1.1; the few maxima that fall elsewhere make most of either


def _difference(gradient: Tensor, exact: Tensor) -> float:
    """Return the length of the difference of two gradients over that of the second."""
    return ((gradient - exact).norm() / exact.norm()).item()
