"""The update of a step: weights, prototypes, reservoir and local teacher, one entry after the other."""

import torch
from torch import Tensor

from seco.config.settings import Settings
from seco.method.memory import Prototypes, Reservoir
from seco.models.network import SeCoNetwork
from seco.models.teacher import LocalTeacher
from seco.training.crop_pass import Inputs
from seco.training.methods import Models
from tests.plain.step import PlainResult
from tests.tiny import memory_of


class PlainUpdate:
    """AdamW without fused kernels, then eq. 3, eq. 5 and the moving average in loops."""

    def __init__(self, models: Models, settings: Settings) -> None:
        self.models = models
        self.settings = settings
        self.optimizer = plain_optimizer(models.network, settings)
        self.rates = [group["lr"] for group in self.optimizer.param_groups]

    def __call__(self, inputs: Inputs, result: PlainResult, *, rate_factor: float) -> None:
        """Apply a result; ``rate_factor`` is the schedule's."""
        settings, models, memory = self.settings, self.models, memory_of(self.models)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * rate_factor
        self.optimizer.zero_grad()
        result.total.backward()
        self.optimizer.step()
        only_single = settings.prototype_update == "single"
        with torch.no_grad():
            for token, labels in zip(result.crop_embedding, inputs.labels, strict=True):
                classes = labels.nonzero().flatten().tolist()
                if len(classes) == 1 or not only_single:
                    _move_prototypes(memory.prototypes, token, classes, momentum=settings.prototype_momentum)
            _enqueue(memory.reservoir, result.keys, result.tags)
            _follow(memory.teacher, models.network, momentum=settings.teacher_momentum)


def plain_optimizer(network: SeCoNetwork, settings: Settings) -> torch.optim.AdamW:
    """Return AdamW that steps one weight after the other, in the encoder's and the heads' rates."""
    training, encoder = settings.train, set(network.encoder.parameters())
    heads = [weight for weight in network.parameters() if weight not in encoder]
    groups = [
        {"params": list(network.encoder.parameters()), "lr": training.learning_rate},
        {"params": heads, "lr": training.learning_rate * training.head_multiplier},
    ]
    return torch.optim.AdamW(groups, weight_decay=training.weight_decay, foreach=False, fused=False)


def _move_prototypes(prototypes: Prototypes, token: Tensor, classes: list[int], *, momentum: float) -> None:
    """Eq. 3 for one image."""
    vectors, token = prototypes.vectors, token / token.norm()
    weights = (vectors[classes] @ token).softmax(dim=0)
    for index, weight in zip(classes, weights, strict=True):
        moved = momentum * vectors[index] + weight * (1 - momentum) * token
        vectors[index] = moved / moved.norm()


def _enqueue(reservoir: Reservoir, keys: Tensor, tags: list[int]) -> None:
    """Eq. 5, first in first out."""
    for key, tag in zip(keys, tags, strict=True):
        slot = int(reservoir.cursor)
        reservoir.keys[slot], reservoir.tags[slot] = key, tag
        reservoir.cursor.fill_((slot + 1) % len(reservoir.tags))


def _follow(teacher: LocalTeacher, student: SeCoNetwork, *, momentum: float) -> None:
    for name, weight in teacher.named_parameters():
        weight.mul_(momentum).add_(student.get_parameter(name), alpha=1 - momentum)
