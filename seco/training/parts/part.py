"""What a part of an objective is, and what it tells of a step."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor, nn

from seco.config.settings import Settings
from seco.models.network import SeCoNetwork
from seco.training.parts.crop_pass import CropPass
from seco.training.views import View


class Contribution(NamedTuple):
    """What a part found in a batch. Of several ranks each finds its part of it; the parts add up to the whole."""

    terms: dict[str, Tensor] = {}  # noqa: RUF012  never changed
    """Unweighted, by name; only those that the phase has."""
    uptake: Any = None
    """What the part takes up once the weights have moved."""
    shares: dict[str, tuple[Tensor, Tensor]] = {}  # noqa: RUF012
    """Counts for the learning curves by name: how many, of how many."""


class Part(nn.Module):
    """Terms that belong together, and what has to be remembered for them: the modules and buffers of the part.

    ``forward`` finds the terms of a step and changes nothing. ``take_up`` then changes what is remembered, after the
    weights have moved.
    """

    def __init__(self, settings: Settings, network: SeCoNetwork) -> None:  # noqa: ARG002  for those that remember
        super().__init__()

    @staticmethod
    def weights(settings: Settings) -> Mapping[str, float]:
        """Return the weight of each of its terms. A part whose terms all weigh nothing is not built."""
        raise NotImplementedError

    @staticmethod
    def views(settings: Settings) -> frozenset[View]:  # noqa: ARG004  for those that a setting gives another
        """Return what it needs of an image besides the training crop."""
        return frozenset()

    @staticmethod
    def num_draws(settings: Settings) -> int:  # noqa: ARG004
        """Return how many pairs of random numbers it needs an image (``Batch.draws``)."""
        return 0

    def forward(self, crops: CropPass) -> Contribution:
        """Find the part's terms in a batch."""
        raise NotImplementedError

    def take_up(self, uptake: Any, network: SeCoNetwork, settings: Settings) -> None:
        """Change what is remembered, by what ``forward`` found; the network's weights have moved."""
