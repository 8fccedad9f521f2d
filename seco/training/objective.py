"""The objective of a method: its parts, each with its loss terms, summed with their weights (eq. 9 for SeCo)."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from seco.models.network import SeCoNetwork
from seco.training.crop_pass import CropPass
from seco.training.views import View

CurveCounts = dict[str, tuple[Tensor, Tensor]]
"""Counts for the learning curves, by curve: how many, of how many."""


class Contribution(NamedTuple):
    """What one part computes for a batch. Each rank computes its share; the shares add up to the whole."""

    terms: dict[str, Tensor] = {}  # noqa: RUF012  never changed
    """Loss terms by name, unweighted; empty before the part's phase begins."""
    update: Any = None
    """What ``update_state`` needs once the weights have moved."""
    counts: CurveCounts = {}  # noqa: RUF012
    share: float = 1.0
    """Of the weights of these terms that counts at this step; below 1 while they rise."""


class Part(nn.Module, ABC):
    """Loss terms that belong together, with the modules and buffers that they need between steps.

    ``forward`` computes the terms and changes nothing; ``update_state`` changes the buffers after the weights moved.

    Args:
        weights: the weight of each term. A part whose weights are all 0 is left out of the objective.
        views: the views of an image that it needs besides the training crop.
        num_draws: how many rows of ``Batch.draws`` it needs.
    """

    def __init__(
        self, *, weights: Mapping[str, float], views: frozenset[View] = frozenset(), num_draws: int = 0
    ) -> None:
        super().__init__()
        self.weights = weights
        self.views = views
        self.num_draws = num_draws

    @abstractmethod
    def forward(self, crops: CropPass) -> Contribution:
        """Compute the part's terms for a batch."""

    def update_state(self, update: Any, network: SeCoNetwork) -> None:
        """Update the buffers from what ``forward`` returned; the network's weights have moved."""


class StepResult(NamedTuple):
    """What the objective computes for a batch. Each rank computes its share; the shares add up to the whole."""

    total: Tensor
    """The weighted sum of the terms."""
    terms: dict[str, Tensor]
    """Unweighted, by name; only those whose phase has begun."""
    updates: dict[str, Any]
    """By name of the part."""
    counts: CurveCounts


class Objective(nn.Module):
    """All parts of a method that have a weight, by name."""

    def __init__(self, parts: Mapping[str, Part]) -> None:
        super().__init__()
        self.parts = nn.ModuleDict({name: part for name, part in parts.items() if any(part.weights.values())})

    def forward(self, crops: CropPass) -> StepResult:
        """Compute all terms and their weighted sum; changes nothing."""
        weighted: list[Tensor] = []
        result = StepResult(crops.inputs.weak.new_zeros(()), {}, {}, {})
        for name, part in self.named_parts():
            found: Contribution = part(crops)
            weighted += [found.share * part.weights[term] * value for term, value in found.terms.items()]
            result.terms.update(found.terms)
            result.counts.update(found.counts)
            result.updates[name] = found.update
        return result._replace(total=torch.stack(weighted).sum())

    def update_state(self, updates: Mapping[str, Any], network: SeCoNetwork) -> None:
        """Let each part update its buffers; the network's weights have moved."""
        for name, part in self.named_parts():
            if name in updates:
                part.update_state(updates[name], network)

    def named_parts(self) -> Iterator[tuple[str, Part]]:
        """Yield the parts in the order of the method."""
        yield from cast(Iterator[tuple[str, Part]], self.parts.items())

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each term of all parts."""
        return {term: weight for _, part in self.named_parts() for term, weight in part.weights.items()}

    @property
    def views(self) -> set[View]:
        """The views of an image that the parts need besides the training crop."""
        return {view for _, part in self.named_parts() for view in part.views}

    @property
    def num_draws(self) -> int:
        """How many rows of ``Batch.draws`` the parts need."""
        return max(part.num_draws for _, part in self.named_parts())
