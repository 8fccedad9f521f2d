"""First weights of the two classifiers: a fit to tokens of the encoder before the network's first step.

Linear probing before fine-tuning (Kumar et al. 2022, "Fine-tuning can distort pretrained features"): classifiers with
random weights send random gradients into the encoder, and where few images and steps correct them, their CAMs never
come to lie on the objects.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from seco.compute.device import autocast
from seco.compute.distributed import share_of, sum_gradients, sum_over_ranks
from seco.compute.pixels import normalise
from seco.config.settings import Settings
from seco.errors import SecoError
from seco.losses.classification import image_classification
from seco.method.cam import multi_hot
from seco.models.network import SeCoNetwork
from seco.runtime.loader import SafeDataset, load_batches
from seco.runtime.progress import Progress
from seco.runtime.workers import FEWER_LOADERS
from seco.storage.images import read_image
from seco.storage.manifest import Manifest, Record
from seco.training.true_masks import true_labels

MOST_BYTES = 2_000_000_000  # of the tokens, over all ranks
RATE = 3e-3  # of AdamW, with cosine decay to 0
BATCH = 32  # images


class HeadStart(NamedTuple):
    """What the fit did."""

    images: int
    """Those whose tokens were used."""
    drawn: int
    """Those and the ones that could not be read."""
    of: int
    """All training images."""
    losses: tuple[float, ...]
    """The sum of both classification losses, a mean over the images of each pass."""

    def __str__(self) -> str:
        size = f"as many as fit into {MOST_BYTES / 1e9:g} GB"
        limit = f" ({self.drawn} drawn from {self.of}, {size})" if self.drawn < self.of else ""
        return (
            f"both classifiers were fitted to the frozen tokens of {self.images} images{limit}: "
            f"loss {self.losses[0]:.3f} in the first pass, {self.losses[-1]:.3f} in the last"
        )


class FrozenTokens(NamedTuple):
    """What both classifiers need of the tokens of this rank's share of the images, on the CPU."""

    final: Tensor
    """float16 ``[M, n, D]``, condensed by the classifier."""
    intermediate: Tensor
    """float16 ``[M, n, D]``, condensed by the auxiliary classifier."""
    labels: Tensor
    """Multi-hot ``[M, K]``."""
    readable: Tensor
    """Bool ``[M]``; the tokens of the others mean nothing."""


def start_heads(
    network: SeCoNetwork,
    settings: Settings,
    manifest: Manifest,
    *,
    skip_bad: bool,
    teaching: Mapping[str, Path],
    counter: Progress,
) -> HeadStart:
    """Fit both classifiers of a network to the tokens of the training images; nothing else of it changes.

    The images are brought to squares of ``train.crop_size`` and encoded once. Of a data set whose tokens need more than
    2 GB, an evenly drawn part is used. The ranks share images and batches. All draws depend on the seed alone.

    Args:
        network: with its pretrained encoder, on its device.
        settings: of the run.
        manifest: the data; images of the split "train" are used.
        skip_bad: leave out images that cannot be read.
        teaching: true masks by image id; the classes that they show are the labels of these images.
        counter: shows how many of this rank's images are encoded, then how many passes over the tokens are done.

    Raises:
        SecoError: an image cannot be read, or the tokens are not finite.
    """
    everything = manifest.split("train")
    bytes_each = sum(2 * shape.numel() for shape in _kept_shapes(network, settings))  # in float16
    records = _part(everything, most=MOST_BYTES // bytes_each, seed=settings.seed)
    share = share_of(len(records))
    own = records[share.start : share.stop]
    frozen = freeze_tokens(
        network, settings, own, manifest.class_names, skip_bad=skip_bad, teaching=teaching, counter=counter
    )
    losses = fit_heads(network, settings, frozen, share=share, total=len(records), counter=counter)
    if not all(map(math.isfinite, losses)):
        raise SecoError(
            "the encoder's tokens are not finite, so that no classifier fits them: set train.precision to fp32, or "
            "train.head_epochs to 0"
        )
    images = sum_over_ranks(frozen.readable.sum().to(network.classifier.weight.device))
    return HeadStart(int(images), len(records), len(everything), losses)


class _Squares(SafeDataset[int, tuple[Tensor, Tensor, bool]]):
    """Uint8 squares ``[3, S, S]`` of some records, their labels ``[K]``, and whether each could be read."""

    def __init__(
        self,
        records: Sequence[Record],
        class_names: Sequence[str],
        *,
        size: int,
        skip_bad: bool,
        teaching: Mapping[str, Path],
    ) -> None:
        self.records = records
        self.class_names = class_names
        self.size = size
        self.skip_bad = skip_bad
        self.teaching = teaching

    def __len__(self) -> int:
        return len(self.records)

    def load(self, key: int) -> tuple[Tensor, Tensor, bool]:
        """Load the square of a record."""
        record = self.records[key]
        try:
            image = tv.pil_to_tensor(read_image(record.image))
            labels = multi_hot(true_labels(record, self.teaching, self.class_names), self.class_names)
        except SecoError:
            if not self.skip_bad:
                raise
            nothing = torch.zeros(3, self.size, self.size, dtype=torch.uint8)
            return nothing, torch.zeros(len(self.class_names)), False  # training will name it
        return tv.resize(image, [self.size, self.size], antialias=True), labels, True


def _kept_shapes(network: SeCoNetwork, settings: Settings) -> list[torch.Size]:
    """Return the shape ``[n, D]`` of what each classifier needs of an image's tokens."""
    side = settings.train.crop_size // network.encoder.patch_size
    tokens = torch.empty(1, side * side, network.encoder.width, device="meta")
    return [head.condense(tokens).shape[1:] for head in (network.classifier, network.aux_classifier)]


def _part(records: Sequence[Record], *, most: int, seed: int) -> Sequence[Record]:
    """Return an evenly drawn part of the records, in their order; all of them if they are no more than ``most``."""
    if len(records) <= most:
        return records
    return [records[index] for index in np.sort(np.random.default_rng(seed).permutation(len(records))[:most])]


@torch.no_grad()
def freeze_tokens(
    network: SeCoNetwork,
    settings: Settings,
    records: Sequence[Record],
    class_names: Sequence[str],
    *,
    skip_bad: bool,
    teaching: Mapping[str, Path],
    counter: Progress,
) -> FrozenTokens:
    """Encode images once, as squares of ``train.crop_size``; ``teaching`` as of ``start_heads``.

    Raises:
        SecoError: an image cannot be read, unless ``skip_bad``.
    """
    dataset = _Squares(records, class_names, size=settings.train.crop_size, skip_bad=skip_bad, teaching=teaching)
    train, device = settings.train, network.classifier.weight.device
    heads = network.classifier, network.aux_classifier
    kept = [torch.empty(len(dataset), *shape, dtype=torch.float16) for shape in _kept_shapes(network, settings)]
    labels = torch.empty(len(dataset), len(dataset.class_names))
    readable = torch.empty(len(dataset), dtype=torch.bool)
    counter.reach(0, len(dataset))
    for samples in load_batches(
        dataset, batch_size=train.batch_size, num_workers=train.num_workers, remedy=FEWER_LOADERS
    ):
        squares, found_labels, flags = zip(*samples, strict=True)
        images = normalise(torch.stack(squares).to(device)).to(network.classifier.weight.dtype)
        with autocast(device, train.precision):
            tokens = network.encoder(images)
        rows = slice(counter.done, counter.done + len(samples))
        for own, head, found in zip(kept, heads, (tokens.final, tokens.intermediate), strict=True):
            own[rows] = head.condense(found)
        labels[rows] = torch.stack(found_labels)
        readable[rows] = torch.tensor(flags)
        counter(len(samples))
    final, intermediate = kept
    return FrozenTokens(final, intermediate, labels, readable)


def fit_heads(
    network: SeCoNetwork, settings: Settings, frozen: FrozenTokens, *, share: range, total: int, counter: Progress
) -> tuple[float, ...]:
    """Fit both classifiers, and return the loss of each of the ``train.head_epochs`` passes over the images.

    Args:
        network: whose classifiers are fitted, from the weights that they have.
        settings: of the run.
        frozen: of the images of this rank.
        share: their indices among all.
        total: how many there are over all ranks.
        counter: shows how many passes are done.
    """
    heads, epochs = (network.classifier, network.aux_classifier), settings.train.head_epochs
    weights = [weight for head in heads for weight in head.parameters()]
    counter.begin("train: classifiers, passes over their tokens")
    optimizer = torch.optim.AdamW(weights, lr=RATE, weight_decay=settings.train.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * math.ceil(total / BATCH))
    losses: list[float] = []
    for epoch in range(epochs):
        order = np.random.default_rng((settings.seed, epoch)).permutation(total)
        summed = torch.zeros((), device=weights[0].device)
        for start in range(0, total, BATCH):
            batch = order[start : start + BATCH]
            own = torch.from_numpy(batch[(batch >= share.start) & (batch < share.stop)] - share.start)
            own = own[frozen.readable[own]]
            labels = frozen.labels[own].to(weights[0])
            terms = [
                image_classification(head(tokens[own].to(summed.device).to(head.weight)), labels)
                for head, tokens in zip(heads, frozen[:2], strict=True)
            ]
            loss = torch.stack(terms).sum()
            optimizer.zero_grad()
            loss.backward()
            sum_gradients(weights)
            optimizer.step()
            schedule.step()
            summed += loss.detach() * len(batch) / total
        losses.append(sum_over_ranks(summed).item())
        counter.reach(epoch + 1, epochs)
    optimizer.zero_grad()
    return tuple(losses)
