"""The learning rate as a function of the step."""


def learning_rate_factor(step: int, *, steps: int, warmup_steps: int, warmup_ratio: float) -> float:
    """Return the factor of the base rate at a step (0-based).

    Polynomial decay ``(1 - t/T)^0.9`` after a linear warm-up that starts at ``warmup_ratio`` of, and ends exactly at,
    the polynomial's own value: the rate does not jump where the two meet.
    """
    if step >= warmup_steps:
        return (1.0 - step / steps) ** 0.9
    reached = (1.0 - warmup_steps / steps) ** 0.9
    return reached * (warmup_ratio + (1.0 - warmup_ratio) * step / warmup_steps)
