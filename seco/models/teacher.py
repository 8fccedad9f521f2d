"""The local teacher: an exponential moving average of the student's encoder and projector."""

import copy

import torch
from torch import Tensor, nn

from seco.models.encoder import Encoder
from seco.models.heads import Projector
from seco.models.network import SeCoNetwork


class LocalTeacher(nn.Module):
    """``g_k`` and ``O_k`` of eq. 2: they follow the student slowly and are never trained."""

    def __init__(self, student: SeCoNetwork) -> None:
        super().__init__()
        self.encoder: Encoder = copy.deepcopy(student.encoder)
        self.projector: Projector = copy.deepcopy(student.projector)
        self.requires_grad_(False)

    @torch.no_grad()
    def embed(self, images: Tensor) -> Tensor:
        """Return the keys ``[B, D]`` of images or patches: projected class tokens of unit length (eq. 2)."""
        return self.projector(self.encoder(images).class_token)

    @torch.no_grad()
    def update(self, student: SeCoNetwork, *, momentum: float) -> None:
        """Move every weight a step of ``1 - momentum`` towards the student's."""
        own: list[Tensor] = [*self.encoder.parameters(), *self.projector.parameters()]
        others = [*student.encoder.parameters(), *student.projector.parameters()]
        torch._foreach_lerp_(own, [weight.detach() for weight in others], 1.0 - momentum)  # pyright: ignore[reportPrivateImportUsage]
