"""Mean-field inference in a fully connected CRF (Krähenbühl and Koltun 2011) in torch, on the device of its inputs."""

from functools import lru_cache

import torch
from torch import Tensor

from seco.compute.permutohedral import NormalisedFilter

_LARGEST_KEPT = 2**20
"""Pixels of an image whose smoothness kernel is kept for the next image of its size: it takes 0.1 kB a pixel."""


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
    height, width = energy.shape[1:]
    places = _places(height, width, energy.dtype, energy.device)
    colours = image.flatten(0, 1).to(energy) / bilateral_sigma_rgb
    smoothness = _smoothness if height * width <= _LARGEST_KEPT else _smoothness.__wrapped__  # which keeps nothing
    kernels = (
        (gaussian_weight, smoothness(height, width, gaussian_sigma, energy.dtype, energy.device)),
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


@lru_cache(maxsize=2)  # photographs of most data sets have two sizes, upright and across
def _smoothness(height: int, width: int, sigma: float, dtype: torch.dtype, device: torch.device) -> NormalisedFilter:
    """Return the kernel of position, which does not depend on the image: a fifth of the work on one."""
    return NormalisedFilter(_places(height, width, dtype, device) / sigma)


def _places(height: int, width: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return the (column, row) of each pixel, ``[N, 2]``."""
    rows, columns = (torch.arange(side, dtype=dtype, device=device) for side in (height, width))
    return torch.cartesian_prod(rows, columns).flip(1)
