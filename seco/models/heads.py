"""The heads on top of the encoder."""

import math
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seco.compute.device import full_precision


class PooledClassifier(nn.Linear):
    """A 1×1 convolution without bias on tokens, pooled to the logits of an image.

    Its weight ``[K, D]`` is also the ``W`` of the class activation maps (eq. 1).

    Args:
        width: ``D``.
        num_classes: ``K``.
        sharpness: None: the logits are those of the largest value of each channel over the tokens, as in the authors'
            code. A number r: they are ``log(mean(exp(r·s))) / r`` of the tokens' scores s (log-sum-exp pooling,
            Pinheiro and Collobert 2015): towards 0 the mean over tokens, with large r the maximum.
    """

    def __init__(self, width: int, num_classes: int, *, sharpness: float | None = None) -> None:
        super().__init__(width, num_classes, bias=False)
        self.sharpness = sharpness

    def forward(self, tokens: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Map tokens ``[B, N, D]`` to image logits ``[B, K]``."""
        if self.sharpness is None:
            return super().forward(self.condense(tokens)[:, 0])
        scores = full_precision(super().forward(tokens))
        count = tokens.shape[1]
        # An exported graph serves images of any size; math.log would fix the number of tokens in it.
        log_count = scores.new_full((), count).log() if torch.compiler.is_exporting() else math.log(count)
        return ((self.sharpness * scores).logsumexp(dim=1) - log_count) / self.sharpness

    def condense(self, tokens: Tensor) -> Tensor:
        """Return the fewest tokens ``[B, n, D]`` that have the logits of ``[B, N, D]``: the maximum, or all of them."""
        return tokens.amax(dim=1, keepdim=True) if self.sharpness is None else tokens


class AtrousDecoder(nn.Module):
    """Parallel 3×3 convolutions at several dilations, summed: tokens to class scores, background first."""

    def __init__(self, width: int, num_outputs: int, *, dilations: Sequence[int] = (6, 12, 18, 24)) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Conv2d(width, num_outputs, 3, padding=dilation, dilation=dilation) for dilation in dilations
        )

    def forward(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Map tokens ``[B, h·w, D]`` to logits ``[B, K + 1, h, w]``."""
        features = tokens.transpose(1, 2).unflatten(2, grid)  # [B, D, h, w]
        first, *others = self.branches
        return sum((branch(features) for branch in others), start=cast(Tensor, first(features)))


class Projector(nn.Module):
    """``O_q`` of eq. 2: an MLP from class tokens to the unit sphere on which patches are compared."""

    def __init__(self, width: int, *, hidden: int) -> None:
        super().__init__()
        self.layers = _mlp(width, hidden, width)

    def forward(self, class_tokens: Tensor) -> Tensor:
        """Map ``[..., D]`` to unit vectors ``[..., D]`` in float32 at least."""
        return F.normalize(full_precision(self.layers(class_tokens)), dim=-1)


class DirectionProjector(nn.Module):
    """ToCo's projector: an MLP to a unit sphere, and from there the cosines with learnt directions.

    The widths are those of the published configuration.
    """

    def __init__(self, width: int, *, hidden: int, bottleneck: int = 256, directions: int = 1024) -> None:
        super().__init__()
        self.layers = _mlp(width, hidden, bottleneck)
        self.directions = nn.Parameter(torch.randn(directions, bottleneck))

    def forward(self, class_tokens: Tensor) -> Tensor:
        """Map ``[..., D]`` to cosines ``[..., P]`` in float32 at least."""
        units = F.normalize(full_precision(self.layers(class_tokens)), dim=-1)
        with torch.autocast(units.device.type, enabled=False):
            return units @ F.normalize(self.directions, dim=-1).T


def _mlp(width: int, hidden: int, output: int) -> nn.Sequential:
    """Return three linear layers with GELU between them."""
    return nn.Sequential(
        nn.Linear(width, hidden),
        nn.GELU(),
        nn.Linear(hidden, hidden),
        nn.GELU(),
        nn.Linear(hidden, output),
    )
