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
_UNCERTAIN = "uncertain"


def confusion_section(item: Measurement, *, class_names: Sequence[str]) -> Section:
    """Return the section "what is confused with what"."""
    names, confusion = ["background", *class_names], item.evaluation.whole
    where = f"{item.source.title}, {item.split}"
    worst = worst_confusions(confusion, class_names=class_names)
    blocks: list[Block] = []
    if worst.empty:
        blocks.append(Prose("No class that the truth masks show is called another one."))
    else:
        first = worst.iloc[0]
        sentence = confused_sentence(first["share_percent"], first["class"], first["called"])
        blocks += [
            Prose(f"The largest confusion of {where}: {sentence}."),
            Table(worst, caption=f"The largest confusions: of the pixels of a class, those called another ({where})"),
        ]
    order = [names[index] for index in _by_confusion(confusion)]
    chart = matrix(
        matrix_rows(confusion, class_names=class_names), y="truth", x="called", value="of the truth's pixels, %", order=order
    )
    text = (
        "A row for each class of the truth, a column for what its pixels are called, in percent of the row. The most "
        "confused classes come first."
    )
    blocks.append(Chart(chart, alt=f"Confusion matrix of {where}. {text}", caption=text))
    return Section("confusion", "What is confused with what?", tuple(blocks))


def worst_confusions(confusion: ConfusionMatrix, *, class_names: Sequence[str], most: int = _WORST) -> pd.DataFrame:
    """Return the largest cells beside the diagonal: class, called, share_percent, pixels, and the sentence in_words.

    Pixels that no class was named for are misses and no confusion; background called a class counts.
    """
    names, shares = ["background", *class_names], 100 * row_shares(confusion)[:, :-1]
    np.fill_diagonal(shares, 0)
    rows: list[dict[str, Any]] = []
    for flat in np.argsort(-shares, axis=None, kind="stable")[:most].tolist():
        truth, called = divmod(flat, shares.shape[1])
        if shares[truth, called] > 0:
            rows.append(
                {
                    "class": names[truth],
                    "called": names[called],
                    "share_percent": float(shares[truth, called]),
                    "pixels": int(confusion.counts[truth, called]),
                    "in_words": confused_sentence(shares[truth, called], names[truth], names[called]),
                }
            )
    return pd.DataFrame(rows, columns=pd.Index(["class", "called", "share_percent", "pixels", "in_words"]))


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
