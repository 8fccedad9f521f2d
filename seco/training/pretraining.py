"""The demo's stand-in for ImageNet: an encoder that has seen its objects one by one, on backgrounds of no meaning."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms import v2

from seco.classes import DEMO
from seco.datasets.demo.scene import object_scene
from seco.datasets.views import normalise
from seco.device import autocast, pick_device
from seco.models.encoder import Encoder, build_encoder
from seco.parallel import process_map
from seco.storage.model import write_weights
from seco.training.schedule import learning_rate_factor

Advance = Callable[[], object]


def draw_objects(count: int, *, size: int, seed: int, advance: Advance) -> tuple[Tensor, Tensor]:
    """Draw single objects: images uint8 ``[count, 3, size, size]`` and labels int64 ``[count]`` (0..K-1)."""
    images = torch.empty(count, 3, size, size, dtype=torch.uint8)
    for index, image in enumerate(process_map(partial(_draw_object, size=size, seed=seed), range(count))):
        images[index] = torch.from_numpy(image).permute(2, 0, 1)
        advance()
    return images, torch.arange(count) % len(DEMO)


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
    """Train the encoder in place to name the object of an image.

    Both its class token and the mean of its final tokens are classified, since SeCo uses either kind.

    Args:
        encoder: the ViT.
        images: uint8 ``[M, 3, S, S]``.
        labels: int64 ``[M]``.
        steps: batches.
        batch_size: images a batch.
        learning_rate: of AdamW, after a warm-up of a twentieth of the steps.
        seed: of order, crops and colours.
        advance: told of every step, with a note.
    """
    device = pick_device()
    model = encoder.to(device).train()
    heads = nn.ModuleList(nn.Linear(encoder.width, len(DEMO)) for _ in range(2)).to(device)
    optimizer = torch.optim.AdamW([*model.parameters(), *heads.parameters()], weight_decay=0.05, fused=True)
    augment = v2.Compose(
        [
            v2.RandomResizedCrop(images.shape[-1], scale=(0.5, 1.0), antialias=True),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(0.3, 0.3, 0.2),
        ]
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for step in range(steps):
            factor = learning_rate_factor(step, steps=steps, warmup_steps=steps // 20, warmup_ratio=0.0)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate * factor
            picks = torch.randint(len(images), (batch_size,))
            batch = normalise(torch.stack([augment(image) for image in images[picks]])).to(device)
            target = labels[picks].to(device)
            with autocast(device, "auto"):
                tokens = model(batch)
                logits = [
                    head(part) for head, part in zip(heads, (tokens.class_token, tokens.final.mean(1)), strict=True)
                ]
            loss = torch.stack([F.cross_entropy(each.float(), target) for each in logits]).sum()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            right = (logits[0].argmax(dim=1) == target).float().mean()
            advance(1, f"loss {loss.item():.3f}  right {right.item():.2f}")


def fresh_encoder(name: str, *, depth: int | None, seed: int) -> Encoder:
    """Build an encoder with random weights of a seed."""
    with torch.random.fork_rng(devices=()):
        torch.default_generator.manual_seed(seed)
        return build_encoder(name, pretrained=False, depth=depth)


def save_encoder(encoder: Encoder, path: Path) -> None:
    """Write the ViT's weights in half precision: they are a start, and small enough to travel with the project."""
    write_weights(path, {name: weight.half() for name, weight in encoder.vit.state_dict().items()})


def _draw_object(index: int, *, size: int, seed: int) -> np.ndarray:
    """Draw a scene with one object and frame it as ImageNet's photographs are: the object fills the picture."""
    rng = np.random.default_rng((seed, index))
    image, mask = object_scene(rng, size=2 * size, class_id=index % len(DEMO) + 1)
    rows, columns = np.nonzero(mask)
    margin = rng.uniform(0.0, 0.25) * max(np.ptp(rows), np.ptp(columns))
    box = (columns.min() - margin, rows.min() - margin, columns.max() + margin, rows.max() + margin)
    left, upper, right, lower = np.clip(box, 0, 2 * size)
    frame = Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR, box=(left, upper, right, lower))
    return np.asarray(frame)
