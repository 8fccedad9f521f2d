"""Charts of a report page: Vega-Lite specifications, without colours, which the page's style sheet gives.

altair takes more than a second to import, so the functions import it: `seco summary` needs none of it.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seco.storage.plain_text import one_line

if TYPE_CHECKING:
    import altair as alt

Row = Mapping[str, Any]

_STEP, _THIN_STEP = 22, 14  # pixels of a bar, and of one of many or in a group
_PLOT = 230  # pixels of the height of curves
_FEW = 24  # classes that are drawn large; the cells of their matrix have room for a number
_CELL, _SMALL_CELL = 32, 12  # pixels of a cell of a matrix with few classes, and with many
_DARK = 70  # percent from which a number stands on the colour of the heat, and below on that of the paper
_DASHES = [[1, 0], [6, 3], [3, 2], [9, 3, 2, 3], [12, 3], [6, 2, 2, 2, 2, 2], [3, 4], [10, 5]]  # none of them faint
_SIDE = 110  # pixels of the names beside a matrix
_LABEL = 170  # pixels of a label; a longer one is cut, and its tooltip holds it in full


def interval_bars(rows: Sequence[Row], *, value: str, label: str = "class", percent: bool = True) -> dict[str, Any]:
    """Return bars with the names at their left, grouped where rows have a group.

    Args:
        rows: ``label``, ``value`` and, optionally, ``low`` and ``high`` (the ends of an interval) and ``group``. The
            bars keep their order; a value that is not finite has none.
        value: title of the axis.
        label: title of the labels in tooltips.
        percent: whether the axis ends at 100.
    """
    import altair as alt

    data, labels = chart_data(rows), _distinct(rows, "label")
    groups = _distinct(rows, "group")
    scale = alt.Scale(domain=[0, 100]) if percent else alt.Scale(zero=True)
    names = alt.Y("label:N", sort=labels, title=None, axis=alt.Axis(labelLimit=_LABEL))
    shown = [alt.Tooltip("label:N", title=label), alt.Tooltip("value:Q", title=value, format=".2f")]
    encoding: dict[str, Any] = {"y": names, "x": alt.X("value:Q", title=value, scale=scale, axis=alt.Axis(tickCount=6))}
    if groups:
        encoding |= {"yOffset": alt.YOffset("group:N", sort=groups), "color": _colour(groups)}
        shown.append(alt.Tooltip("group:N", title="masks"))
    base = alt.Chart(data).encode(**encoding)
    layers: list[Any] = [base.mark_bar(height={"band": 0.8}).encode(tooltip=shown)]
    if any("low" in row for row in rows):
        rule = base.mark_rule(strokeWidth=1.5, color="var(--ink)").encode(x="low:Q", x2="high:Q")
        layers.append(rule.encode(color=alt.value("var(--ink)")))
    # A number and no step of Vega-Lite's, which warns of it in the console where the width follows the page.
    step = _STEP if len(labels) <= _FEW else _THIN_STEP
    height = len(labels) * max(step, _THIN_STEP * len(groups))
    return _spec(alt.layer(*layers).properties(height=height))


def curves(rows: Sequence[Row], *, x: str, y: str, log: bool = False) -> dict[str, Any]:
    """Return a line for each curve, with the values at the pointer.

    Args:
        rows: ``x``, ``y`` and ``curve``.
        x: title of the horizontal axis.
        y: title of the vertical one.
        log: whether the vertical axis is logarithmic; values that are not above 0 are left out.
    """
    import altair as alt

    kept = [row for row in rows if not log or row["y"] > 0]
    names = _distinct(kept, "curve")
    scale = alt.Scale(type="log") if log else alt.Scale(zero=False)
    base = alt.Chart(chart_data(kept)).encode(
        x=alt.X("x:Q", title=x, axis=alt.Axis(grid=False, tickCount=6)),
        y=alt.Y("y:Q", title=y, scale=scale, axis=alt.Axis(tickCount=5, grid=not log)),
        color=_colour(names, field="curve"),
    )
    near = alt.selection_point(
        name="near", nearest=True, on="pointerover", fields=["x"], empty=False, clear="pointerout"
    )
    told = [alt.Tooltip("curve:N"), alt.Tooltip("x:Q", title=x), alt.Tooltip("y:Q", title=y, format=".4g")]
    points = base.mark_circle(size=60).encode(opacity=alt.condition(near, alt.value(1), alt.value(0)), tooltip=told)
    dashes = alt.StrokeDash("curve:N", sort=names, legend=None, scale=alt.Scale(range=_DASHES))
    dashed = base.mark_line(strokeWidth=1.8).encode(strokeDash=dashes)
    return _spec(alt.layer(dashed, points.add_params(near)).properties(height=_PLOT))


def matrix(rows: Sequence[Row], *, y: str, x: str, value: str, order: Sequence[str]) -> dict[str, Any]:
    """Return a heat map of shares, with numbers where there is room for them.

    Args:
        rows: ``y``, ``x`` (names) and ``value`` (percent); a cell without a row is empty.
        y: title of the rows.
        x: title of the columns.
        value: what a share is, for the tooltip.
        order: the names, in the order of rows and columns; columns that are not among them come last.
    """
    import altair as alt

    names = [one_line(name) for name in order]
    columns = [*names, *(name for name in _distinct(rows, "x") if name not in names)]
    few = len(names) <= _FEW
    cell = _CELL if few else _SMALL_CELL
    axis = {"labelFontSize": 12 if few else 10, "labelLimit": _SIDE, "labelOverlap": False, "ticks": False}
    base = alt.Chart(chart_data(rows)).encode(
        x=alt.X("x:N", sort=columns, title=x, axis=alt.Axis(labelAngle=-90 if len(names) > 3 else 0, **axis)),
        y=alt.Y("y:N", sort=names, title=y, axis=alt.Axis(**axis)),
        tooltip=[
            alt.Tooltip("y:N", title=y), alt.Tooltip("x:N", title=x), alt.Tooltip("value:Q", title=value, format=".2f"),
        ],
    )  # fmt: skip
    cells = base.mark_rect(color="var(--heat)").encode(
        opacity=alt.Opacity("value:Q", scale=alt.Scale(type="sqrt", domain=[0, 100], range=[0, 1]), legend=None)
    )
    layers: list[Any] = [cells]
    if few:
        dark = alt.condition(f"datum.value > {_DARK}", alt.value("var(--on-heat)"), alt.value("var(--on-paper)"))
        layers.append(base.mark_text(fontSize=11).encode(text=alt.Text("value:Q", format=".0f"), color=dark))
    wide = {"minWidth": _SIDE + cell * len(columns)}
    return _spec(alt.layer(*layers).properties(height=cell * len(names), usermeta=wide))


def _colour(names: Sequence[str], *, field: str = "group") -> "alt.Color":
    """Return the colours of groups; a single one needs no legend."""
    import altair as alt

    legend = alt.Legend(title=None, orient="top", labelLimit=2 * _LABEL) if len(names) > 1 else None
    return alt.Color(f"{field}:N", sort=list(names), legend=legend)


def _distinct(rows: Sequence[Row], key: str) -> list[str]:
    return list(dict.fromkeys(one_line(row[key]) for row in rows if key in row))


def chart_data(rows: Sequence[Row]) -> "alt.Data":
    """Return rows as plain JSON: names in one line, and null for what is not finite."""
    import altair as alt

    return alt.Data(values=[{key: _plain(value) for key, value in row.items()} for row in rows])  # pyright: ignore[reportArgumentType]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return one_line(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def chart_spec(chart: Any) -> dict[str, Any]:
    """Return a chart as a dictionary, without altair's own settings: the page has its own."""
    import altair as alt

    with alt.data_transformers.enable("default", max_rows=None):
        spec = chart.to_dict()
    return {key: part for key, part in spec.items() if key != "config"}


def _spec(chart: Any) -> dict[str, Any]:
    """Return a chart that is as wide as its place on the page."""
    return chart_spec(chart.properties(width="container"))
