"""Does what occurs together get confused? A table of pairs of classes, with intervals over images."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from seco.reporting.measurements import Measurement
from seco.scores.confusion import Counts
from seco.scores.cooccurrence import PairConfusion, pair_confusions
from seco.storage.pairs import lift

SHARES = {
    "on_other": "of the other class",
    "on_background": "of background, both in the image",
    "on_background_alone": "of background, the class alone",
    "gap": "gap",
}
"""The shares of a pair (see ``PairConfusion``), and what the page calls them."""
_COUNTS = ("masks", "split", "class", "other", "images_both", "images_alone", "lift")
_ENDS = ("", "_low", "_high")  # of a share: its value and its interval
_COLUMNS = (*_COUNTS, *(f"{name}{end}_percent" for name in SHARES for end in _ENDS))


def tied_pairs(together: Counts, *, num_images: int, most: int) -> list[tuple[int, int]]:
    """Return the pairs of classes (A, B) that share images more often than by chance, each in both directions.

    Args:
        together: images that show two classes, as of ``read_pairs``.
        num_images: number of images that were counted.
        most: number of pairs that are returned, those with the most images in common first.
    """
    lifts = lift(together, num_images=num_images)
    upper = np.argwhere(np.triu((together > 0) & (np.nan_to_num(lifts) > 1), k=1)).tolist()
    chosen = sorted(upper, key=lambda pair: -together[tuple(pair)])[:most]
    return [pair for a, b in chosen for pair in ((a, b), (b, a))]


def cooccurrence_table(
    measurements: Sequence[Measurement], *, class_names: Sequence[str], together: Counts, num_images: int, most: int
) -> pd.DataFrame:
    """Return a row for each source, split and pair of ``tied_pairs``: counts, lift, and shares in percent.

    A share has three columns: its value and the ends of its 95 % interval. Pairs that no image of the split shows
    together are left out.
    """
    names, lifts = ["background", *class_names], lift(together, num_images=num_images)
    pairs = tied_pairs(together, num_images=num_images, most=most)
    rows: list[dict[str, Any]] = []
    for item in measurements:
        for found in pair_confusions(item.evaluation.by_image, pairs):
            if found.images_both:
                row = {
                    "class": names[found.class_id],
                    "other": names[found.other],
                    "images_both": found.images_both,
                    "images_alone": found.images_alone,
                    "lift": lifts[found.class_id, found.other],
                }
                rows.append({**item.key, **row, **_shares(found)})
    return pd.DataFrame(rows, columns=pd.Index(_COLUMNS))


def with_intervals(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a page: each share in one cell, "12.3 (8.1 to 16.0)"."""
    page = table[[*_COUNTS]].copy()
    for name, title in SHARES.items():
        ends = (table[f"{name}{end}_percent"] for end in _ENDS)
        page[f"{title} %"] = [_cell(*values) for values in zip(*ends, strict=True)]
    return page


def answer(table: pd.DataFrame) -> str:
    """Say in a sentence whether co-occurring classes, and the context that comes with them, are confused."""
    sure = [row for row in table.to_dict("records") if row["gap_low_percent"] > 0]
    ranked = sorted(sure, key=lambda row: -row["gap_percent"])
    parts = [f"{row['class']} with {row['other']} ({row['masks']}, {row['split']})" for row in ranked]
    total = table["gap_low_percent"].notna().sum()
    if not parts:
        return f"In none of {total} rows is the gap above 0 with its whole interval."
    return f"In {len(parts)} of {total} rows the gap is above 0 with its whole interval: {', '.join(parts)}."


def _shares(found: PairConfusion) -> dict[str, float]:
    return {
        f"{name}{end}_percent": 100 * value
        for name in SHARES
        for end, value in zip(_ENDS, getattr(found, name), strict=True)
    }


def _cell(value: float, low: float, high: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.1f}" + ("" if math.isnan(low) else f" ({low:.1f} to {high:.1f})")
