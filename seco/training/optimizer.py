"""AdamW with two learning rates, and their schedule."""

import torch

from seco.models.network import SeCoNetwork


def build_optimizer(
    network: SeCoNetwork, *, learning_rate: float, head_multiplier: float, weight_decay: float
) -> torch.optim.AdamW:
    """Build AdamW with one rate for the encoder, and ``head_multiplier`` times that for everything on top of it.

    Each group keeps its ``base_rate``, which ``set_learning_rate`` multiplies.
    """
    encoder = list(network.encoder.parameters())
    known = {id(weight) for weight in encoder}
    heads = [weight for weight in network.parameters() if id(weight) not in known]
    groups = [
        {"params": encoder, "base_rate": learning_rate},
        {"params": heads, "base_rate": learning_rate * head_multiplier},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, weight_decay=weight_decay, fused=True)


def set_learning_rate(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Set each group's rate to ``factor`` times its base rate."""
    for group in optimizer.param_groups:
        group["lr"] = group["base_rate"] * factor


def learning_rate_factor(step: int, *, steps: int, warmup_steps: int, warmup_ratio: float) -> float:
    """Return the factor of the base rate at a step (0-based).

    Polynomial decay ``(1 - t/T)^0.9`` after a linear warm-up. The warm-up ends exactly at the polynomial's value and
    starts at ``warmup_ratio`` times that, so that the rate does not jump where the two meet.
    """
    if step >= warmup_steps:
        return (1.0 - step / steps) ** 0.9
    reached = (1.0 - warmup_steps / steps) ** 0.9
    return reached * (warmup_ratio + (1.0 - warmup_ratio) * step / warmup_steps)
