"""A step of a method: the terms of its parts, weighed and summed. Changes no state."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from seco.config.settings import Settings
from seco.training.inputs import Inputs
from seco.training.models import Models
from seco.training.parts.crop_pass import CropPass


class StepResult(NamedTuple):
    """What a step found: the loss, its terms, and what the parts take up once the weights have moved.

    Of several ranks each finds its part of the loss and of its terms; the parts add up to the whole.
    """

    total: Tensor
    terms: dict[str, Tensor]
    """Unweighted, by name; only those that the phase has."""
    uptakes: dict[str, Any]
    """By the name of the part."""
    shares: dict[str, tuple[Tensor, Tensor]]
    """Counts for the learning curves by name: how many, of how many."""


def evaluate(models: Models, inputs: Inputs, *, settings: Settings, step: int) -> StepResult:
    """Compute a step of the method (eq. 9 where that is SeCo).

    A term that has not begun, or weighs nothing, is not computed.
    """
    crops = CropPass(models.network, inputs, settings=settings, step=step)
    weighted: list[Tensor] = []
    result = StepResult(inputs.weak.new_zeros(()), {}, {}, {})
    for name, part in models.named_parts():
        weights, found = part.weights(settings), part(crops)
        weighted += [weights[term] * value for term, value in found.terms.items()]
        result.terms.update(found.terms)
        result.shares.update(found.shares)
        result.uptakes[name] = found.uptake
    return result._replace(total=torch.stack(weighted).sum())
