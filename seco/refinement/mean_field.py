"""Mean-field inference in a fully connected CRF (Krähenbühl and Koltun 2011) in torch, on the device of its inputs."""

import torch
from torch import Tensor

from seco.compute.permutohedral import NormalisedFilter


def mean_field(
    image: Tensor,
    energy: Tensor,
    *,
    iterations: int,
    gaussian_sigma: float,
    gaussian_weight: float,
    bilateral_sigma_xy: float,
    bilateral_sigma_rgb: float,
    bilateral_weight: float,
) -> Tensor:
    """Return the marginals ``[C, H, W]``: ``Q ← softmax(-U + Σ_k w_k K_k Q)``, from ``Q = softmax(-U)`` on.

    That is the Potts model, updated in parallel for all pixels. The kernels K, one of position and one of position and
    colour, are normalised symmetrically and include the pixel itself, as those of pydensecrf do.

    Args:
        image: ``[H, W, 3]``, 0..255.
        energy: the unary energies ``U``, ``[C, H, W]``; all is computed in its dtype.
        iterations: how often Q is updated.
        gaussian_sigma: width of the smoothness kernel, pixels.
        gaussian_weight: its weight.
        bilateral_sigma_xy: width of the appearance kernel in space, pixels.
        bilateral_sigma_rgb: its width in colour, grey levels.
        bilateral_weight: its weight.

    Raises:
        SecoError: a width is so small that the lattice has too many points to number.
    """
    logits = -energy.flatten(1).T  # [N, C]
    places = _places(energy)
    colours = image.flatten(0, 1).to(energy) / bilateral_sigma_rgb
    kernels = (
        (gaussian_weight, NormalisedFilter(places / gaussian_sigma)),
        (bilateral_weight, NormalisedFilter(torch.cat([places / bilateral_sigma_xy, colours], dim=1))),
    )
    marginals = _softmax(logits)
    for _ in range(iterations):
        updated = logits.clone()
        for weight, kernel in kernels:
            updated.add_(kernel.filter(marginals), alpha=weight)
        marginals = _softmax(updated)
    return marginals.T.reshape_as(energy)


def _softmax(logits: Tensor) -> Tensor:
    """Return the softmax of the rows of ``[N, C]``; over few columns a CPU takes five times as long row by row."""
    return logits.T.contiguous().softmax(dim=0).T.contiguous()


def _places(maps: Tensor) -> Tensor:
    """Return the (column, row) of each pixel of ``maps`` ``[C, H, W]``, ``[N, 2]``."""
    height, width = maps.shape[-2:]
    rows, columns = (torch.arange(side, dtype=maps.dtype, device=maps.device) for side in (height, width))
    return torch.cartesian_prod(rows, columns).flip(1)
