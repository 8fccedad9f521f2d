"""What a class is mistaken for, and in which contexts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seco.scores.confusion import ConfusionMatrix, Values, ratio


def pair_confusion(confusion: ConfusionMatrix) -> Values:
    """Split each class's confusion ratio by what it was mistaken for.

    Returns:
        Float64 `[K+1, K+1]`: at `[a, b]` the pixels predicted as `a` whose truth is `b`, over the true positives of
        `a`; infinite without true positives, NaN where nothing was predicted and on the diagonal. A row's finite
        entries add up to the class's confusion ratio.
    """
    square = confusion.counts[:, :-1]  # [truth, prediction], without the uncertain predictions
    result = ratio(square.T, np.broadcast_to(confusion.true_positive()[:, None], square.shape))
    np.fill_diagonal(result, np.nan)
    return result


@dataclass(frozen=True)
class ContextCost:
    """The confusion ratio (FP / TP) of a class over the images with a context and over those without it."""

    context: str
    class_id: int
    with_context: float
    without_context: float


def context_costs(
    whole: ConfusionMatrix, by_context: dict[str, ConfusionMatrix], *, class_names: Sequence[str]
) -> list[ContextCost]:
    """Compare each class's confusion ratio with and without each context, where both are finite.

    Args:
        whole: counts over all images.
        by_context: the counts over the images of each context.
        class_names: foreground classes in id order; a context that is the class itself is left out.
    """
    costs: list[ContextCost] = []
    for context, inside in by_context.items():
        with_context, without = inside.confusion_ratio(), whole.minus(inside).confusion_ratio()
        for class_id, name in enumerate(class_names, start=1):
            values = float(with_context[class_id]), float(without[class_id])
            if name != context and np.isfinite(values).all():
                costs.append(ContextCost(context, class_id, *values))
    return costs
