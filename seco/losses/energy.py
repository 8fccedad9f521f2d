"""L_reg: dense-CRF energy of a soft segmentation (Tang et al. 2018, "On regularized losses")."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from seco.compute.permutohedral import SymmetricFilter
from seco.compute.resize import resize
from seco.losses.reduction import mean
from seco.storage.label_map import IGNORE


def energy_loss(
    rgb: Tensor,
    probabilities: Tensor,
    inside: Tensor,
    *,
    labels: Tensor | None = None,
    sigma_rgb: float = 15.0,
    sigma_xy: float = 100.0,
    scale: float = 0.5,
    weight: float = 1e-7,
) -> Tensor:
    """Return ``weight · Σ_ij W_ij (1 - S_i·S_j)``, averaged over the images.

    It is 0 where every pixel is certain of the same class. ``W`` is the Gaussian of the distance in colour and
    space, on images and predictions reduced by ``scale``. Only pixels that mix no padding take part, as i and as
    j. The gradient, ``-2 weight W S``, reaches the prediction alone. The sum over pairs is filtered on a lattice:
    on photographs of 224 and 448 pixels the value comes out 8-19 % too small, the gradient at the logits 13-27 %,
    and its cosine with the exact one is above 0.99.

    Args:
        rgb: images ``[B, 3, H, W]``, 0..255.
        probabilities: softmax of the prediction ``[B, C, H, W]``.
        inside: True where the crop shows the image ``[B, H, W]``.
        labels: int64 ``[B, H, W]``: a labelled pixel i counts 1 minus its highest probability, an uncertain one (255)
            counts 1, and the image is reduced by picking pixels, as in the authors' code. None: all pixels count 1.
        sigma_rgb: width of the kernel in colour, grey levels.
        sigma_xy: its width in space, pixels of the full size.
        scale: size of the reduced image relative to the full one.
        weight: factor of the energy, whose sum over all pairs is a very large number.

    Returns:
        Scalar, float32 (float64 where the probabilities are); 0 with a graph where nothing is inside.
    """
    with torch.autocast(probabilities.device.type, enabled=False):
        size = [max(1, round(side * scale)) for side in rgb.shape[-2:]]
        soft = resize(probabilities, size)
        colours = resize(rgb.detach(), size) if labels is None else F.interpolate(rgb.detach(), size)
        gates = resize((~inside[:, None]).float(), size)[:, 0] == 0  # [B, h, w]
        shares = gates if labels is None else gates * _shares(soft, labels, size)
        positions = _positions(colours.to(soft.dtype), sigma_rgb=sigma_rgb, sigma_xy=sigma_xy * scale)
        return weight * mean(_energies(positions, soft, gates, shares))


def _shares(probabilities: Tensor, labels: Tensor, size: list[int]) -> Tensor:
    """Return by how much each pixel counts ``[B, h, w]``, for probabilities ``[B, C, h, w]`` of that size."""
    small = F.interpolate(labels[:, None].to(probabilities.dtype), size)[:, 0]
    return (1 - probabilities.detach().amax(dim=1)).where(small != IGNORE, 1.0)


def _energies(positions: Tensor, probabilities: Tensor, gates: Tensor, shares: Tensor) -> Tensor:
    """Return ``Σ_ij s_i W_ij (1 - S_i·S_j)`` of each image ``[B]``, i and j where ``gates`` is true.

    Args:
        positions: ``[B, 5, h, w]``.
        probabilities: ``S`` ``[B, C, h, w]``.
        gates: bool ``[B, h, w]``.
        shares: ``s`` ``[B, h, w]``, 0 where no gate is.
    """
    taking_part = gates.flatten(1).unsqueeze(2)  # [B, N, 1]
    pixels = positions.flatten(2).transpose(1, 2)  # [B, N, 5]
    # A pixel that takes no part gets the position of one that does, and weight 0: selecting those that do instead would
    # make the host wait for the GPU once per image.
    stand_in = taking_part.long().argmax(dim=1, keepdim=True).expand(-1, -1, pixels.shape[2])  # [B, 1, 5]
    lattice = SymmetricFilter(pixels.where(taking_part, pixels.gather(1, stand_in)))
    scores = probabilities.flatten(2).transpose(1, 2) * taking_part  # [B, N, C]
    weights, shares = taking_part.to(scores), shares.flatten(1).unsqueeze(2)
    energies: Tensor = _PairwiseEnergy.apply(scores, weights, shares, lattice)  # pyright: ignore[reportAssignmentType]
    return energies


class _PairwiseEnergy(torch.autograd.Function):
    """The quadratic form of a symmetric filter: one product ``W S`` serves value and gradient.

    Where pixels count by shares, the gradient is that of the authors' code, ``-2 s W S``: as if the filter were still
    symmetric.
    """

    @staticmethod
    def forward(ctx: Any, scores: Tensor, weights: Tensor, shares: Tensor, lattice: SymmetricFilter) -> Tensor:
        filtered = lattice.filter(torch.cat([scores, weights], dim=2)) * shares  # [B, N, C + 1]
        ctx.save_for_backward(filtered[..., :-1])
        return (weights.squeeze(2) * filtered[..., -1] - (scores * filtered[..., :-1]).sum(2)).sum(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        (filtered,) = ctx.saved_tensors
        return -2 * gradient.view(-1, 1, 1) * filtered, None, None, None


def _positions(rgb: Tensor, *, sigma_rgb: float, sigma_xy: float) -> Tensor:
    """Return the pixels' positions ``[B, 5, h, w]`` in kernel widths: row, column, red, green, blue."""
    height, width = rgb.shape[-2:]
    rows, columns = (torch.arange(side, dtype=rgb.dtype, device=rgb.device) for side in (height, width))
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij")) / sigma_xy  # [2, h, w]
    return torch.cat([grid.expand(len(rgb), -1, -1, -1), rgb / sigma_rgb], dim=1)
