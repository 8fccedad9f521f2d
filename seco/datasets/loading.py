"""Batches for training and images for inference, from the manifest's records."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler
from torchvision.transforms.v2 import functional as tv

from seco.datasets.views import ViewMaker, normalise
from seco.errors import SecoError
from seco.storage.images import read_image
from seco.storage.manifest import Record

Sample = TypeVar("Sample")
Key = TypeVar("Key")


class Batch(NamedTuple):
    """A batch of training samples, collated."""

    ids: list[str]
    weak: Tensor
    """``[B, 3, S, S]``, normalised; so are the others."""
    strong: Tensor
    second: Tensor
    """``[B, 3, S', S']``."""
    boxes: Tensor
    """Int64 ``[B, 4]``."""
    labels: Tensor
    """Multi-hot float32 ``[B, K]``."""


class Draw(NamedTuple):
    """One sample to load: its place in the endless stream of samples, and the record drawn there."""

    position: int
    record: int


class SampleStream(Sampler[list[Draw]]):
    """Batches of draws: every epoch a new permutation, and each batch a function of the seed and the step alone.

    Nothing needs to be saved to continue a run: the stream starts at any step.
    """

    def __init__(self, num_records: int, *, batch_size: int, seed: int, first_step: int, last_step: int) -> None:
        self.num_records = num_records
        self.batch_size = batch_size
        self.seed = seed
        self.steps = range(first_step, last_step)

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[list[Draw]]:
        epoch, order = -1, np.arange(0)
        for step in self.steps:
            draws = []
            for position in range(step * self.batch_size, (step + 1) * self.batch_size):
                if position // self.num_records != epoch:
                    epoch = position // self.num_records
                    order = np.random.default_rng((self.seed, epoch)).permutation(self.num_records)
                draws.append(Draw(position, int(order[position % self.num_records])))
            yield draws


class _Guarded(Dataset[Sample | SecoError], ABC, Generic[Key, Sample]):
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


class TrainingSet(_Guarded[Draw, Batch]):
    """The views and labels of the records, one sample a draw."""

    def __init__(self, records: Sequence[Record], class_names: Sequence[str], views: ViewMaker, *, seed: int) -> None:
        self.records = records
        self.class_names = class_names
        self.views = views
        self.seed = seed

    def load(self, key: Draw) -> Batch:
        """Load the sample of a draw."""
        record = self.records[key.record]
        image = tv.pil_to_tensor(read_image(record.image))
        seed = int(np.random.SeedSequence((self.seed, key.position)).generate_state(1, np.uint64)[0] >> 1)
        weak, strong, second, box = self.views(image, seed=seed)
        return Batch([record.id], weak, strong, second, box, multi_hot(record.labels, self.class_names))


class SquareImages(_Guarded[int, Tensor]):
    """Normalised photographs ``[3, S, S]``, brought to one square size."""

    def __init__(self, records: Sequence[Record], *, image_size: int) -> None:
        self.records = records
        self.image_size = image_size

    def __len__(self) -> int:
        return len(self.records)

    def load(self, key: int) -> Tensor:
        """Load the photograph of the record at that place."""
        image = tv.pil_to_tensor(read_image(self.records[key].image))
        return normalise(tv.resize(image, [self.image_size, self.image_size], antialias=True))


def training_batches(dataset: TrainingSet, stream: SampleStream, *, num_workers: int) -> Iterator[Batch]:
    """Yield the batches of a stream.

    Raises:
        SecoError: an image cannot be read.
    """
    loader = DataLoader(
        dataset,
        batch_sampler=stream,
        num_workers=num_workers,
        collate_fn=_collate,
        pin_memory=torch.cuda.is_available(),
        generator=_worker_seeds(),
    )
    yield from _sound(loader)


def image_batches(images: SquareImages, *, batch_size: int, num_workers: int) -> Iterator[list[Tensor]]:
    """Yield the photographs in order, ``batch_size`` at a time; raises as ``training_batches``."""
    loader = DataLoader(
        images,
        batch_size=batch_size,
        num_workers=num_workers,
        collate_fn=_first_fault_or_all,
        generator=_worker_seeds(),
    )
    yield from _sound(loader)


def multi_hot(labels: Sequence[str], class_names: Sequence[str]) -> Tensor:
    """Return float32 ``[K]``: 1 for each class that is named."""
    return torch.tensor([float(name in labels) for name in class_names])


def _worker_seeds() -> torch.Generator:
    """Return what a loader seeds its workers from; without it, it would draw from the global generator."""
    return torch.Generator().manual_seed(0)


def _sound(loader: DataLoader[Any]) -> Iterator[Any]:
    for batch in loader:
        if isinstance(batch, SecoError):
            raise batch
        yield batch


def _first_fault_or_all(samples: list[Sample]) -> list[Sample] | SecoError:
    return next((sample for sample in samples if isinstance(sample, SecoError)), samples)


def _collate(samples: list[Batch]) -> Batch | SecoError:
    found = _first_fault_or_all(samples)
    if isinstance(found, SecoError):
        return found
    ids = [sample.ids[0] for sample in found]
    return Batch(ids, *(torch.stack(parts) for parts in zip(*(sample[1:] for sample in found), strict=True)))
