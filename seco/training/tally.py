"""Counts of many steps, for the learning curves: those of one step are few, and its shares are mostly chance."""

from collections.abc import Mapping

import torch
from torch import Tensor

from seco.compute.distributed import rank, sum_over_ranks


class Tally:
    """Adds up what the parts counted since the last point of the learning curves.

    Attributes:
        counts: by name ``[2]``, float64: how many, of how many; of several ranks, each holds its part.
    """

    def __init__(self) -> None:
        self.counts: dict[str, Tensor] = {}

    def add(self, shares: Mapping[str, tuple[Tensor, Tensor]]) -> None:
        """Add the counts of a step; the host does not wait for them."""
        for name, pair in shares.items():
            found = torch.stack(pair).detach().double()
            self.counts[name] = self.counts[name] + found if name in self.counts else found

    def gather(self) -> None:
        """Bring the counts of all ranks, which all take part, to rank 0: it alone saves."""
        if self.counts:
            totals = sum_over_ranks(torch.stack([*self.counts.values()]))
            self.restore(dict(zip(self.counts, totals, strict=True)), totals.device)

    def restore(self, gathered: Mapping[str, Tensor], device: torch.device) -> None:
        """Take up the counts of all ranks together: rank 0 holds them, the others nothing."""
        own = float(rank() == 0)
        self.counts = {name: own * count.to(device) for name, count in gathered.items()}

    def clear(self) -> None:
        """Begin anew."""
        self.counts = {}
