"""Pretraining of the demo's encoder, in place of ImageNet: it learns to classify pictures of single objects.

It sees class names only, no masks, and each object on backgrounds that are independent of its class. Four pictures
make a mosaic and each is classified from its own tokens, so that a token describes the place where it is, as the tokens
of an encoder do that was pretrained on millions of photographs.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset
from torchvision.transforms import v2

from scenes.drawing.bias import CLASSES
from scenes.drawing.composition import portrait
from seco.compute.device import autocast, pick_device
from seco.compute.pixels import normalise
from seco.models.encoder import Encoder, Tokens, build_encoder
from seco.runtime.loader import load_batches
from seco.runtime.parallel import process_map
from seco.storage.label_map import BACKGROUND
from seco.storage.model import write_weights
from seco.training.optimizer import learning_rate_factor

_GRID = 2  # a mosaic has 2 x 2 pictures
_MAX_WORKERS = 8  # processes that augment pictures: enough to keep a GPU busy


def draw_objects(count: int, *, size: int, seed: int, advance: Callable[[], object]) -> tuple[Tensor, Tensor]:
    """Draw pictures of single objects, one in ten of a background alone.

    Returns:
        Images uint8 ``[count, 3, size, size]``; class ids int64 ``[count]``, 0 for a background alone.
    """
    images = torch.empty(count, 3, size, size, dtype=torch.uint8)
    for index, image in enumerate(process_map(partial(portrait, size=size, seed=seed), range(count))):
        images[index] = torch.from_numpy(image).permute(2, 0, 1)
        advance()
    return images, torch.arange(count) % (len(CLASSES) + 1)


def pretrain_encoder(
    encoder: Encoder,
    images: Tensor,
    labels: Tensor,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    advance: Callable[[int, str], object],
) -> None:
    """Train the encoder in place to classify the pictures of a mosaic.

    Args:
        encoder: the ViT.
        images: uint8 ``[M, 3, S, S]``, S a multiple of the ViT's patch.
        labels: class ids ``[M]``.
        steps: batches.
        batch_size: mosaics a batch.
        learning_rate: AdamW's highest, reached after a twentieth of the steps.
        seed: of order, crops and colours.
        advance: called after each step with 1 and a note.
    """
    device = pick_device()
    model = encoder.to(device).train()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        heads = nn.ModuleList(nn.Linear(encoder.width, len(CLASSES) + 1) for _ in range(3)).to(device)
    optimizer = torch.optim.AdamW([*model.parameters(), *heads.parameters()], weight_decay=0.05, fused=True)
    mosaics = _Mosaics(images, labels, count=steps * batch_size, seed=seed)
    batches = load_batches(mosaics, batch_size=batch_size, num_workers=min(os.cpu_count() or 1, _MAX_WORKERS))
    for step, batch in enumerate(batches):
        pictures, targets = (torch.cat(parts).to(device) for parts in zip(*batch, strict=True))
        factor = learning_rate_factor(step, steps=steps, warmup_steps=steps // 20, warmup_ratio=0.0)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * factor
        with autocast(device, "auto"):
            tokens = model(_to_mosaics(normalise(pictures)))
        loss, accuracy = _classification_loss(tokens, heads, targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        advance(1, f"loss {loss.item():.3f}  accuracy {accuracy.item():.2f}")


class _Mosaics(Dataset[tuple[Tensor, Tensor]]):
    """Four augmented pictures a mosaic, as uint8, and their class ids; they depend on seed and index alone."""

    def __init__(self, images: Tensor, labels: Tensor, *, count: int, seed: int) -> None:
        self.images = images
        self.labels = labels
        self.count = count
        self.seed = seed
        self.augment = v2.Compose(
            [
                v2.RandomResizedCrop(images.shape[-1], scale=(0.4, 1.0), antialias=True),
                v2.RandomHorizontalFlip(),
                v2.ColorJitter(0.3, 0.3, 0.2),
            ]
        )

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        with torch.random.fork_rng(devices=()):
            torch.default_generator.manual_seed(self.seed * self.count + index)
            picks = torch.randint(len(self.images), (_GRID**2,))
            return torch.stack([self.augment(image) for image in self.images[picks]]), self.labels[picks]


def fresh_encoder(name: str, *, depth: int | None, seed: int) -> Encoder:
    """Return an encoder with random weights, which the seed fixes."""
    with torch.random.fork_rng(devices=()):
        torch.default_generator.manual_seed(seed)
        return build_encoder(name, pretrained=False, depth=depth)


def save_encoder(encoder: Encoder, path: Path) -> None:
    """Write the ViT's weights in half precision, to keep the file small: training starts from them."""
    write_weights(path, {name: weight.half() for name, weight in encoder.vit.state_dict().items()})


def _classification_loss(tokens: Tokens, heads: nn.ModuleList, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss, and the accuracy on the pictures that show an object.

    A picture is classified by the mean and by the maximum of its final tokens; the mosaic by its class token.
    """
    mean, maximum, whole = heads
    parts = _by_picture(tokens.final.float(), tokens.grid)  # [4·B, n, D]
    by_mean = mean(parts.mean(dim=1))
    by_maximum = maximum(parts).amax(dim=1)[:, 1:]  # [4·B, K]: a maximum of "background" would mean nothing
    shown = F.one_hot(targets, len(CLASSES) + 1).float()
    together = shown.unflatten(0, (-1, _GRID**2)).amax(dim=1)  # [B, K + 1]
    loss = (
        F.cross_entropy(by_mean, targets)
        + len(CLASSES) * F.multilabel_soft_margin_loss(by_maximum, shown[:, 1:])
        + F.multilabel_soft_margin_loss(whole(tokens.class_token.float()), together)
    )
    objects = targets != BACKGROUND
    return loss, (by_maximum.argmax(dim=1) + 1 == targets)[objects].float().mean()


def _to_mosaics(pictures: Tensor) -> Tensor:
    """Put pictures ``[4·B, 3, S, S]`` together into mosaics ``[B, 3, 2·S, 2·S]``."""
    grid = pictures.unflatten(0, (-1, _GRID, _GRID)).permute(0, 3, 1, 4, 2, 5)  # [B, 3, 2, S, 2, S]
    return grid.flatten(4, 5).flatten(2, 3)


def _by_picture(tokens: Tensor, grid: tuple[int, int]) -> Tensor:
    """Sort the tokens ``[B, h·w, D]`` of mosaics by picture: ``[4·B, h·w/4, D]``."""
    height, width = (side // _GRID for side in grid)
    parts = tokens.unflatten(1, (_GRID, height, _GRID, width)).permute(0, 1, 3, 2, 4, 5)  # [B, 2, 2, h', w', D]
    return parts.flatten(3, 4).flatten(0, 2)
