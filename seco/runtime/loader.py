"""Load data in worker processes: a user's error in a worker becomes one sentence, and a signal loses no batch."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Generic, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset

from seco.errors import SecoError
from seco.runtime.signals import deferred
from seco.runtime.workers import CLOSE_OTHERS, ignore_stop_signals, lost_worker_error

Sample = TypeVar("Sample")
Key = TypeVar("Key")


class SafeDataset(Dataset[Sample | SecoError], ABC, Generic[Key, Sample]):
    """A data set that returns a `SecoError` as a value.

    torch would raise it in the main process with the worker's traceback in its message.
    """

    @abstractmethod
    def load(self, key: Key) -> Sample:
        """Load one sample; may raise a `SecoError`."""

    def __getitem__(self, index: Key) -> Sample | SecoError:
        try:
            return self.load(index)
        except SecoError as fault:
            return fault


def load_batches(
    dataset: Dataset[Any],
    *,
    collate: Callable[[list[Any]], Any] = list,
    num_workers: int,
    remedy: str = CLOSE_OTHERS,
    **options: Any,
) -> Iterator[Any]:
    """Yield batches that `num_workers` processes load.

    Args:
        dataset: a `SafeDataset`.
        collate: makes a batch of its samples.
        num_workers: processes; 0 loads in this one.
        remedy: what helps if a process was killed for lack of memory.
        options: further arguments of torch's `DataLoader`, such as ``batch_size``.

    Raises:
        SecoError: a sample could not be loaded, or a worker was killed.
    """
    with warnings.catch_warnings():
        # More processes than cores are the user's choice: where reading is slow, they help.
        warnings.filterwarnings("ignore", message="This DataLoader will create", category=UserWarning)
        loader = DataLoader(
            dataset,
            num_workers=num_workers,
            collate_fn=partial(_first_fault_or_batch, collate),
            generator=torch.Generator().manual_seed(0),  # torch would seed workers from its global generator
            worker_init_fn=ignore_stop_signals,
            **options,
        )
        batches = iter(loader)
    try:
        while True:
            # A stop waits for the batch: a worker whose connection is closed halfway ends with a traceback.
            with deferred():
                batch = next(batches, None)
            if isinstance(batch, SecoError):
                raise batch
            if batch is None:
                return
            yield batch
    except RuntimeError as error:
        if (fault := lost_worker_error(error, remedy=remedy)) is None:
            raise
        raise fault from error


def _first_fault_or_batch(collate: Callable[[list[Any]], Any], samples: list[Any]) -> Any:
    return next((sample for sample in samples if isinstance(sample, SecoError)), None) or collate(samples)
