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

_STEP = 22  # pixels of a bar
_PLOT = 230  # pixels of the height of curves and scatter plots
_FEW = 15  # classes of a matrix whose cells have room for a number
_CELL, _SMALL_CELL = 32, 12  # pixels of a cell of a matrix with few classes, and with many
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

    data, labels = _data(rows), _distinct(rows, "label")
    groups = _distinct(rows, "group")
    scale = alt.Scale(domain=[0, 100]) if percent else alt.Scale(zero=True)
    names = alt.Y("label:N", sort=labels, title=None, axis=alt.Axis(labelLimit=_LABEL))
    shown = [alt.Tooltip("label:N", title=label), alt.Tooltip("value:Q", title=value, format=".2f")]
    encoding: dict[str, Any] = {"y": names, "x": alt.X("value:Q", title=value, scale=scale)}
    if groups:
        encoding |= {"yOffset": alt.YOffset("group:N", sort=groups), "color": _colour(groups)}
        shown.append(alt.Tooltip("group:N", title="masks"))
    base = alt.Chart(data).encode(**encoding)
    layers: list[Any] = [base.mark_bar(height={"band": 0.8}).encode(tooltip=shown)]
    if any("low" in row for row in rows):
        rule = base.mark_rule(strokeWidth=1.5, color="var(--ink)").encode(x="low:Q", x2="high:Q")
        layers.append(rule.encode(color=alt.value("var(--ink)")))
    step = alt.Step(_STEP if len(groups) < 2 else 14, **({"for": "offset"} if groups else {}))
    return _spec(alt.layer(*layers).properties(height=step))


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
    line = alt.Chart(_data(kept)).encode(
        x=alt.X("x:Q", title=x, axis=alt.Axis(grid=False)),
        y=alt.Y("y:Q", title=y, scale=scale, axis=alt.Axis(tickCount=5)),
        color=_colour(names, field="curve"),
        strokeDash=alt.StrokeDash("curve:N", sort=names, legend=None),
    )
    near = alt.selection_point(
        name="near", nearest=True, on="pointerover", fields=["x"], empty=False, clear="pointerout"
    )
    told = [alt.Tooltip("curve:N"), alt.Tooltip("x:Q", title=x), alt.Tooltip("y:Q", title=y, format=".4g")]
    points = line.mark_circle(size=60).encode(
        opacity=alt.condition(near, alt.value(1), alt.value(0)), tooltip=told, strokeDash=alt.StrokeDash()
    )
    return _spec(alt.layer(line.mark_line(strokeWidth=1.8), points.add_params(near)).properties(height=_PLOT))


def scatter(rows: Sequence[Row], *, x: str, y: str) -> dict[str, Any]:
    """Return labelled points.

    Args:
        rows: ``x``, ``y``, ``label`` and, optionally, ``group``.
        x: title of the horizontal axis.
        y: title of the vertical one.
    """
    import altair as alt

    groups = _distinct(rows, "group")
    encoding: dict[str, Any] = {
        "x": alt.X("x:Q", title=x, scale=alt.Scale(zero=False, padding=20)),
        "y": alt.Y("y:Q", title=y, scale=alt.Scale(zero=False, padding=12)),
    }
    if groups:
        encoding |= {"color": _colour(groups)}
    base = alt.Chart(_data(rows)).encode(**encoding)
    told = [
        alt.Tooltip("label:N"),
        alt.Tooltip("x:Q", title=x, format=".3g"),
        alt.Tooltip("y:Q", title=y, format=".3g"),
    ]
    texts = base.mark_text(align="left", dx=7, limit=_LABEL).encode(text="label:N", color=alt.value("var(--ink)"))
    return _spec(alt.layer(base.mark_circle(size=70).encode(tooltip=told), texts).properties(height=320))


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
    base = alt.Chart(_data(rows)).encode(
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
        dark = alt.condition("datum.value > 45", alt.value("var(--heat-ink)"), alt.value("var(--ink)"))
        layers.append(base.mark_text(fontSize=11).encode(text=alt.Text("value:Q", format=".0f"), color=dark))
    wide = {"minWidth": _SIDE + cell * len(columns)}
    return _spec(alt.layer(*layers).properties(height=alt.Step(cell), usermeta=wide))


def _colour(names: Sequence[str], *, field: str = "group") -> "alt.Color":
    """Return the colours of groups; a single one needs no legend."""
    import altair as alt

    legend = alt.Legend(title=None, orient="top", labelLimit=2 * _LABEL) if len(names) > 1 else None
    return alt.Color(f"{field}:N", sort=list(names), legend=legend)


def _distinct(rows: Sequence[Row], key: str) -> list[str]:
    return list(dict.fromkeys(one_line(row[key]) for row in rows if key in row))


def _data(rows: Sequence[Row]) -> "alt.Data":
    """Return rows as plain JSON: names in one line, and null for what is not finite."""
    import altair as alt

    return alt.Data(values=[{key: _plain(value) for key, value in row.items()} for row in rows])  # pyright: ignore[reportArgumentType]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return one_line(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _spec(chart: Any) -> dict[str, Any]:
    """Return a chart as a dictionary, as wide as its place on the page."""
    import altair as alt

    with alt.data_transformers.enable("default", max_rows=None):
        spec = chart.properties(width="container").to_dict()
    return {key: part for key, part in spec.items() if key != "config"}
