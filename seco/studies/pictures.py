"""The pictures of a study: scores, where every run is a dot, and the share of right patch tags over time."""

import math
from collections.abc import Mapping, Sequence
from itertools import cycle, pairwise
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib import color_sequences
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import ColorType

from seco.reporting.figures import COLOURS, to_png
from seco.studies.results import SPANS, Row
from seco.studies.study_tables import BIASED, CAM, CONFUSION, MIOU

_WIDTH = 10.0  # inches
_DPI = 130
_GREY = "#707070"
_STYLES = ("-", "--")  # of the scores, where colours tell lines apart
_LINE = 0.17  # inches of a line of a legend
_LEGEND = 65  # characters of a legend or title as wide as half a picture
_APART = 0.045  # of the axis: marks of nearer ticks would overlap
Panels = Mapping[str, Mapping[str, str]]
"""By title and by label: the column of the score."""


def study_picture(scores: pd.DataFrame, *, key: str | None) -> bytes:
    """Draw the scores of a study as a PNG: dots for each variant or, where a key is swept, curves over its values."""
    ratios = {"all classes": CONFUSION, "biased classes": BIASED}
    measured = {label: column for label, column in ratios.items() if scores[column].notna().any()}
    panels = {
        "mIoU, %": {"segmentation": MIOU, "CAM seed": CAM},
        "confusion ratio, FP / TP (lower is better)": measured,
    }
    return to_png(_variants(scores, panels) if key is None else _sweep(scores, panels, key=key), _DPI)


def tag_picture(rows: Sequence[Row]) -> bytes | None:
    """Draw the share of right patch tags over time as a PNG; None where none were judged.

    Left: class tags of each variant, as the CAM gave them and those that rectification kept. Right: the tags of the
    reference, a curve a class.
    """
    columns = [name for name in rows[0] if name.startswith("tags/")]
    shares = 100 * pd.DataFrame([*rows]).set_index("variant")[columns]
    means = shares.groupby("variant", sort=False).mean().dropna(how="all").dropna(axis="columns", how="all")
    if means.empty:
        return None
    lines = _legend_lines([*means.index, "kept by eq. 7"], columns=5)
    figure = Figure(figsize=(_WIDTH, 3.5 + _LINE * lines), facecolor="white", layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    colours = color_sequences["tab10" if len(means) <= 10 else "tab20"]
    for name, colour in zip(means.index, cycle(colours), strict=False):
        _tag_curve(left, means.loc[name], "all", colour, label=str(name))
        _tag_curve(left, means.loc[name], "kept", colour, style=_STYLES[1])
    left.plot([], [], color=_GREY, linestyle=_STYLES[1], label="kept by eq. 7")
    reference = rows[0]["reference"] if rows[0]["reference"] in means.index else means.index[0]
    own = means.loc[reference].dropna()
    judged = dict.fromkeys(column.split("/")[1] for column in own.index)
    for number, name in enumerate(name for name in judged if name not in ("all", "kept")):
        _tag_curve(right, own, name, f"C{number % 10}", style=_STYLES[number // 10 % 2], label=name)
    for axis, title in ((left, "right class tags, %"), (right, f"right tags of {reference}, %, by what they say")):
        axis.set_xlabel("training, %", fontsize=9)
        _finish_panel(axis, title=title, columns=5)
    return to_png(figure, _DPI)


def _tag_curve(
    axis: Axes, means: pd.Series, whose: str, colour: ColorType, *, style: str = "-", label: str = ""
) -> None:
    """Draw the share of right tags at the middle of each tenth of training that has one."""
    values = means.reindex([f"tags/{whose}/{span}" for span in range(1, SPANS + 1)])
    axis.plot((np.arange(SPANS) + 0.5) * 100 / SPANS, values, marker=".", color=colour, linestyle=style)
    if label:
        axis.plot([], [], color=colour, linestyle=style, label=label)


def _variants(scores: pd.DataFrame, panels: Panels) -> Figure:
    """Draw the dots of each variant, a line of them for each score, and a stroke at their mean."""
    variants = [*scores.groupby("variant", sort=False)]
    figure = Figure(figsize=(_WIDTH, 1.3 + 0.45 * len(variants)), facecolor="white", layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axis, (title, columns) in zip(axes, panels.items(), strict=True):
        for index, (label, column) in enumerate(columns.items()):
            shift, colour = (index - (len(columns) - 1) / 2) * 0.3, COLOURS[index]
            for place, (_, runs) in enumerate(variants):
                values = runs[column]
                axis.plot(values, [place + shift] * len(values), "o", color=colour, alpha=0.45, markersize=4)
                axis.plot(
                    [values[np.isfinite(values)].mean()],
                    [place + shift],
                    "|",
                    color=colour,
                    markersize=13,
                    markeredgewidth=2.5,
                )
            axis.plot([], [], "o", color=colour, markersize=4, label=label)
        _finish_panel(axis, title=title, columns=len(columns))
    axes[0].set_yticks(range(len(variants)), [name for name, _ in variants])
    axes[0].set_ylim(len(variants) - 0.5, -0.5)
    return figure


def _sweep(scores: pd.DataFrame, panels: Panels, *, key: str) -> Figure:
    """Draw a curve through the means of each score; where there are several lines, each has its colour."""
    figure = Figure(figsize=(_WIDTH, 4.0), facecolor="white", layout="constrained")
    places = place_values(scores["value"])
    scores = scores.assign(place=scores["value"].map(places)).replace([math.inf], math.nan)
    lines = [*scores.groupby("line", sort=False)]
    for axis, (title, columns) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        for number, (line, runs) in enumerate(lines):
            for index, column in enumerate(columns.values()):
                colour, style = (COLOURS[number], _STYLES[index]) if line else (COLOURS[index], "-")
                axis.plot(runs["place"], runs[column], "o", color=colour, alpha=0.35, markersize=4)
                axis.plot(runs.groupby("place")[column].mean(), color=colour, linestyle=style)
            if line:
                axis.plot([], [], color=COLOURS[number], label=line)
        for index, label in enumerate(columns):
            colour, style = (_GREY, _STYLES[index]) if lines[0][0] else (COLOURS[index], "-")
            axis.plot([], [], color=colour, linestyle=style, label=label)
        axis.set_xticks([*places.values()], [*places])
        axis.set_xlabel(key, fontsize=9)
        _finish_panel(axis, title=title, columns=len(columns) + len(lines))
    return figure


def place_values(values: Sequence[str] | pd.Series) -> dict[str, float]:
    """Return where on the axis each value stands: at itself, at its logarithm, or one after the other.

    The first of these in which the marks of all values can be told apart.
    """
    unique = [*dict.fromkeys(values)]
    try:
        numbers = sorted((float(value), value) for value in unique)
    except ValueError:
        return {value: float(place) for place, value in enumerate(unique)}
    scales = [np.asarray, np.log] if numbers[0][0] > 0 else [np.asarray]
    for scale in scales:
        places = [float(place) for place in scale([number for number, _ in numbers])]
        if all(right - left > _APART * (places[-1] - places[0]) for left, right in pairwise(places)):
            return dict(zip([value for _, value in numbers], places, strict=True))
    return {value: float(place) for place, (_, value) in enumerate(numbers)}


def _finish_panel(axis: Axes, *, title: str, columns: int) -> None:
    """Give a panel its title, its grid and a legend below it."""
    axis.set_title(fill(title, _LEGEND), fontsize=10, loc="left")
    axis.tick_params(axis="both", length=0, labelsize=8)
    axis.grid(color="#e0e0e0", linewidth=0.8)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "bottom", "left"]].set_visible(False)
    labels = axis.get_legend_handles_labels()[1]
    columns = math.ceil(len(labels) / _legend_lines(labels, columns=columns))
    tight = {"handlelength": 1.4, "handletextpad": 0.5, "columnspacing": 1.2, "frameon": False, "fontsize": 8}
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=4.5, ncols=columns, **tight)


def _legend_lines(labels: Sequence[str], *, columns: int) -> int:
    """Return how many lines a legend below a panel needs, with so many columns at most."""
    room = _LEGEND // (4 + max(map(len, labels)))
    return math.ceil(len(labels) / max(1, min(columns, room)))
