"""On which backgrounds a class is seen where it is not: a frame for data sets that know their contexts."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from seco.reporting.measurements import Measurement
from seco.scores.surroundings import surroundings
from seco.storage.contexts import BIASED
from seco.storage.label_map import BACKGROUND

_COLUMNS = (
    *("masks", "split", "class", "context", "images"),
    *("of_false_percent", "of_false_low_percent", "of_false_high_percent", "of_background_percent"),
)


def surroundings_table(
    measurements: Sequence[Measurement], *, class_names: Sequence[str], contexts: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Return where the background lies that is taken for each class, the most frequent context first.

    Columns masks, split, class, context, images (of the split, with the context), of_false_percent (of the background
    pixels taken for the class, those in images with the context; with its 95 % interval), of_background_percent (of all
    background pixels). Contexts that are classes are left out, and classes for which no background is taken.

    Args:
        measurements: the evaluations.
        class_names: foreground classes in id order.
        contexts: image id → contexts, as of ``read_contexts``; empty where none is known.
    """
    left_out = {BIASED, *class_names}
    places = {image: [name for name in names if name not in left_out] for image, names in contexts.items()}
    rows: list[dict[str, Any]] = []
    for item in measurements:
        found = surroundings(item.evaluation.by_image, places)
        for class_id, name in enumerate(class_names, start=BACKGROUND + 1):
            shares = [
                {
                    **item.key,
                    "class": name,
                    "context": context,
                    "images": int(images),
                    **dict(zip(_COLUMNS[5:8], (100 * found.of_false[:, index, class_id]).tolist(), strict=True)),
                    "of_background_percent": 100 * float(found.of_background[index]),
                }
                for index, (context, images) in enumerate(zip(found.contexts, found.images, strict=True))
            ]
            known = [row for row in shares if row["of_false_percent"] >= 0]  # not NaN
            rows += sorted(known, key=lambda row: -row["of_false_percent"])
    return pd.DataFrame(rows, columns=pd.Index(_COLUMNS))


def surroundings_sentences(table: pd.DataFrame) -> list[str]:
    """Say of each class, source and split on which background it is seen more than that background's share.

    Of a class, the context whose interval lies above its share of all background by most; classes without one are left
    out.
    """
    excess = table["of_false_low_percent"] - table["of_background_percent"]
    sure = table.assign(excess=excess)[excess > 0]
    best = sure.loc[sure.groupby(["masks", "split", "class"], sort=False)["excess"].idxmax()]
    return [
        f"{row['class']}: {row['of_false_percent']:.0f} % of its false positives on background lie in images with "
        f"{row['context']}, which hold {row['of_background_percent']:.0f} % of all background "
        f"({row['masks']}, {row['split']})."
        for row in best.to_dict("records")
    ]
