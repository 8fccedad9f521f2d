"""The normalised cut (Shi and Malik 2000): whether the two sides of a threshold are apart in the photograph, too."""

import numpy as np
import numpy.typing as npt
import torch

from seco.compute.permutohedral import NormalisedFilter

SIGMA_XY, SIGMA_RGB = 121.0, 5.0
"""Widths of the appearance kernel, in pixels of the photograph and in colour levels: those of the paper's dense CRF."""


def separations(
    image: npt.NDArray[np.uint8], levels: npt.NDArray[np.integer], *, thresholds: int, pixel: float
) -> npt.NDArray[np.float64]:
    """Return ``1 - Ncut / 2`` for each threshold: 1 where the two sides share nothing, 0 where one side is empty.

    Ncut is the similarity between the sides, relative to the similarity of each side with all pixels. Two pixels are as
    similar as the appearance kernel of the dense CRF says, so it is the part of a CRF's energy that the photograph
    decides, without the leaning of that energy towards a single label.

    Args:
        image: ``[h, w, 3]``, the photograph at the size of the levels.
        levels: ``[h, w]``, how many thresholds are below a pixel's value, 0..T.
        thresholds: T.
        pixel: side of one of these pixels, in pixels of the photograph.
    """
    height, width = levels.shape
    places = torch.cartesian_prod(torch.arange(height), torch.arange(width)) * (pixel / SIGMA_XY)
    colours = torch.from_numpy(image).flatten(0, 1) / SIGMA_RGB
    kernel = NormalisedFilter(torch.cat([places, colours], dim=1))
    above = torch.from_numpy(levels).flatten()[:, None] > torch.arange(thresholds)  # [N, T]
    sides = torch.cat([above, torch.ones(len(above), 1)], dim=1)  # and all pixels
    near = kernel.filter(sides)  # [N, T + 1]
    inside = (sides * near).double().sum(dim=0)  # of each side with itself
    degree = (sides * near[:, -1:]).double().sum(dim=0)  # of each side with all pixels
    cut = (degree - inside)[:-1]
    ncut = cut / degree[:-1] + cut / (degree[-1] - degree[:-1])
    empty = above.all(dim=0) | ~above.any(dim=0)
    return torch.where(empty, 0.0, 1 - ncut / 2).numpy()
