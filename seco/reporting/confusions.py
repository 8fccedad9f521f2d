"""What is confused with what: the confusion matrix of one kind of masks as a chart, and its largest cells in words."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from seco.reporting.blocks import Block, Chart, Prose, Section, Table
from seco.reporting.charts import matrix
from seco.reporting.measurements import Measurement
from seco.scores.confusion import ConfusionMatrix, Values
from seco.storage.label_map import BACKGROUND

_WORST = 10
_LEAST_SHOWN = 0.05  # percent; a matrix of 80 classes is nearly empty
_UNCERTAIN = "(uncertain)"


def confusion_section(item: Measurement, *, class_names: Sequence[str]) -> Section:
    """Return the section "what is confused with what"."""
    names, confusion = ["background", *class_names], item.evaluation.whole
    where = f"{item.source.title}, {item.split}"
    worst = worst_confusions(confusion, class_names=class_names)
    blocks: list[Block] = [Prose(_in_words(worst, worst_misses(confusion, class_names=class_names), where))]
    if not worst.empty:
        shown = pd.DataFrame(
            {
                "confusion": [
                    confused_sentence(*cells)
                    for cells in zip(worst["share_percent"], worst["class"], worst["called"], strict=True)
                ],
                **{name: worst[name] for name in ("share_percent", "pixels")},
            }
        )
        blocks.append(Table(shown, caption=f"The largest confusions between classes ({where})"))
    order = [names[index] for index in _by_confusion(confusion)]
    rows = matrix_rows(confusion, class_names=class_names)
    chart = matrix(rows, y="truth", x="called", value="of the truth's pixels, %", order=order)
    text = (
        "A row for each class of the truth, a column for what its pixels are called, in percent of the row. Below the "
        "background, the classes that are found least come first."
    )
    blocks.append(Chart(chart, alt=f"Confusion matrix of {where}. {text}", caption=text))
    return Section("confusion", "What is confused with what?", tuple(blocks))


def _in_words(worst: pd.DataFrame, misses: pd.DataFrame, where: str) -> str:
    parts = [
        f"{title} {confused_sentence(*frame.iloc[0][['share_percent', 'class', 'called']])}"
        for title, frame in (("Between classes, the largest confusion is:", worst), ("Most of all is missed:", misses))
        if not frame.empty
    ]
    return f"{where}: no class is called another." if not parts else ". ".join(parts) + f" ({where})."


def worst_confusions(confusion: ConfusionMatrix, *, class_names: Sequence[str], most: int = _WORST) -> pd.DataFrame:
    """Return the largest shares of a class that are called another class: class, called, share_percent, pixels.

    Background is no class here: see ``worst_misses``. Pixels that no class was named for are no confusion.
    """
    return _largest(confusion, 100 * row_shares(confusion)[1:, 1:-1], class_names, shift=1, most=most)


def worst_misses(confusion: ConfusionMatrix, *, class_names: Sequence[str], most: int = _WORST) -> pd.DataFrame:
    """Return the largest shares of a class that are called background, as ``worst_confusions``."""
    return _largest(confusion, 100 * row_shares(confusion)[1:, :1], class_names, shift=0, most=most)


def _largest(
    confusion: ConfusionMatrix, shares: Values, class_names: Sequence[str], *, shift: int, most: int
) -> pd.DataFrame:
    """Return the largest of shares ``[K, C]`` beside the diagonal, whose columns begin with the class id `shift`."""
    names, rows = ["background", *class_names], []
    for flat in np.argsort(-shares, axis=None, kind="stable").tolist():
        row, column = divmod(flat, shares.shape[1])
        truth, called = row + 1, column + shift
        if len(rows) == most or not shares[row, column]:
            break
        if truth != called:
            pixels = int(confusion.counts[truth, called])
            rows.append((names[truth], names[called], float(shares[row, column]), pixels))
    return pd.DataFrame(rows, columns=pd.Index(["class", "called", "share_percent", "pixels"]))


def confused_sentence(percent: float, truth: str, called: str) -> str:
    """Return a cell in words."""
    return f"{percent:.1f} % of the pixels of {truth} are called {called}"


def row_shares(confusion: ConfusionMatrix) -> Values:
    """Return the share of each true class's pixels that is called each class, ``[K+1, K+2]``; 0 without any."""
    whole = confusion.counts.sum(axis=1, keepdims=True)
    return confusion.counts / np.maximum(whole, 1)


def matrix_rows(confusion: ConfusionMatrix, *, class_names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the cells of the chart: those that round to at least 0.1 %, and the diagonal of classes that occur."""
    shares, names = 100 * row_shares(confusion), ["background", *class_names, _UNCERTAIN]
    shown = shares >= _LEAST_SHOWN
    occurs = np.flatnonzero(confusion.occurs())
    shown[occurs, occurs] = True
    return [
        {"y": names[truth], "x": names[called], "value": round(float(shares[truth, called]), 3)}
        for truth, called in np.argwhere(shown).tolist()
    ]


def _by_confusion(confusion: ConfusionMatrix) -> list[int]:
    """Return the class ids: background, then the classes that are found least, then those without pixels."""
    recall = np.nan_to_num(confusion.recall(), nan=2.0)
    recall[BACKGROUND] = -1
    return np.argsort(recall, kind="stable").tolist()
