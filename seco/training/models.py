"""Everything that a training run changes, built from the settings."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from seco.config import Settings
from seco.device import require_compiler
from seco.memory import Prototypes, Reservoir
from seco.models.encoder import build_encoder
from seco.models.network import SeCoNetwork
from seco.models.teacher import LocalTeacher


@dataclass
class Models:
    """Student (and global teacher, which shares its encoder), local teacher, and what is remembered."""

    network: SeCoNetwork
    teacher: LocalTeacher
    prototypes: Prototypes
    reservoir: Reservoir

    def modules(self) -> dict[str, nn.Module]:
        """Return the parts by name."""
        return dict(vars(self))


def build_models(settings: Settings, *, num_classes: int, device: torch.device) -> Models:
    """Build all parts; random weights come from the seed alone."""
    pretrained = settings.backbone.pretrained
    with torch.random.fork_rng(devices=()):
        torch.default_generator.manual_seed(settings.seed)
        encoder = build_encoder(
            settings.backbone.name,
            pretrained=pretrained if isinstance(pretrained, bool) else Path(pretrained),
            depth=settings.backbone.depth,
        )
        network = SeCoNetwork(encoder, num_classes=num_classes, projector_width=settings.backbone.projector_width).to(
            device
        )
    teacher = LocalTeacher(network)
    network.encoder.vit.set_grad_checkpointing(settings.training.activation_checkpointing)
    if settings.training.compile:
        require_compiler(device)
        network.encoder.compile_blocks()
        teacher.encoder.compile_blocks()
    return Models(
        network=network,
        teacher=teacher,
        prototypes=Prototypes(num_classes, encoder.width).to(device),
        reservoir=Reservoir(settings.reservoir_size, encoder.width).to(device),
    )


def build_optimizer(settings: Settings, network: SeCoNetwork) -> torch.optim.Optimizer:
    """Build AdamW with two rates: the encoder's, and that of everything on top of it.

    Each group keeps its ``base_rate``, which the schedule multiplies.
    """
    encoder = list(network.encoder.parameters())
    known = {id(weight) for weight in encoder}
    rest = [weight for weight in network.parameters() if id(weight) not in known]
    rate = settings.training.learning_rate
    groups = [
        {"params": encoder, "base_rate": rate},
        {"params": rest, "base_rate": rate * settings.training.head_multiplier},
    ]
    return torch.optim.AdamW(groups, lr=rate, weight_decay=settings.training.weight_decay, fused=True)
