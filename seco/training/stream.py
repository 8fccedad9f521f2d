"""Which record is loaded when: the endless stream of samples that a training run walks along."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from torch.utils.data import Sampler


class Draw(NamedTuple):
    """One sample to load: its place in the endless stream of samples, and the record drawn there."""

    position: int
    record: int


class SampleStream(Sampler[list[Draw]]):
    """Batches of draws: every epoch a new permutation, and each batch a function of the seed and the step alone.

    Nothing needs to be saved to continue a run: the stream starts at any step. Each of several processes takes its own
    share of every batch, and together they take the whole of it.

    Args:
        num_records: records to draw from.
        batch_size: samples a step, over all processes.
        share: which of a batch's samples are loaded here.
        seed: of the permutations.
        first_step: where to start.
        last_step: where to end (exclusive).
    """

    def __init__(
        self, num_records: int, *, batch_size: int, share: range, seed: int, first_step: int, last_step: int
    ) -> None:
        self.num_records = num_records
        self.batch_size = batch_size
        self.share = share
        self.seed = seed
        self.steps = range(first_step, last_step)

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[list[Draw]]:
        epoch, order = -1, np.arange(0)
        for step in self.steps:
            draws = []
            for place in self.share:
                position = step * self.batch_size + place
                if position // self.num_records != epoch:
                    epoch = position // self.num_records
                    order = np.random.default_rng((self.seed, epoch)).permutation(self.num_records)
                draws.append(Draw(position, int(order[position % self.num_records])))
            yield draws
