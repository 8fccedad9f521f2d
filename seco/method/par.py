"""Pixel-adaptive refinement: maps follow the colours of the image (Ru et al. 2022)."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seco.compute.device import constant

DILATIONS = (1, 2, 4, 8, 12, 24)
DIRECTIONS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
BANDWIDTH = 0.3
POSITION_WEIGHT = 0.01
EPSILON = 1e-8


class PAR(nn.Module):
    """Propagate score maps along the local colour and position affinities of an image.

    Every pixel looks at 8 neighbours per dilation. An affinity is a softmax over these neighbours of
    ``-(|Δ| / (σ * 0.3))²``, once for colour (mean over the channels) and once, with weight 0.01, for
    distance; σ is the standard deviation over the same neighbours. A pixel's affinities sum to 1.01, and its own
    value counts only through its neighbours. Beyond the border the outermost pixel repeats.

    Args:
        dilations: distances of the neighbours, in pixels.
        iterations: how often the maps are propagated.
    """

    def __init__(self, *, dilations: tuple[int, ...] = DILATIONS, iterations: int = 10) -> None:
        super().__init__()
        self.offsets = [(dy * step, dx * step) for step in dilations for dy, dx in DIRECTIONS]
        self.iterations = iterations

    def forward(self, rgb: Tensor, maps: Tensor) -> Tensor:
        """Refine ``maps`` ``[B, C, H, W]`` on images ``rgb`` ``[B, 3, H, W]`` of the same size (0..255).

        Channels are independent of each other.
        """
        affinity = self.affinity(rgb)
        for _ in range(self.iterations):
            refined = torch.zeros_like(maps)
            for weight, neighbour in zip(affinity.split(1, dim=1), self._neighbours(maps), strict=True):
                refined.addcmul_(neighbour, weight)
            maps = refined
        return maps

    def affinity(self, rgb: Tensor) -> Tensor:
        """Return the weights ``[B, neighbours, H, W]`` of the neighbours of each pixel of ``rgb``."""
        precision = self._colour_precision(rgb)
        contrast = torch.stack([((n - rgb).square_() * precision).mean(1) for n in self._neighbours(rgb)], 1)
        distance = constant(self.offsets, rgb).norm(dim=1)
        position = -(distance / (distance.std() + EPSILON) / BANDWIDTH).square()
        return contrast.neg_().softmax(1) + POSITION_WEIGHT * position.softmax(0).view(1, -1, 1, 1)

    def _colour_precision(self, rgb: Tensor) -> Tensor:
        """Return ``1 / (σ * 0.3)²`` per pixel and channel, ``[B, 3, H, W]``, with the unbiased σ."""
        count = len(self.offsets)
        total, squares = torch.zeros_like(rgb), torch.zeros_like(rgb)
        # Differences from the centre, not colours: their squares stay small, and float32 exact, where it is flat.
        for neighbour in self._neighbours(rgb):
            difference = neighbour - rgb
            total += difference
            squares.addcmul_(difference, difference)
        variance = (squares - total.square() / count).clamp_(min=0) / (count - 1)
        return ((variance.sqrt() + EPSILON) * BANDWIDTH).square_().reciprocal_()

    def _neighbours(self, x: Tensor) -> Iterator[Tensor]:
        """Yield ``x`` ``[B, C, H, W]`` shifted by each offset: views of one padded copy."""
        height, width = x.shape[-2:]
        margin = max(max(offset) for offset in self.offsets)
        padded = F.pad(x, (margin,) * 4, mode="replicate")
        for dy, dx in self.offsets:
            yield padded[..., margin + dy : margin + dy + height, margin + dx : margin + dx + width]
