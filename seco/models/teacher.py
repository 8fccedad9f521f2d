"""EMA teachers: exponential moving averages of the student's weights."""

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

from seco.models.network import SeCoNetwork

Module = TypeVar("Module", bound=nn.Module)


class LocalTeacher(nn.Module):
    """``g_k`` and ``O_k`` of eq. 2: EMA copies of the student's encoder and projector, never trained."""

    def __init__(self, student: SeCoNetwork) -> None:
        super().__init__()
        self.encoder = frozen_copy(student.encoder)
        self.projector = frozen_copy(student.projector)

    @torch.no_grad()
    def embed(self, images: Tensor) -> Tensor:
        """Return the keys ``[B, D]`` of images or patches: projected class tokens of unit length (eq. 2)."""
        return self.projector(self.encoder(images).class_token)

    def update(self, student: SeCoNetwork, *, momentum: float) -> None:
        """Move every weight a step of ``1 - momentum`` towards the student's."""
        update_average(self.encoder, student.encoder, momentum=momentum)
        update_average(self.projector, student.projector, momentum=momentum)


def frozen_copy(student: Module) -> Module:
    """Return a copy of a module that is never trained."""
    return copy.deepcopy(student).requires_grad_(False)


@torch.no_grad()
def update_average(own: nn.Module, student: nn.Module, *, momentum: float) -> None:
    """Move every weight of a teacher a step of ``1 - momentum`` towards the student's."""
    others: list[Tensor] = [weight.detach() for weight in student.parameters()]
    torch._foreach_lerp_([*own.parameters()], others, 1.0 - momentum)  # pyright: ignore[reportPrivateImportUsage]
