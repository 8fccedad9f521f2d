"""What a data set holds, in numbers: the content of `summary.json`."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from seco.data.checking import CheckedRecord


def summarise(
    checked: Sequence[CheckedRecord], *, class_names: Sequence[str], left_out: Mapping[str, int], problems: int
) -> dict[str, Any]:
    """Count images, labels and masks.

    Args:
        checked: the images.
        class_names: foreground classes in id order.
        left_out: split → images that are left out since they have no label.
        problems: number of problems for which images are left out.

    Returns:
        `images`: images a split; `images_without_mask`, `images_without_label`: the same for those;
        `images_a_class`: split → class → images; `labels_an_image`: split → number of labels → images;
        `images_with_unseen_labels`: images a split with a label that their mask does not show. These are normal in VOC
        (about 6 % of train_aug): counted, not refused. `images_with_unnamed_classes`: the other way round.
        `left_out_without_label` and `problems`: as given.
    """
    summary: dict[str, Any] = {"left_out_without_label": dict(left_out), "problems": problems}
    for split in dict.fromkeys(item.record.split for item in checked):
        items = [item for item in checked if item.record.split == split]
        masked = [(set(item.record.labels), set(item.shown)) for item in items if item.shown is not None]
        for key, count in (
            ("images", len(items)),
            ("images_without_mask", len(items) - len(masked)),
            ("images_without_label", sum(not item.record.labels for item in items)),
            ("images_a_class", _count_classes(items, class_names)),
            ("labels_an_image", dict(sorted(Counter(len(item.record.labels) for item in items).items()))),
            ("images_with_unseen_labels", sum(bool(labels - shown) for labels, shown in masked)),
            ("images_with_unnamed_classes", sum(bool(shown - labels) for labels, shown in masked)),
        ):
            summary.setdefault(key, {})[split] = count
    return summary


def _count_classes(checked: Iterable[CheckedRecord], class_names: Sequence[str]) -> dict[str, int]:
    counts = Counter(label for item in checked for label in item.record.labels)
    return {name: counts[name] for name in class_names}
