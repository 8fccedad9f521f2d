"""The report as one Markdown page."""

from collections.abc import Sequence

import pandas as pd

from seco.reporting.tables import side_by_side, to_markdown
from seco.scores.metrics import METRICS

_INTRODUCTION = """\
Shares are in percent. The confusion ratio is FP / TP (lower is better); its mean runs over the foreground classes
for which it is finite. IoU, precision and recall are means over the classes that occur in the truth, background
included. Uncertain pixels of a mask count as missed.
"""
_FEW_IMAGES = 10
_PAIRS = """\
What the false pixels of a class really show: pixels predicted as the class whose truth is the other one, divided by
the true positives of the class. The pairs are those that most often share an image; lift is how much more often than
by chance.
"""
_CONTEXTS = """\
The confusion ratio of a class over the images with a context and over those without it; the largest differences
first, where at least {few} images of either kind show the class. "biased" is the context of the images whose objects
and surroundings go together by design.
"""


def compose_page(
    *,
    headline: pd.DataFrame,
    classes: pd.DataFrame,
    pairs: pd.DataFrame,
    contexts: pd.DataFrame,
    notes: Sequence[str],
    figures: Sequence[str],
    rows: int,
) -> str:
    """Return the page; `rows` bounds the tables of pairs and contexts, `figures` are paths relative to the page.

    Without any scores it has notes and pictures only.
    """
    parts = ["# Report\n", *([to_markdown(headline), _INTRODUCTION] if len(headline) else [])]
    if notes:
        parts.append("\n".join(f"- {note}" for note in notes) + "\n")
    if len(headline):
        parts += _scores(classes, pairs, contexts, rows)
    parts += ["## Pictures\n", *(f"![{path}]({path})\n" for path in figures)]
    return "\n".join(parts)


def _scores(classes: pd.DataFrame, pairs: pd.DataFrame, contexts: pd.DataFrame, rows: int) -> list[str]:
    """Return the sections of classes, pairs and contexts."""
    parts: list[str] = []
    for metric in (metric for metric in METRICS.values() if metric.prominent):
        scores = side_by_side(classes, index=["class"], value=metric.class_column)
        heading = f"## {metric.title} of each class" + " (%)" * metric.percent
        parts += [f"{heading}\n", to_markdown(scores, decimals=1 if metric.percent else 2)]
    together = most_together(pairs, rows)
    if not together.empty:
        parts += ["## Classes that occur together\n", _PAIRS, to_markdown(together)]
    frequent = contexts.loc[contexts[["images_with", "images_without"]].min(axis=1) >= _FEW_IMAGES]
    if not frequent.empty:
        largest = frequent.sort_values(by="difference", ascending=False, kind="stable").head(rows)
        parts += ["## Contexts\n", _CONTEXTS.format(few=_FEW_IMAGES), to_markdown(largest)]
    return parts


def most_together(pairs: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return the confusion of the pairs of classes that most often share an image, sources side by side.

    Args:
        pairs: the frame of `pair_table`.
        rows: number of pairs. Each takes two rows, one for each direction (horse predicted as person, person predicted
            as horse). Pairs that share an image no more often than by chance (lift at most 1) are left out.
    """
    tied = pairs.loc[(pairs["images_together"] > 0) & (pairs["lift"] > 1)]
    ranked = tied.sort_values(by="images_together", ascending=False, kind="stable")
    keys = [frozenset(pair) for pair in zip(ranked["class"], ranked["other"], strict=True)]
    rank = {key: index for index, key in enumerate(dict.fromkeys(keys)) if index < rows}
    ranked = ranked.assign(rank=[rank.get(key, rows) for key in keys])
    # Sorted by rank, so that the two directions of a pair stand together where pairs meet equally often.
    chosen = ranked.loc[ranked["rank"] < rows].sort_values(by="rank", kind="stable")
    return side_by_side(chosen, index=["class", "other", "images_together", "lift"], value="confusion_ratio")
