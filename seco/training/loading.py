"""Training batches from the manifest's records: which record is loaded when, and how its sample is made."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Sampler
from torchvision.transforms.v2 import functional as tv

from seco.compute.distributed import share_of, world_size
from seco.errors import SecoError
from seco.method.cam import multi_hot
from seco.runtime.loader import SafeDataset, load_batches
from seco.runtime.workers import FEWER_LOADERS
from seco.storage.images import read_image
from seco.storage.label_map import IGNORE
from seco.storage.manifest import Record
from seco.storage.masks import read_mask
from seco.training.true_masks import shown_classes
from seco.training.views import ViewMaker


class Batch(NamedTuple):
    """A batch of training samples. A view that was not asked for is empty: ``[B, 0]``."""

    ids: list[str]
    faults: list[str]
    """An error for each image that another one replaced."""
    weak: Tensor
    """Uint8 ``[B, 3, S, S]``; so are the others."""
    strong: Tensor
    second: Tensor
    """``[B, 3, S', S']``."""
    masks: Tensor
    """``[B, S, S]``: true class ids; 255 all over for an image whose mask is not loaded."""
    boxes: Tensor
    """Int64 ``[B, 4]``."""
    labels: Tensor
    """Multi-hot float32 ``[B, K]``."""
    draws: Tensor
    """Float64 ``[B, n, 2]``, uniform in 0..1: they decide where each patch is centred and whether it is mirrored."""
    supervised: Tensor
    """Bool ``[B]``: whether the image learns from its mask; ``[B, 0]`` in a run where none does."""


class Draw(NamedTuple):
    """One sample to load: its position in the endless stream of samples, and the record drawn there."""

    position: int
    record: int


class SampleStream(Sampler[list[Draw]]):
    """Batches of draws: every epoch a new permutation, and each batch a function of the seed and the step alone.

    A run continues without a saved state of the loader, since the stream starts at any step. Each rank loads its own
    share of every batch.

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


class TrainingSet(SafeDataset[Draw, Batch]):
    """The views and labels of the records, one sample a draw. All random numbers depend on seed and position alone.

    Args:
        records: what to draw from.
        class_names: foreground classes in id order.
        views: makes the views.
        num_draws: rows of ``Batch.draws`` an image.
        seed: of all draws.
        skip_bad: replace a record that cannot be read by the next one, instead of raising.
        teaching: the true masks that images learn from, by id; they come before the records' own masks.

    Raises:
        SecoError: masks are wanted and a record has none.
    """

    def __init__(
        self,
        records: Sequence[Record],
        class_names: Sequence[str],
        views: ViewMaker,
        *,
        num_draws: int,
        seed: int,
        skip_bad: bool = False,
        teaching: Mapping[str, Path] | None = None,
    ) -> None:
        self.records = records
        self.class_names = class_names
        self.views = views
        self.num_draws = num_draws
        self.seed = seed
        self.attempts = len(records) if skip_bad else 1
        self.teaching = teaching or {}
        if "mask" in views.wanted:
            _require_masks(records, self.teaching)

    def load(self, key: Draw) -> Batch:
        """Load the sample of a draw."""
        faults: list[str] = []
        for offset in range(self.attempts):
            record = self.records[(key.record + offset) % len(self.records)]
            try:
                image, mask = tv.pil_to_tensor(read_image(record.image)), self._mask(record)
            except SecoError as fault:
                faults.append(str(fault))
            else:
                return self._sample(record, image, mask, key.position, faults)
        raise SecoError(faults[0] if self.attempts == 1 else f"no training image can be read; the first: {faults[0]}")

    def _mask(self, record: Record) -> Tensor | None:
        """Return the true mask where the views need it or the image learns from it; no other mask is opened."""
        file = self.teaching.get(record.id, record.mask if "mask" in self.views.wanted else None)
        if file is not None:
            size = (record.width, record.height)
            return torch.from_numpy(read_mask(file, num_classes=len(self.class_names), size=size))
        return torch.full((record.height, record.width), IGNORE, dtype=torch.uint8) if self.teaching else None

    def _sample(self, record: Record, image: Tensor, mask: Tensor | None, position: int, faults: list[str]) -> Batch:
        views_seed, draws_seed = np.random.SeedSequence((self.seed, position)).generate_state(2, np.uint64)
        views = self.views(image, mask, seed=int(views_seed >> 1))
        draws = torch.from_numpy(np.random.default_rng(draws_seed).random((self.num_draws, 2)))
        learns = record.id in self.teaching
        labels = shown_classes(mask.numpy(), self.class_names) if learns and mask is not None else record.labels
        supervised = torch.tensor(learns) if self.teaching else torch.empty(0, dtype=torch.bool)
        return Batch([record.id], faults, *views, multi_hot(labels, self.class_names), draws, supervised)


def training_batches(dataset: TrainingSet, stream: SampleStream, *, num_workers: int) -> Iterator[Batch]:
    """Yield the batches of a stream.

    Raises:
        SecoError: an image cannot be read.
    """
    yield from load_batches(
        dataset,
        collate=_collate,
        batch_sampler=stream,
        num_workers=num_workers,
        remedy=FEWER_LOADERS,
        pin_memory=torch.cuda.is_available(),
    )


def describe_batches(batch_size: int, *, usual: tuple[str, int] | None = None) -> str:
    """Return a line such as "batches of 8, as 4 + 4 on 2 processes".

    Args:
        batch_size: images a step, over all ranks.
        usual: a data set and the paper's batch size for it; the line says where the two differ.

    Raises:
        SecoError: there are more ranks than images in a batch.
    """
    if batch_size < world_size():
        raise SecoError(
            f"train.batch_size is {batch_size}, the images of a step on all {world_size()} processes together: "
            "raise it, or start fewer processes"
        )
    shares = " + ".join(str(len(share_of(batch_size, rank))) for rank in range(world_size()))
    where = "GPU" if torch.cuda.is_available() else "CPU"
    split = f", as {shares} on {world_size()} processes ({where})" if world_size() > 1 else f" on one {where}"
    differs = usual is not None and usual[1] != batch_size
    warning = f"; the paper trains {usual[0]} with {usual[1]}: expect other results" if usual and differs else ""
    return f"batches of {batch_size}{split}{warning}"


def _require_masks(records: Sequence[Record], teaching: Mapping[str, Path]) -> None:
    bare = [record.id for record in records if record.mask is None and record.id not in teaching]
    if bare:
        raise SecoError(
            f"{len(bare)} of {len(records)} training images have no mask, such as {bare[0]}: full supervision needs "
            "one of each, as do train.judge_tags and train.oracle_tags: choose another method, or set these to false"
        )


def _collate(samples: list[Batch]) -> Batch:
    ids = [name for sample in samples for name in sample.ids]
    faults = [fault for sample in samples for fault in sample.faults]
    return Batch(ids, faults, *(torch.stack(parts) for parts in zip(*(sample[2:] for sample in samples), strict=True)))
