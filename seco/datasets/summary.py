"""What a data set holds, in numbers: the content of `summary.json`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import permutations
from typing import Any

from seco.datasets.checking import CheckedRecord


def summarise(checked: Sequence[CheckedRecord], *, class_names: Sequence[str]) -> dict[str, Any]:
    """Count images, labels and masks.

    Returns:
        `images`: images a split; `images_without_mask`: the same for those without a mask;
        `images_a_class`: split → class → images; `labels_an_image`: split → number of labels → images;
        `cooccurrence`: class → other class → images that show both (pairs that never meet are left out);
        `images_with_unseen_labels`: images a split with a label that their mask does not show. These are
        normal in VOC (about 6 % of train_aug): counted, not refused.
    """
    summary: dict[str, Any] = {"cooccurrence": _count_pairs(checked)}
    for split in dict.fromkeys(item.record.split for item in checked):
        items = [item for item in checked if item.record.split == split]
        labels_an_image = Counter(len(item.record.labels) for item in items)
        for key, count in (
            ("images", len(items)),
            ("images_without_mask", sum(item.record.mask is None for item in items)),
            ("images_a_class", _count_classes(items, class_names)),
            ("labels_an_image", labels_an_image),
            ("images_with_unseen_labels", sum(bool(item.unseen_labels) for item in items)),
        ):
            summary.setdefault(key, {})[split] = count
    return summary


def _count_classes(checked: Iterable[CheckedRecord], class_names: Sequence[str]) -> dict[str, int]:
    counts = Counter(label for item in checked for label in item.record.labels)
    return {name: counts[name] for name in class_names}


def _count_pairs(checked: Iterable[CheckedRecord]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for item in checked:
        for label, other in permutations(item.record.labels, 2):
            counts.setdefault(label, Counter())[other] += 1
    return {label: dict(others) for label, others in counts.items()}
