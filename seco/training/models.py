"""Everything that a training run changes, built from the settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import torch
from torch import nn

from seco.compute.device import require_compiler
from seco.config.settings import Settings
from seco.models.encoder import Encoder, build_encoder
from seco.models.network import SeCoNetwork
from seco.training.methods import METHODS
from seco.training.parts.part import Part

Kind = TypeVar("Kind", bound=Part)


@dataclass
class Models:
    """The network that is trained, and the active parts of its objective with what each of them remembers."""

    network: SeCoNetwork
    parts: nn.ModuleDict

    def modules(self) -> dict[str, nn.Module]:
        """Return what a run's saved state consists of, by name."""
        return dict(vars(self))

    def named_parts(self) -> Iterator[tuple[str, Part]]:
        """Yield the parts in the order in which they take up what a step found."""
        yield from cast(Iterator[tuple[str, Part]], self.parts.items())

    def encoders(self) -> list[Encoder]:
        """Return the network's encoder and those of the parts' teachers."""
        modules = [*self.network.modules(), *self.parts.modules()]
        return [module for module in modules if isinstance(module, Encoder)]

    def part(self, kind: type[Kind]) -> Kind:
        """Return the part of a kind that the method has."""
        return next(part for _, part in self.named_parts() if isinstance(part, kind))

    def take_up(self, uptakes: Mapping[str, Any], settings: Settings) -> None:
        """Let each part take up what it found; the network's weights have moved."""
        for name, part in self.named_parts():
            if name in uptakes:
                part.take_up(uptakes[name], self.network, settings)


def build_models(settings: Settings, *, num_classes: int, device: torch.device) -> Models:
    """Build the network and all active parts; random weights come from the seed alone."""
    pretrained = settings.backbone.pretrained
    method = METHODS[settings.method]
    with torch.random.fork_rng(devices=()):
        torch.default_generator.manual_seed(settings.seed)
        encoder = build_encoder(
            settings.backbone.name,
            pretrained=pretrained if isinstance(pretrained, bool) else Path(pretrained),
            depth=settings.backbone.depth,
        )
        network = SeCoNetwork(encoder, num_classes=num_classes)
        network.projector = method.projector(settings, encoder.width)
        parts = nn.ModuleDict({name: part(settings, network) for name, part in method.active(settings).items()})
    network.encoder.vit.set_grad_checkpointing(settings.train.activation_checkpointing)
    models = Models(network.to(device), parts.to(device))
    if settings.train.compile:
        require_compiler(device)
        for encoder in models.encoders():
            encoder.compile_blocks()
    return models


def build_optimizer(settings: Settings, network: SeCoNetwork) -> torch.optim.Optimizer:
    """Build AdamW with two rates: the encoder's, and that of everything on top of it.

    Each group keeps its ``base_rate``, which the schedule multiplies.
    """
    encoder = list(network.encoder.parameters())
    known = {id(weight) for weight in encoder}
    rest = [weight for weight in network.parameters() if id(weight) not in known]
    rate = settings.train.learning_rate
    groups = [
        {"params": encoder, "base_rate": rate},
        {"params": rest, "base_rate": rate * settings.train.head_multiplier},
    ]
    return torch.optim.AdamW(groups, lr=rate, weight_decay=settings.train.weight_decay, fused=True)
