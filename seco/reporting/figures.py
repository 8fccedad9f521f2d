"""Figures of a report as PNG bytes, made without pyplot and its global state."""

import io
import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from seco.reporting.lettering import lettered, lettering
from seco.reporting.overlays import RGB

_DPI = 130
_MOST_BYTES = 1_000_000
_WIDTH = 10.0  # inches: 1300 pixels at the most
_LEGEND_COLUMNS = 8
_LEGEND_LINE = 150  # signs of all columns that fit beside each other
_LEGEND_PATCH = 6  # signs that fit into the space of a patch and of the gap to the next column
COLOURS = ("#4c72b0", "#dd8452", "#55a868", "#c44e52", "#8172b3")


@lettering()
def overview_figure(
    rows: Sequence[Mapping[str, RGB]], *, legend: Sequence[tuple[str, tuple[float, float, float]]]
) -> bytes:
    """Draw a row for each image, with its CAM and masks in columns.

    Args:
        rows: for each image, column title → `[H, W, 3]`; all rows have the same columns and, within a row, all
            pictures the same size.
        legend: class names and their RGB colours (0..1), drawn below.

    Returns:
        A PNG of 1300 pixels' width, or of less where it would be larger than 1 MB.
    """
    titles = list(rows[0])
    shapes = [row[titles[0]].shape for row in rows]
    ratios = [min(height / width, 1.2) for height, width, _ in shapes]
    cell = _WIDTH / len(titles)
    columns = _legend_columns([lettered(name) for name, _ in legend])
    below = 0.25 + 0.2 * math.ceil(len(legend) / columns)  # inches for the legend
    height = cell * sum(ratios) + 0.3 + below
    figure = Figure(figsize=(_WIDTH, height), facecolor="white")
    box = {"left": 0.005, "right": 0.995, "top": 1 - 0.3 / height, "bottom": below / height}
    axes = figure.subplots(
        len(rows),
        len(titles),
        squeeze=False,
        gridspec_kw={**box, "height_ratios": ratios, "wspace": 0.03, "hspace": 0.04},
    )
    for row, line in zip(rows, axes, strict=True):
        for title, axis in zip(titles, line, strict=True):
            axis.imshow(row[title], interpolation="antialiased")
            axis.set_axis_off()
    for title, axis in zip(titles, axes[0], strict=True):
        axis.set_title(title, fontsize=11, pad=5)
    handles = [
        Patch(facecolor=colour, edgecolor="#909090", linewidth=0.5, label=lettered(name)) for name, colour in legend
    ]
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=columns,
        frameon=False,
        fontsize=9,
        handlelength=1.2,
    )
    return _bounded_png(figure)


@lettering()
def confusion_figure(
    ratios: Mapping[str, Mapping[str, Sequence[float]]], *, class_names: Sequence[str], limit: float = 2.0
) -> bytes:
    """Draw the confusion ratio (FP / TP) of each class: a panel a split, a bar a source.

    Args:
        ratios: split → source → the ratio of each class, in the order of `class_names`; may be infinite or NaN.
        class_names: foreground classes.
        limit: where the axis ends; a longer bar is cut there and carries its number; – stands for NaN.

    Returns:
        A PNG.
    """
    height = 1.3 + 0.34 * len(class_names)
    figure = Figure(figsize=(_WIDTH, height), facecolor="white", layout="constrained")
    panels = figure.subplots(1, len(ratios), sharey=True, squeeze=False)[0]
    sources = list(dict.fromkeys(source for split in ratios.values() for source in split))
    colours = {source: COLOURS[index % len(COLOURS)] for index, source in enumerate(sources)}
    for panel, (split, by_source) in zip(panels, ratios.items(), strict=True):
        thickness = 0.8 / len(by_source)
        for index, (source, values) in enumerate(by_source.items()):
            places = np.arange(len(class_names)) + (index - (len(by_source) - 1) / 2) * thickness
            _add_bars(panel, places, values, thickness=thickness, colour=colours[source], limit=limit)
        _style(panel, title=split, class_names=class_names, limit=limit)
    handles = [Patch(facecolor=colours[source], label=lettered(source)) for source in sources]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=9)
    return to_png(figure, _DPI)


def _add_bars(
    panel: Axes, places: np.ndarray, values: Sequence[float], *, thickness: float, colour: str, limit: float
) -> None:
    lengths = np.nan_to_num(np.asarray(values, float), nan=0.0, posinf=limit).clip(max=limit)
    panel.barh(places, lengths, height=0.92 * thickness, color=colour)
    for place, value, length in zip(places, values, lengths, strict=True):
        if math.isnan(value) or value >= limit:
            text = "–" if math.isnan(value) else "∞" if math.isinf(value) else f"{value:.1f}"
            panel.annotate(text, (length, place), (3, 0), textcoords="offset points", va="center", fontsize=7)


def _style(panel: Axes, *, title: str, class_names: Sequence[str], limit: float) -> None:
    panel.set_title(lettered(title), fontsize=11, loc="left")
    panel.set_xlabel("confusion ratio, FP / TP (lower is better)", fontsize=9)
    panel.set_xlim(0, limit * 1.08)
    panel.set_ylim(len(class_names) - 0.5, -0.5)
    panel.set_yticks(range(len(class_names)), [*map(lettered, class_names)])
    panel.tick_params(axis="both", length=0, labelsize=9)
    panel.grid(axis="x", color="#e0e0e0", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right", "bottom", "left"]].set_visible(False)


def _legend_columns(names: Sequence[str]) -> int:
    """Return in how many columns a legend fits below a picture; it is filled column by column."""
    for columns in range(min(len(names), _LEGEND_COLUMNS), 1, -1):
        rows = math.ceil(len(names) / columns)
        widths = [_LEGEND_PATCH + max(map(len, names[first : first + rows])) for first in range(0, len(names), rows)]
        if sum(widths) <= _LEGEND_LINE:
            return columns
    return 1


def to_png(figure: Figure, dpi: int) -> bytes:
    """Return a figure as a PNG; the same numbers give the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})  # no version of the library
    return buffer.getvalue()


def _bounded_png(figure: Figure) -> bytes:
    """Return the figure with as many pixels as fit in 1 MB; fewer colours instead would show as bands."""
    image, dpi = to_png(figure, _DPI), _DPI
    while len(image) > _MOST_BYTES:
        # The bytes grow about with the pixels, that is with the square of the resolution.
        dpi = int(0.97 * dpi * math.sqrt(_MOST_BYTES / len(image)))
        image = to_png(figure, dpi)
    return image
