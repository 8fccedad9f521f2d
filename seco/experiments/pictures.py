"""The picture of a study: two panels, mIoU and confusion; every run is a dot."""

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from seco.experiments.results import Row
from seco.experiments.scores import Measures, by_variant
from seco.experiments.statistics import summarise
from seco.reporting.figures import COLOURS, to_png

_WIDTH = 10.0  # inches
_DPI = 130
Score = Callable[[Row], float]


def draw_study(rows: Sequence[Row], measures: Measures, *, key: str | None) -> bytes:
    """Draw a study as a PNG: a line of dots a variant, or a curve a line over the values of the key that is swept."""
    panels: dict[str, dict[str, Score]] = {
        "mIoU, %": {
            "segmentation": lambda row: 100 * measures.segmentation(row, "miou"),
            "CAM seed": lambda row: 100 * measures.cam_miou(row),
        },
        "confusion ratio, FP / TP (lower is better)": {
            "all classes": lambda row: measures.segmentation(row, "confusion_ratio"),
            "biased classes": measures.biased_confusion,
        },
    }
    if key is None:
        return _draw_variants(by_variant(rows), panels)
    return _draw_sweep(rows, panels, key=key)


def _draw_variants(variants: Mapping[str, Mapping[int, Row]], panels: Mapping[str, Mapping[str, Score]]) -> bytes:
    figure = Figure(figsize=(_WIDTH, 1.3 + 0.45 * len(variants)), facecolor="white", layout="constrained")
    for axis, (title, scores) in zip(_panels(figure, len(panels)), panels.items(), strict=True):
        for index, (name, score) in enumerate(scores.items()):
            shift = (index - (len(scores) - 1) / 2) * 0.3
            for place, of_seed in enumerate(variants.values()):
                values = [score(row) for row in of_seed.values()]
                found = summarise(values)
                axis.plot(values, [place + shift] * len(values), "o", color=COLOURS[index], alpha=0.45, markersize=4)
                axis.plot([found.mean], [place + shift], "|", color=COLOURS[index], markersize=13, markeredgewidth=2.5)
            axis.plot([], [], "o", color=COLOURS[index], label=name)
        axis.set_yticks(range(len(variants)), list(variants))
        axis.set_ylim(len(variants) - 0.5, -0.5)
        axis.set_xlabel(title, fontsize=9)
        _dress(axis)
    return to_png(figure, _DPI)


def _draw_sweep(rows: Sequence[Row], panels: Mapping[str, Mapping[str, Score]], *, key: str) -> bytes:
    figure = Figure(figsize=(_WIDTH, 3.6), facecolor="white", layout="constrained")
    places = _places([row.value for row in rows])
    lines = [*dict.fromkeys(row.line for row in rows)]
    for axis, (title, scores) in zip(_panels(figure, len(panels)), panels.items(), strict=True):
        curves = [(line, name, score) for line in lines for name, score in scores.items()]
        for index, (line, name, score) in enumerate(curves):
            colour = COLOURS[(index // len(scores) if len(lines) > 1 else index) % len(COLOURS)]
            style = "--" if len(lines) > 1 and name != next(iter(scores)) else "-"
            own = [row for row in rows if row.line == line]
            label = f"{line}, {name}" if line else name
            _curve(axis, own, score, places, Line2D([], [], color=colour, linestyle=style, label=label))
        _ticks(axis, places)
        axis.set_xlabel(key, fontsize=9)
        axis.set_title(title, fontsize=10, loc="left")
        _dress(axis)
    return to_png(figure, _DPI)


def _curve(axis: Axes, rows: Sequence[Row], score: Score, places: Mapping[str, float], like: Line2D) -> None:
    """Draw the dots of all runs and the curve of their means."""
    axis.plot([places[row.value] for row in rows], [score(row) for row in rows], "o", color=like.get_color(), alpha=0.4)
    values = sorted({row.value for row in rows}, key=lambda value: places[value])
    means = [summarise([score(row) for row in rows if row.value == value]).mean for value in values]
    axis.plot(
        [places[value] for value in values],
        means,
        color=like.get_color(),
        linestyle=like.get_linestyle(),
        label=str(like.get_label()),
    )


def _places(values: Sequence[str]) -> dict[str, float]:
    """Return where each value stands: at itself where all are numbers, else one after the other."""
    try:
        return {value: float(value) for value in values}
    except ValueError:
        return {value: float(place) for place, value in enumerate(dict.fromkeys(values))}


def _ticks(axis: Axes, places: Mapping[str, float]) -> None:
    axis.set_xticks([*places.values()], [*places])
    lowest, *_, highest = sorted(places.values()) * 2
    if lowest > 0 and highest / lowest >= 8:
        axis.set_xscale("log")
        axis.set_xticks([*places.values()], [*places])
        axis.minorticks_off()


def _panels(figure: Figure, count: int) -> list[Axes]:
    return list(figure.subplots(1, count, squeeze=False)[0])


def _dress(axis: Axes) -> None:
    axis.tick_params(axis="both", length=0, labelsize=8)
    axis.grid(color="#e0e0e0", linewidth=0.8)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "bottom", "left"]].set_visible(False)
    axis.legend(frameon=False, fontsize=8)
