"""Which images come first: the highest expected gain, with a diminishing return of classes and of pairs of classes.

The images S are worth the sum over groups g of (total gain of g)^(1 - α) · (gain of g within S)^α. A group is a class,
or two classes that an image shows together; α = 1 is the plain order by gain. For α < 1 the function is submodular: the
greedy choice reaches 63 % of the best possible one (Nemhauser et al. 1978), and it can be made lazily (Minoux 1978).
"""

import heapq
from collections.abc import Sequence
from itertools import combinations, starmap

from seco.review.gains import Gains
from seco.storage.label_map import BACKGROUND

RETURN = 0.9
"""α, chosen on the training images of the demo and of photographs (docs/correcting-masks.md)."""

Group = tuple[int, ...]


def select(gains: Gains, labels: Sequence[Sequence[int]], *, exponent: float = RETURN) -> list[int]:
    """Return the indices of all images in the order in which they are chosen.

    Args:
        gains: the expected gain of each image and class, ``[N, K + 1]``.
        labels: the class ids of each image; two of them make a pair.
        exponent: α.
    """
    parts = list(starmap(_parts, zip(gains, labels, strict=True)))
    total: dict[Group, float] = {}
    for part in parts:
        for group, gain in part.items():
            total[group] = total.get(group, 0.0) + gain
    reached = dict.fromkeys(total, 0.0)

    def worth(index: int) -> float:
        return sum(
            total[group] ** (1 - exponent) * ((reached[group] + gain) ** exponent - reached[group] ** exponent)
            for group, gain in parts[index].items()
        )

    order: list[int] = []
    queue = [(-worth(index), index) for index in range(len(parts))]
    heapq.heapify(queue)
    while queue:
        _, index = heapq.heappop(queue)
        # What an image adds only falls while others are chosen: if it still leads, no other can add more.
        now = (-worth(index), index)
        if queue and now > queue[0]:
            heapq.heappush(queue, now)
            continue
        order.append(index)
        for group, gain in parts[index].items():
            reached[group] += gain
    return order


def _parts(gains: Gains, labels: Sequence[int]) -> dict[Group, float]:
    """Return the gain of an image by group: half by its classes and half by its pairs, if it has any."""
    classes: dict[Group, float] = {(index,): float(gain) for index, gain in enumerate(gains) if gain > 0}
    pairs = list(combinations(sorted(set(labels)), 2))
    if not pairs:
        return classes
    of_foreground = float(gains[BACKGROUND + 1 :].sum())
    halved = {group: gain if group == (BACKGROUND,) else gain / 2 for group, gain in classes.items()}
    return halved | {pair: of_foreground / 2 / len(pairs) for pair in pairs}
