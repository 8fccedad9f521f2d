import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from seco.losses.energy import energy_loss

SIGMA_RGB, SIGMA_XY, SCALE = 15.0, 100.0, 0.5
# The allowed error of the lattice on scenes of half a kernel's width, its hardest case. Measured: ratios of 0.76-0.82
# to the exact value and gradient, cosines of 0.989-0.994.
RATIO, COSINE = (0.72, 1.05), 0.985


def scene(*, batch: int = 1, classes: int = 4, side: int = 96, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Smooth colours with a little noise ``[B, 3, H, W]``, and smooth logits ``[B, C, H, W]``."""
    generator = torch.Generator().manual_seed(seed)
    colours = torch.rand(batch, 3, 5, 5, generator=generator, dtype=torch.float64) * 255
    rgb = F.interpolate(colours, size=(side, side), mode="bicubic").clamp(0, 255)
    rgb += torch.randn(rgb.shape, generator=generator, dtype=torch.float64) * 4
    logits = torch.randn(batch, classes, 6, 6, generator=generator, dtype=torch.float64) * 3
    return rgb, F.interpolate(logits, size=(side, side), mode="bilinear")


def everywhere(rgb: Tensor) -> Tensor:
    return torch.ones(rgb.shape[0], *rgb.shape[-2:], dtype=torch.bool)


def exact_energy(rgb: Tensor, probabilities: Tensor, inside: Tensor) -> Tensor:
    """All pairs of pixels of one image, by the definition."""
    shrink = {"scale_factor": SCALE, "mode": "bilinear"}
    small, soft = F.interpolate(rgb, **shrink)[0], F.interpolate(probabilities, **shrink)[0]
    gate = F.interpolate((~inside)[None].double(), **shrink)[0, 0] == 0
    y, x = gate.nonzero().T
    positions = torch.stack([y, x], 1) / (SIGMA_XY * SCALE)
    features = torch.cat([positions, small[:, gate].T / SIGMA_RGB], 1)
    kernel = (-0.5 * torch.cdist(features, features).square()).exp()
    scores = soft[:, gate].T
    return (kernel * (1 - scores @ scores.T)).sum()


def value_and_gradient(loss, rgb: Tensor, logits: Tensor, inside: Tensor) -> tuple[float, Tensor]:
    logits = logits.clone().requires_grad_()
    value = loss(rgb, logits.softmax(1), inside)
    value.backward()
    assert logits.grad is not None
    return value.item(), logits.grad


def lattice_energy(rgb: Tensor, probabilities: Tensor, inside: Tensor) -> Tensor:
    return energy_loss(rgb, probabilities, inside, weight=1.0)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_value_and_gradient_are_close_to_the_exact_energy(seed):
    rgb, logits = scene(seed=seed)
    inside = everywhere(rgb)
    inside[:, :, 80:] = False
    exact, exact_gradient = value_and_gradient(exact_energy, rgb, logits, inside)
    value, gradient = value_and_gradient(lattice_energy, rgb, logits, inside)
    assert RATIO[0] < value / exact < RATIO[1]
    assert RATIO[0] < gradient.norm() / exact_gradient.norm() < RATIO[1]
    assert F.cosine_similarity(gradient.flatten(), exact_gradient.flatten(), dim=0) > COSINE


def test_the_gradient_is_the_derivative_of_the_value():
    rgb, logits = scene(side=12, classes=3)
    inside = everywhere(rgb)
    inside[0, :5] = False
    probabilities = logits.softmax(1).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: energy_loss(rgb, p, inside, weight=0.1), probabilities)


def authors_energy(rgb: Tensor, probabilities: Tensor, labels: Tensor) -> Tensor:
    """All pairs of pixels of one image, with the gradient of the authors' code."""
    side = rgb.shape[-1] // 2
    small, soft = rgb[0, :, ::2, ::2], F.interpolate(probabilities, scale_factor=0.5, mode="bilinear")[0]
    share = torch.where(labels[0, ::2, ::2] == 255, 1.0, 1 - soft.detach().amax(0)).flatten()
    y, x = torch.ones(side, side).nonzero().T
    features = torch.cat([torch.stack([y, x], 1) / (SIGMA_XY * SCALE), small.flatten(1).T / SIGMA_RGB], 1)
    kernel = (-0.5 * torch.cdist(features, features).square()).exp()
    scores, shared = soft.flatten(1).T, share[:, None] * kernel
    fixed = scores.detach()
    value, slope = shared * (1 - fixed @ fixed.T), -2 * shared * ((scores - fixed) @ fixed.T)
    return (value + slope).sum()


@pytest.mark.parametrize("seed", [0, 1])
def test_labelled_pixels_can_count_by_their_uncertainty(seed):
    rgb, logits = scene(seed=seed, side=64)
    labels = logits.argmax(1)
    labels[:, 20:40] = 255
    inside = everywhere(rgb)
    exact, exact_gradient = value_and_gradient(lambda r, p, _: authors_energy(r, p, labels), rgb, logits, inside)
    value, gradient = value_and_gradient(
        lambda r, p, i: energy_loss(r, p, i, labels=labels, weight=1.0), rgb, logits, inside
    )
    assert RATIO[0] < value / exact < RATIO[1]
    assert RATIO[0] < gradient.norm() / exact_gradient.norm() < RATIO[1]
    assert F.cosine_similarity(gradient.flatten(), exact_gradient.flatten(), dim=0) > COSINE
    every, _ = value_and_gradient(lattice_energy, rgb, logits, inside)
    nothing_labelled = energy_loss(rgb, logits.softmax(1), inside, labels=torch.full_like(labels, 255), weight=1.0)
    assert value < every
    assert nothing_labelled.item() == pytest.approx(every, rel=0.1)  # reduced by picking pixels, not by averaging


def test_one_certain_class_everywhere_costs_0():
    rgb, logits = scene()
    certain = F.one_hot(torch.zeros_like(logits[:, 0], dtype=torch.long), 4).movedim(-1, 1).double()
    assert lattice_energy(rgb, certain, everywhere(rgb)).item() == pytest.approx(0, abs=1e-6)


def test_an_edge_costs_less_where_the_colour_changes():
    rgb = torch.full((1, 3, 64, 64), 50.0)
    rgb[..., 32:] = 200.0
    on_edge, off_edge = torch.zeros(1, 2, 64, 64), torch.zeros(1, 2, 64, 64)
    on_edge[:, 0, :, :32] = on_edge[:, 1, :, 32:] = 1
    off_edge[:, 0, :, :16] = off_edge[:, 1, :, 16:] = 1
    inside = everywhere(rgb)
    assert lattice_energy(rgb, on_edge, inside) < 0.01 * lattice_energy(rgb, off_edge, inside)


def test_padding_changes_nothing_and_has_no_gradient():
    rgb, logits = scene(batch=2)
    inside = everywhere(rgb)
    inside[:, :, 70:] = False
    inside[:, 51:] = False
    value, gradient = value_and_gradient(lattice_energy, rgb, logits, inside)
    assert (gradient.masked_select(~inside[:, None]) == 0).all()
    outside = ~inside[:, None]
    changed = value_and_gradient(
        lattice_energy, rgb.masked_fill(outside, 13.0), logits.masked_fill(outside, 2.0), inside
    )
    assert changed[0] == value
    assert torch.equal(changed[1], gradient)
    nothing = value_and_gradient(lattice_energy, rgb, logits, torch.zeros_like(inside))
    assert nothing[0] == 0
    assert (nothing[1] == 0).all()
    cropped, _ = value_and_gradient(lattice_energy, rgb[..., :50, :70], logits[..., :50, :70], inside[:, :50, :70])
    assert cropped == pytest.approx(value, rel=1e-9)


def test_images_are_averaged():
    rgb, logits = scene(batch=3)
    inside = everywhere(rgb)
    inside[1, :, 40:] = False
    inside[2] = False
    single = [lattice_energy(rgb[[i]], logits[[i]].softmax(1), inside[[i]]).item() for i in range(3)]
    assert lattice_energy(rgb, logits.softmax(1), inside).item() == pytest.approx(sum(single) / 3)


def test_the_order_of_classes_does_not_matter():
    rgb, logits = scene()
    inside, order = everywhere(rgb), [2, 0, 3, 1]
    value, gradient = value_and_gradient(lattice_energy, rgb, logits, inside)
    permuted, permuted_gradient = value_and_gradient(lattice_energy, rgb, logits[:, order], inside)
    assert permuted == pytest.approx(value)
    torch.testing.assert_close(permuted_gradient, gradient[:, order])


def test_the_energy_is_float32_under_autocast():
    rgb, logits = scene()
    inside = everywhere(rgb)
    value, _ = value_and_gradient(lattice_energy, rgb, logits, inside)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        single = lattice_energy(rgb.float(), logits.softmax(1).float(), inside)
        half = lattice_energy(rgb.float(), logits.softmax(1).bfloat16(), inside)
    assert energy_loss(rgb, logits.softmax(1), inside).item() == pytest.approx(1e-7 * value)  # the default weight
    assert single.dtype == half.dtype == torch.float32
    assert single.item() == pytest.approx(value, rel=1e-4)
    assert half.item() == pytest.approx(value, rel=2e-2)
