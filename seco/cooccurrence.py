"""Which classes and contexts go together, and what that costs in false activations."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seco.metrics import ConfusionMatrix, Values, ratio

Counts = npt.NDArray[np.int64]


def count_pairs(label_sets: Sequence[Sequence[int]], *, num_classes: int) -> Counts:
    """Count the images in which classes occur together.

    Args:
        label_sets: the class ids (1..K) of each image.
        num_classes: K.

    Returns:
        Symmetric int64 `[K+1, K+1]`, indexed by class id: the images that show both classes, and on the diagonal
        the images that show the class. Row and column 0, the background, which no label names, stay 0.
    """
    shown = np.zeros((len(label_sets), num_classes + 1), dtype=np.int64)
    for row, label_ids in zip(shown, label_sets, strict=True):
        row[list(label_ids)] = 1
    return shown.T @ shown


def lift(pairs: Counts, *, num_images: int) -> Values:
    """Return how much more often two classes meet than if they were independent.

    Args:
        pairs: the counts of `count_pairs`.
        num_images: number of images they were counted over.

    Returns:
        Float64 `[K+1, K+1]`, n·n(a, b) / (n(a)·n(b)): 1 = independent, 0 = never together, NaN where a class is in no
        image and on the diagonal.
    """
    single = np.diagonal(pairs)
    result = ratio(num_images * pairs, np.outer(single, single))
    np.fill_diagonal(result, np.nan)
    return result


def pair_confusion(confusion: ConfusionMatrix) -> Values:
    """Split each class's confusion ratio by what it was mistaken for.

    Returns:
        Float64 `[K+1, K+1]`: at `[a, b]` the pixels predicted as `a` whose truth is `b`, over the true positives of
        `a`; infinite without true positives, NaN where nothing was predicted and on the diagonal. A row's finite
        entries add up to the class's confusion ratio.
    """
    square = confusion.counts[:, :-1]  # [truth, prediction], without the uncertain predictions
    result = ratio(square.T, np.broadcast_to(confusion.true_positive[:, None], square.shape))
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
        with_context = inside.scores().confusion_ratio
        without = whole.minus(inside).scores().confusion_ratio
        for class_id, name in enumerate(class_names, start=1):
            values = float(with_context[class_id]), float(without[class_id])
            if name != context and np.isfinite(values).all():
                costs.append(ContextCost(context, class_id, *values))
    return costs
