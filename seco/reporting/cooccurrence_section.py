"""The sections of a page on classes that go together: what labels say before training, and what gets confused."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from seco.reporting.blocks import Block, Chart, Points, Prose, Section, Strip, Table
from seco.reporting.charts import chart_data, chart_spec
from seco.reporting.cooccurrence import Cooccurrence, answer, tied_rows, verdict
from seco.reporting.intervals import interval_cells
from seco.reporting.measurements import rows_of
from seco.reporting.surroundings import surroundings_sentences
from seco.storage.audit import Partner, audit_sentences
from seco.storage.plain_text import one_line

_POINTS = 1500  # of the scatter: a page with more grows slow
_ROWS = 200  # of a table
_SHOWN = {
    "of_false_both": "false pixels on the other, both in the image %",
    "of_false_other_alone": "false pixels on the other, without the class %",
    "of_false_alone": "false pixels in images of the class without the other %",
    "confusion": "of the other's pixels %",
    "gap": "gap %",
}
_SPLIT_UP = """\
Of the pixels that are falsely called a class, the shares that show the other one: in images with both, and in images
with the other alone; and those in images of the class without the other, where they show anything else. Then the share
of all pixels of the other that are called the class, and how much more of the background is where both are in the image
than where the class is without the other (gap). With 95 % intervals of a bootstrap over images."""
_CORRELATED = """\
Rank correlation over all ordered pairs of how often two classes share images with the share of the other's pixels that
are called the class. Masks made with the labels of an image, such as CAM seeds, only confuse classes that share it."""


def audit_section(partners: Sequence[Partner]) -> Section:
    """Return what the labels alone say, as of ``read_audit``; nothing of a single class."""
    heading = "What goes together: the labels, before any training"
    if len({row.class_name for row in partners}) == 1:
        return Section("audit", heading, ())
    sentences = audit_sentences(partners)
    frame = pd.DataFrame(
        [
            {
                "class": row.class_name,
                "images": row.images,
                "images_alone": row.images_alone,
                "other": row.other,
                "images_with_other": row.images_with_other,
                "images_without_other": row.images_without_other,
                "lift": row.lift,
                "images_needed": row.images_needed,
            }
            for row in partners
            if row.other
        ]
    )
    blocks: list[Block] = [
        Points(tuple(f"{sentence}." for sentence in sentences))
        if sentences
        else Prose("Every class is without any other one in at least a third of its images.")
    ]
    if len(frame):
        blocks.append(
            Table(
                frame,
                "Classes that come together more often than by chance, from the labels of the training images. Images "
                "needed: how many more images of the class without the other would be a third of its images.",
            )
        )
    return Section("audit", heading, tuple(blocks))


def cooccurrence_section(
    found: Cooccurrence, surroundings: pd.DataFrame, *, strips: Sequence[Strip] = (), main: Mapping[str, str]
) -> Section:
    """Return whether what goes together gets confused: pairs of classes, if there are several, then surroundings.

    Args:
        found: as of ``cooccurrence``.
        surroundings: as of ``surroundings_table``; empty where no context is known.
        strips: as of ``look_alikes``, where none is.
        main: the masks and the split that the page is about, as of ``Measurement.key``.
    """
    of_surroundings = rows_of(surroundings, main)
    has_pairs = bool(found.correlations["pairs"].any())
    blocks: list[Block] = _pair_blocks(found, main) if has_pairs else []
    if sentences := surroundings_sentences(of_surroundings):
        blocks.append(Points(tuple(sentences)))
    if len(of_surroundings):
        page = of_surroundings[["class", "context", "images", "of_background_percent"]].copy()
        page.insert(3, "of false positives %", interval_cells(of_surroundings, "of_false", suffix="_percent"))
        caption = (
            "Of the background that is taken for a class, the share in images with a context; and of all background."
        )
        blocks.append(Table(page.head(_ROWS), caption))
    heading = "Does what goes together get confused?" if has_pairs else "Where is background taken for the class?"
    return Section("cooccurrence", heading, (*blocks, *strips))


def _pair_blocks(found: Cooccurrence, main: Mapping[str, str]) -> list[Block]:
    """Return what is said of pairs of classes."""
    pairs = rows_of(found.pairs, main)
    blocks: list[Block] = [Prose(verdict(rows_of(found.correlations, main)))]
    if pairs["lift"].notna().any():
        blocks.append(
            Chart(
                pairs_chart(pairs),
                "scatter of pairs of classes: how often they share images, and how often they are confused",
                f"Ordered pairs of classes ({main['masks']}, {main['split']}). Lift: how much more often than by "
                "chance the labels of the data set name both."
                + f" The {_POINTS} most confused of {len(pairs)} pairs."
                * (len(pairs) > _POINTS),
            )
        )
    if len(pairs):
        blocks += [
            Prose(answer(tied_rows(pairs))),
            Prose(_SPLIT_UP),
            Table(_pairs_of_page(pairs), f"Pairs of classes ({main['masks']}, {main['split']})"),
        ]
    return [
        *blocks,
        Prose(_CORRELATED),
        Table(_correlations_of_page(found.correlations), "Rank correlation of sharing images with being confused"),
    ]


def pairs_chart(pairs: pd.DataFrame) -> dict[str, Any]:
    """Return a scatter of lift and confusion; tied pairs are named."""
    import altair as alt

    ranked = pairs.sort_values(by="confusion_percent", ascending=False, kind="stable").dropna(
        subset=["lift", "confusion_percent"]
    )
    most = ranked.groupby([frozenset(pair) for pair in zip(ranked["class"], ranked["other"], strict=True)])
    named = set(most.head(1).index)  # of the two directions of a pair the one that is confused more
    rows = [
        {
            "pair": f"{one_line(row['other'])} called {one_line(row['class'])}",
            "lift": round(row["lift"], 4),
            "confusion": round(row["confusion_percent"], 4),
            "images": int(row["images_together"]),
            "tied": "tied pair" if row["tied"] else "other pair",
            "named": bool(row["tied"]) and index in named,
        }
        for index, row in ranked.head(_POINTS).to_dict("index").items()
    ]
    few = alt.Axis(tickCount=6)
    base = alt.Chart(chart_data(rows)).encode(
        x=alt.X("lift:Q", title="lift of sharing an image", scale=alt.Scale(type="sqrt", domainMin=0), axis=few),
        y=alt.Y(
            "confusion:Q",
            title="% of the other's pixels called the class",
            scale=alt.Scale(type="sqrt", domainMin=0),
            axis=few,
        ),
        tooltip=[
            "pair:N",
            alt.Tooltip("lift:Q", format=".2f"),
            alt.Tooltip("confusion:Q", title="% of pixels", format=".2f"),
            alt.Tooltip("images:Q", title="images with both labels"),
        ],
    )
    kinds = alt.Color("tied:N", sort=["tied pair", "other pair"], legend=alt.Legend(title=None, orient="top"))
    dots = base.mark_circle(size=55, opacity=0.75).encode(color=kinds)
    names = base.transform_filter("datum.named").mark_text(align="right", dx=-8, limit=200)
    rule = alt.Chart(chart_data([{"chance": 1}])).mark_rule(strokeDash=[4, 4], opacity=0.5).encode(x="chance:Q")
    chart = alt.layer(rule, dots, names.encode(text="pair:N")).properties(width="container", height=320)
    return chart_spec(chart)


def _pairs_of_page(pairs: pd.DataFrame) -> pd.DataFrame:
    page = pairs[["class", "other", "images_both", "images_alone", "images_other_alone", "lift"]].copy()
    for name, title in _SHOWN.items():
        page[title] = interval_cells(pairs, name, suffix="_percent")
    return page.head(_ROWS)


def _correlations_of_page(correlations: pd.DataFrame) -> pd.DataFrame:
    page = correlations[["masks", "split", "pairs"]].copy()
    page["with lift"] = interval_cells(correlations, "lift", decimals=2)
    page["with images together"] = interval_cells(correlations, "images_together", decimals=2)
    return page
