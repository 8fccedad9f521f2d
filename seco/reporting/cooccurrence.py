"""Does what occurs together get confused? Frames of all pairs of classes, with intervals over images."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from seco.reporting.intervals import INTERVAL, interval_cell, interval_cells
from seco.reporting.measurements import Measurement
from seco.scores.confusion import Counts
from seco.scores.cooccurrence import SHARES, pair_confusions
from seco.storage.pairs import lift

_PAGE = {
    "on_other": "of the other class",
    "on_background": "of background, both in the image",
    "on_background_alone": "of background, the class alone",
    "gap": "gap",
}
"""The shares of pairs that the page shows, and what it calls them."""
_COUNTS = ("images_both", "images_alone", "images_other_alone")
_FIRST = ("masks", "split", "class", "other", "tied", *_COUNTS, "images_together", "lift")
_COLUMNS = (*_FIRST, *(f"{name}{end}_percent" for name in SHARES for end in INTERVAL))
_RELATED = ("lift", "images_together")
_CORRELATIONS = ("masks", "split", "pairs", *(f"{name}{end}" for name in _RELATED for end in INTERVAL))


class Cooccurrence(NamedTuple):
    """What goes together, and what gets confused."""

    pairs: pd.DataFrame
    """A row for each source, split and ordered pair (class, other): whether the pair is one of ``tied_pairs`` (1 or 0),
    images of the split that show both, the class alone and the other alone, images of the data set whose labels name
    both, their lift, and each share of ``seco.scores.cooccurrence.SHARES`` in percent in three columns: its value and
    the ends of its 95 % interval. Pairs that no image of the split shows are left out unless at least 1 % of the
    class's false pixels show the other. Tied pairs come first, and of each kind those that share most images."""
    correlations: pd.DataFrame
    """A row for each source and split: the number of pairs, and the rank correlations of their lift and of the images
    they share with ``confusion``, over all pairs; three columns each."""


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


def cooccurrence(
    measurements: Sequence[Measurement], *, class_names: Sequence[str], together: Counts, num_images: int, most: int
) -> Cooccurrence:
    """Compare how often classes share an image with how often they are confused; arguments as of ``tied_pairs``."""
    lifts = lift(together, num_images=num_images)
    related = {"lift": lifts, "images_together": together.astype(np.float64)}
    tied = set(tied_pairs(together, num_images=num_images, most=most))
    names = np.array(["background", *class_names])
    frames, correlations = [pd.DataFrame(columns=pd.Index(_COLUMNS))], []
    for item in measurements:
        found = pair_confusions(item.evaluation.by_image, related=related)
        chosen = np.flatnonzero(found.is_met)
        met, pairs = together[found.class_ids, found.others], zip(found.class_ids, found.others, strict=True)
        is_tied = np.array([pair in tied for pair in pairs], dtype=np.int64)
        chosen = chosen[np.lexsort([-met[chosen], -is_tied[chosen]])]
        ids = found.class_ids[chosen], found.others[chosen]
        counts = {name: getattr(found, name)[chosen] for name in _COUNTS}
        frame = {
            **item.key,
            "class": names[ids[0]],
            "other": names[ids[1]],
            "tied": is_tied[chosen],
            **counts,
            "images_together": met[chosen],
            "lift": lifts[ids],
            **{
                f"{name}{end}_percent": 100 * values[chosen]
                for name in SHARES
                for end, values in zip(INTERVAL, found.shares[name], strict=True)
            },
        }
        frames.append(pd.DataFrame(frame, columns=pd.Index(_COLUMNS)))
        row: dict[str, Any] = {**item.key, "pairs": len(found.class_ids)}
        for name, interval in found.correlations.items():
            row |= {f"{name}{end}": value for end, value in zip(INTERVAL, interval, strict=True)}
        correlations.append(row)
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    return Cooccurrence(
        pd.concat(filled, ignore_index=True), pd.DataFrame(correlations, columns=pd.Index(_CORRELATIONS))
    )


def tied_rows(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``tied_pairs`` whose classes an image of the split shows together."""
    return pairs.loc[(pairs["tied"] == 1) & (pairs["images_both"] > 0)]


def shares_with_intervals(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a page: each share in one cell, "12.3 (8.1 to 16.0)"."""
    page = table[["masks", "split", "class", "other", "images_both", "images_alone", "lift"]].copy()
    for name, title in _PAGE.items():
        page[f"{title} %"] = interval_cells(table, name, suffix="_percent")
    return page


def answer(table: pd.DataFrame) -> str:
    """Say in a sentence whether co-occurring classes, and the context that comes with them, are confused."""
    sure = [row for row in table.to_dict("records") if row["gap_low_percent"] > 0]
    ranked = sorted(sure, key=lambda row: -row["gap_percent"])
    parts = [f"{row['class']} with {row['other']} ({row['masks']}, {row['split']})" for row in ranked]
    total = table["gap_low_percent"].notna().sum()
    if not total:
        return "Too few images show the classes of a pair together and alone to measure a gap with its interval."
    if not parts:
        return f"In none of {total} rows is the gap above 0 with its whole interval."
    return f"In {len(parts)} of {total} rows the gap is above 0 with its whole interval: {', '.join(parts)}."


def verdict(correlations: pd.DataFrame) -> str:
    """Say in a sentence whether what goes together gets confused, by the first split of the last masks."""
    last = correlations.loc[correlations["masks"] == correlations["masks"].iloc[-1]]
    row = last.iloc[0].to_dict()
    where = f"{row['masks']}, {row['split']}"
    value, low, high = (row[f"lift{end}"] for end in INTERVAL)
    if math.isnan(value) or math.isnan(low):
        return f"Whether what goes together gets confused cannot be said of {row['pairs']} pairs ({where})."
    if low > 0:
        found = "Yes: the more often two classes share images, the more pixels of the one are called the other"
    elif high < 0:
        found = (
            "No, the opposite: the more often two classes share images, the fewer pixels of one are called the other"
        )
    else:
        found = (
            "Not measurably: how often two classes share images does not tell how many pixels of the one are called "
            "the other"
        )
    correlation = interval_cell(value, low, high, decimals=2)
    return f"{found} ({where}: rank correlation {correlation} over {row['pairs']} ordered pairs)."
