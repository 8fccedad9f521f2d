"""Data loading by worker processes: a fault in a worker is raised as one sentence, and a signal loses no batch."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset

from seco.errors import SecoError
from seco.runtime.signals import deferred
from seco.runtime.workers import leave_stopping, lost_loader

Sample = TypeVar("Sample")
Key = TypeVar("Key")


class Guarded(Dataset[Sample | SecoError], ABC, Generic[Key, Sample]):
    """A data set that hands a user's fault over as a value.

    Raised in a loader's worker it would reach the main process with the worker's traceback in its message.
    """

    @abstractmethod
    def load(self, key: Key) -> Sample:
        """Load one sample; a user's fault may be raised."""

    def __getitem__(self, index: Key) -> Sample | SecoError:
        try:
            return self.load(index)
        except SecoError as fault:
            return fault


def item_batches(items: Dataset[Sample | SecoError], *, batch_size: int, num_workers: int) -> Iterator[list[Sample]]:
    """Yield the items in order, ``batch_size`` at a time; raises as ``training_batches``."""
    loader = DataLoader(
        items,
        batch_size=batch_size,
        num_workers=num_workers,
        collate_fn=first_fault_or_all,
        generator=worker_seeds(),
        worker_init_fn=leave_stopping,
    )
    yield from sound_batches(loader)


def worker_seeds() -> torch.Generator:
    """Return what a loader seeds its workers from; without it, it would draw from the global generator."""
    return torch.Generator().manual_seed(0)


def sound_batches(loader: DataLoader[Any]) -> Iterator[Any]:
    """Yield a loader's batches; raise a fault that one holds, or the loss of a worker, as a SecoError."""
    try:
        for batch in _whole(loader):
            if isinstance(batch, SecoError):
                raise batch
            yield batch
    except RuntimeError as error:
        if (fault := lost_loader(error)) is None:
            raise
        raise fault from error


def _whole(loader: DataLoader[Any]) -> Iterator[Any]:
    """Yield a loader's batches; a request to stop waits for the next one.

    Workers hand over tensors on connections, and one that the main process gives up halfway ends with a traceback.
    """
    batches = iter(loader)
    while True:
        with deferred():
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


def first_fault_or_all(samples: list[Sample]) -> list[Sample] | SecoError:
    """Return the first fault among samples, else the samples: a collate function."""
    return next((sample for sample in samples if isinstance(sample, SecoError)), samples)
