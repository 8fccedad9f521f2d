"""Charts of what the method learnt: how alike prototypes are, and how they moved over the last steps."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from seco.reporting.charts import chart_data, chart_spec
from seco.storage.method_record import MethodRecord
from seco.storage.plain_text import one_line

_FEW = 15  # classes whose cells have room for numbers
_SIDE = 380  # pixels of the picture of prototypes
_PERPLEXITY = 30.0  # of t-SNE
_SEED = 0


class Place(NamedTuple):
    """Where a prototype lies in the plane."""

    class_index: int
    """0..K-1."""
    step: int
    x: float
    y: float


def with_prototypes(record: MethodRecord) -> list[int]:
    """Return the indices (0..K-1) of the classes that have a prototype."""
    return record.prototypes.any(dim=1).nonzero()[:, 0].tolist()


def similarity_matrix(record: MethodRecord, class_names: Sequence[str]) -> dict[str, Any]:
    """Return a heat map of the cosines between prototypes (Fig. 4 of the paper), with numbers where there is room."""
    import altair as alt

    kept = with_prototypes(record)
    names = [one_line(class_names[index]) for index in kept]
    vectors = record.prototypes[kept].double()
    cosines = (vectors @ vectors.T).tolist()
    rows = [
        {"class": name, "other": other, "cosine": round(cosines[a][b], 4)}
        for a, name in enumerate(names)
        for b, other in enumerate(names)
        if a != b  # the cosine of a prototype with itself says nothing, and would set the colours
    ]
    few = len(names) <= _FEW
    axis = alt.Axis(labelLimit=110, labelOverlap=False, ticks=False, labelFontSize=12 if few else 10)
    base = alt.Chart(chart_data(rows)).encode(
        x=alt.X("other:N", sort=names, title=None, axis=axis),
        y=alt.Y("class:N", sort=names, title=None, axis=axis),
        tooltip=["class:N", "other:N", alt.Tooltip("cosine:Q", format=".3f")],
    )
    # Red towards 1, where two classes share a direction, blue towards -1.
    colour = alt.Color(
        "cosine:Q", scale=alt.Scale(domain=[-1, 0, 1], range=["#3b6fb6", "#f7f7f7", "#c4443c"]), title="cosine"
    )
    layers: list[Any] = [base.mark_rect().encode(color=colour)]
    if few:
        ink = alt.condition("abs(datum.cosine) > 0.6", alt.value("white"), alt.value("#222222"))
        layers.append(base.mark_text(fontSize=11).encode(text=alt.Text("cosine:Q", format=".2f"), color=ink))
    size = alt.Step(38 if few else 12)
    return chart_spec(alt.layer(*layers).properties(width=size, height=size))


def prototype_ways(places: Sequence[Place], class_names: Sequence[str]) -> dict[str, Any]:
    """Return a picture of ``prototype_places``: a dot for each, joined over the steps (Fig. 5 of the paper)."""
    import altair as alt

    rows = [
        {"class": one_line(class_names[index]), "step": step, "x": x, "y": y, "last": step == places[-1].step}
        for index, step, x, y in places
    ]
    plain = alt.Axis(labels=False, ticks=False, title=None, grid=False)
    base = alt.Chart(chart_data(rows)).encode(
        x=alt.X("x:Q", axis=plain, scale=alt.Scale(zero=False, padding=30)),
        y=alt.Y("y:Q", axis=plain, scale=alt.Scale(zero=False, padding=20)),
        tooltip=["class:N", "step:Q"],
    )
    line = base.mark_line(strokeWidth=1, opacity=0.4).encode(detail="class:N", order="step:Q")
    dots = base.mark_circle(size=40).encode(
        opacity=alt.Opacity("step:Q", scale=alt.Scale(range=[0.15, 0.9], zero=False))
    )
    label = base.transform_filter("datum.last").mark_text(dy=-10, fontSize=12).encode(text="class:N")
    return chart_spec(alt.layer(line, dots, label).properties(width="container", height=_SIDE))


def prototype_places(record: MethodRecord) -> list[Place]:
    """Place the kept prototypes in the plane by t-SNE, in the order of the steps.

    Classes without a prototype are left out; fewer than four different prototypes have no places: t-SNE cannot part
    what is alike.
    """
    from sklearn.manifold import TSNE  # takes a second to import
    from threadpoolctl import threadpool_limits

    kept = [
        (index, int(step), snapshot[index].float().numpy())
        for step, snapshot in zip(record.steps.tolist(), record.snapshots, strict=True)
        for index in snapshot.any(dim=1).nonzero()[:, 0].tolist()
    ]
    vectors = np.array([vector for _, _, vector in kept])
    if len(np.unique(vectors, axis=0)) < 4:
        return []
    perplexity = min(_PERPLEXITY, (len(kept) - 1) / 3)
    with threadpool_limits(1):  # for some hundred points, threads take longer to meet than to work
        places = TSNE(perplexity=perplexity, init="pca", random_state=_SEED).fit_transform(vectors)
    return [
        Place(index, step, round(float(x), 3), round(float(y), 3))
        for (index, step, _), (x, y) in zip(kept, places, strict=True)
    ]


def curve_rows(record: MethodRecord, names: dict[str, str]) -> list[dict[str, Any]]:
    """Return the points of learning curves in percent, as ``seco.reporting.charts.curves`` takes them.

    Args:
        record: with the curves.
        names: name of a curve → its title; curves that the run has not are left out.
    """
    steps = record.curves["step"].tolist() if "step" in record.curves else []
    return [
        {"x": int(step), "y": 100 * value, "curve": title}
        for name, title in names.items()
        if name in record.curves
        for step, value in zip(steps, record.curves[name].tolist(), strict=True)
        if not math.isnan(value)
    ]
