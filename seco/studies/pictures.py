"""The pictures of a study: scores, where every run is a dot, and how many patch tags were right over time."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seco.reporting.figures import COLOURS, to_png
from seco.studies.results import Row
from seco.studies.scores import Measures, by_variant, judged, tag_purity
from seco.studies.statistics import summarise
from seco.studies.tag_curves import ALL, KEPT, SPANS

_WIDTH = 10.0  # inches
_DPI = 130
_STYLES = ("-", "--")  # of the scores, where colours tell lines apart
_APART = 0.045  # of the axis: nearer ticks would write over each other
Score = Callable[[Row], float]
Panels = Mapping[str, Mapping[str, Score]]
"""By title and by name of the score."""


def draw_study(rows: Sequence[Row], measures: Measures, *, key: str | None) -> bytes:
    """Draw a study as a PNG: a line of dots a variant, or a curve a line over the values of the key that is swept."""
    panels: dict[str, dict[str, Score]] = {
        "mIoU, %": {
            "segmentation": lambda row: 100 * measures.segmentation(row, "miou"),
            "CAM seed": lambda row: 100 * measures.cam_miou(row),
        },
        "confusion ratio, FP / TP (lower is better)": {
            "all classes": lambda row: measures.segmentation(row, "confusion_ratio"),
        },
    }
    if measures.classes:
        panels["confusion ratio, FP / TP (lower is better)"]["biased classes"] = measures.biased_confusion
    figure = _draw_variants(by_variant(rows), panels) if key is None else _draw_sweep(rows, panels, key=key)
    return to_png(figure, _DPI)


def draw_tags(rows: Sequence[Row]) -> bytes | None:
    """Draw the share of right patch tags over time as a PNG; None where none were judged.

    The panels: each variant's class tags as the CAM gave them and those that rectification kept; and the reference's,
    a class each.
    """
    variants = {name: of_seed for name, of_seed in by_variant(rows).items() if judged([*of_seed.values()])}
    if not variants:
        return None
    figure = Figure(figsize=(_WIDTH, 4.0), facecolor="white", layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for number, (name, of_seed) in enumerate(variants.items()):
        for whose, style in zip((ALL, KEPT), _STYLES, strict=True):
            _course(left, [*of_seed.values()], whose, colour=f"C{number}", style=style)
        left.plot([], [], color=f"C{number}", label=name)
    left.plot([], [], color="#707070", linestyle=_STYLES[1], label="kept by eq. 7")
    reference = rows[0].reference if rows[0].reference in variants else next(iter(variants))
    own = [*variants[reference].values()]
    for number, name in enumerate(whose for whose in judged(own) if whose not in (ALL, KEPT)):
        colour, style = f"C{number % 10}", _STYLES[number // 10 % 2]
        _course(right, own, name, colour=colour, style=style)
        right.plot([], [], color=colour, linestyle=style, label=name)
    for axis, title in ((left, "right class tags, %"), (right, f"right tags of {reference}, %, by what they say")):
        axis.set_xlabel("training, %", fontsize=9)
        _dress(axis, title=title, columns=5)
    return to_png(figure, _DPI)


def _course(axis: Axes, rows: Sequence[Row], whose: str, *, colour: str, style: str) -> None:
    """Draw the mean over runs of the share of right tags, at the middle of each span that has some."""
    spans = range(1, SPANS + 1)
    means = [100 * summarise([tag_purity(row, span, whose=whose) for row in rows]).mean for span in spans]
    axis.plot([(span - 0.5) * 100 / SPANS for span in spans], means, marker=".", color=colour, linestyle=style)


def _draw_variants(variants: Mapping[str, Mapping[int, Row]], panels: Panels) -> Figure:
    """Draw the dots of each variant on lines of its own, one a score, and a stroke at their mean."""
    figure = Figure(figsize=(_WIDTH, 1.3 + 0.45 * len(variants)), facecolor="white", layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axis, (title, scores) in zip(axes, panels.items(), strict=True):
        for index, (name, score) in enumerate(scores.items()):
            shift, colour = (index - (len(scores) - 1) / 2) * 0.3, COLOURS[index]
            for place, of_seed in enumerate(variants.values()):
                values = [score(row) for row in of_seed.values()]
                axis.plot(values, [place + shift] * len(values), "o", color=colour, alpha=0.45, markersize=4)
                mean = summarise(values).mean
                axis.plot([mean], [place + shift], "|", color=colour, markersize=13, markeredgewidth=2.5)
            axis.plot([], [], "o", color=colour, markersize=4, label=name)
        _dress(axis, title=title, columns=len(scores))
    axes[0].set_yticks(range(len(variants)), list(variants))
    axes[0].set_ylim(len(variants) - 0.5, -0.5)
    return figure


def _draw_sweep(rows: Sequence[Row], panels: Panels, *, key: str) -> Figure:
    """Draw a curve through the means for each score; where there are several lines, each has its colour."""
    figure = Figure(figsize=(_WIDTH, 4.0), facecolor="white", layout="constrained")
    places = place_values([row.value for row in rows])
    lines = [*dict.fromkeys(row.line for row in rows)]
    for axis, (title, scores) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        for number, line in enumerate(lines):
            own = [row for row in rows if row.line == line]
            for index, score in enumerate(scores.values()):
                colour, style = (COLOURS[number], _STYLES[index]) if line else (COLOURS[index], "-")
                _curve(axis, own, score, places, colour=colour, style=style)
        for number, line in enumerate(filter(None, lines)):
            axis.plot([], [], color=COLOURS[number], label=line)
        for index, name in enumerate(scores):
            colour, style = ("#707070", _STYLES[index]) if lines[0] else (COLOURS[index], "-")
            axis.plot([], [], color=colour, linestyle=style, label=name)
        axis.set_xticks([*places.values()], [*places])
        axis.set_xlabel(key, fontsize=9)
        _dress(axis, title=title, columns=len(scores) + len(lines))
    return figure


def _curve(
    axis: Axes, rows: Sequence[Row], score: Score, places: Mapping[str, float], *, colour: str, style: str
) -> None:
    """Draw the dots of all runs and the curve of their means."""
    at = [places[row.value] for row in rows]
    axis.plot(at, [score(row) for row in rows], "o", color=colour, alpha=0.35, markersize=4)
    values = sorted({row.value for row in rows}, key=lambda value: places[value])
    means = [summarise([score(row) for row in rows if row.value == value]).mean for value in values]
    axis.plot([places[value] for value in values], means, color=colour, linestyle=style)


def place_values(values: Sequence[str]) -> dict[str, float]:
    """Return where on the axis each value stands: at itself, at its logarithm, or one after the other.

    The first of these in which the marks of all values can be told apart.
    """
    unique = [*dict.fromkeys(values)]
    try:
        numbers = sorted((float(value), value) for value in unique)
    except ValueError:
        return {value: float(place) for place, value in enumerate(unique)}
    linear = {value: number for number, value in numbers}
    if _are_apart([*linear.values()]):
        return linear
    logarithmic = {value: math.log(number) for number, value in numbers if number > 0}
    if len(logarithmic) == len(linear) and _are_apart([*logarithmic.values()]):
        return logarithmic
    return {value: float(place) for place, (_, value) in enumerate(numbers)}


def _are_apart(places: Sequence[float]) -> bool:
    width = places[-1] - places[0]
    return all(right - left > _APART * width for left, right in pairwise(places))


def _dress(axis: Axes, *, title: str, columns: int) -> None:
    """Give a panel its title, and its legend below, where it hides nothing."""
    axis.set_title(title, fontsize=10, loc="left")
    axis.tick_params(axis="both", length=0, labelsize=8)
    axis.grid(color="#e0e0e0", linewidth=0.8)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "bottom", "left"]].set_visible(False)
    tight = {"handlelength": 1.4, "handletextpad": 0.5, "columnspacing": 1.2, "frameon": False, "fontsize": 8}
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=columns, **tight)
