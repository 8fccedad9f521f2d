"""The smallest models and batches that every part of the objective accepts."""

import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import torch
from torch import Tensor

from seco.config.settings import Settings
from seco.models.encoder import Encoder
from seco.training.crop_pass import CropPass, Inputs, to_device
from seco.training.loading import Batch, SampleStream
from seco.training.methods import Models, build_models
from seco.training.objective import StepResult
from seco.training.parts.contrast_update import Contrast
from seco.training.parts.patch_contrast import PatchContrast

Rows = Sequence[Sequence[float]]
CPU = torch.device("cpu")
NUM_CLASSES = 4
LABELS = ((0.0, 1.0, 0.0, 0.0), (1.0, 0.0, 0.0, 1.0))  # an image of one class, and one of two
BOXES = ((0, 0, 64, 64), (8, 0, 64, 60))  # the second is padded


def tiny_models(settings: Settings) -> Models:
    """Build SeCo's models; local teacher, prototypes and reservoir have other than their first values."""
    models = build_models(settings, num_classes=NUM_CLASSES, device=CPU)
    generator, memory = torch.Generator().manual_seed(1), memory_of(models)
    for weight in memory.teacher.parameters():
        weight.add_(torch.randn(weight.shape, generator=generator) * 0.01)
    tokens = torch.randn(NUM_CLASSES, memory.prototypes.vectors.shape[1], generator=generator)
    memory.prototypes.update(tokens, torch.eye(NUM_CLASSES), momentum=0.0, mode="single")
    keys = torch.nn.functional.normalize(torch.randn(10, tokens.shape[1], generator=generator), dim=1)
    memory.reservoir.enqueue(keys, torch.tensor([0, 1, 2, 3, 4, -1, 0, 2, 2, 0]))
    return models


def retuned(models: Models, settings: Settings) -> Models:
    """Return models of the same weights and memories under other settings."""
    other = build_models(settings, num_classes=NUM_CLASSES, device=CPU)
    other.network.load_state_dict(models.network.state_dict())
    for name, part in other.objective.named_parts():
        part.load_state_dict(models.objective.parts[name].state_dict())
    return other


def crop_pass(models: Models, settings: Settings, *, inputs: Inputs | None = None, step: int = 0) -> CropPass:
    """Return the pass over the crops of a batch, ``tiny_inputs()`` where none is given."""
    scales, precision = settings.cam.scales, settings.train.precision
    batch = tiny_inputs() if inputs is None else inputs
    return CropPass(models.network, batch, step=step, cam_scales=scales, precision=precision)


def memory_of(models: Models) -> PatchContrast:
    """Return the part of SeCo that has local teacher, prototypes and reservoir."""
    return cast(PatchContrast, models.objective.parts["patches"])


def contrast_of(result: StepResult) -> Contrast:
    """Return the result of SeCo's contrasts."""
    contrast = result.updates["patches"].contrast
    assert contrast is not None
    return contrast


def tiny_batch(*, labels: Rows = LABELS, boxes: Sequence[Sequence[int]] = BOXES, seed: int = 0) -> Batch:
    """Return noise of 64 pixels a side, 32 for the second view; ``seed`` decides the draws alone."""
    generator = torch.Generator().manual_seed(2)
    count = len(labels)

    def noise(side: int) -> Tensor:
        return torch.randint(256, (count, 3, side, side), generator=generator, dtype=torch.uint8)

    return Batch(
        ids=[str(index) for index in range(count)],
        faults=[],
        weak=noise(64),
        strong=noise(64),
        second=noise(32),
        masks=torch.randint(NUM_CLASSES + 1, (count, 64, 64), generator=generator, dtype=torch.uint8),
        boxes=torch.tensor(boxes),
        labels=torch.tensor(labels),
        draws=torch.rand(count, 3, 2, generator=seeded(seed), dtype=torch.float64),
        supervised=torch.empty(count, 0, dtype=torch.bool),
    )


def tiny_inputs(*, labels: Rows = LABELS, boxes: Sequence[Sequence[int]] = BOXES, seed: int = 0) -> Inputs:
    """Return ``tiny_batch`` as inputs of the objective."""
    return to_device(tiny_batch(labels=labels, boxes=boxes, seed=seed), CPU)


@contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """Let no file grow beyond ``limit`` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def is_compiled(models: Models) -> list[bool]:
    """Whether the encoders of student and local teacher are compiled."""
    encoders = [module for part in models for module in part.modules() if isinstance(module, Encoder)]
    return [all(block._compiled_call_impl is not None for block in encoder.vit.blocks) for encoder in encoders]


def snapshot(models: Models) -> dict[str, Tensor]:
    """Copy every tensor of every part."""
    return {
        f"{part}.{name}": value.detach().clone()
        for part, module in models.modules().items()
        for name, value in module.state_dict().items()
    }


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def stream(
    *,
    num_records: int = 5,
    batch_size: int = 2,
    share: range | None = None,
    seed: int = 5,
    first: int = 0,
    last: int = 6,
) -> SampleStream:
    """Return a stream of samples; by default of five records, two a step."""
    share = range(batch_size) if share is None else share
    return SampleStream(num_records, batch_size=batch_size, share=share, seed=seed, first_step=first, last_step=last)
