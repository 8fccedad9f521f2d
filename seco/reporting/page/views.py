"""Blocks as the templates show them: cells as text with what they are sorted by, pictures and charts as text."""

import base64
import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from markupsafe import Markup

from seco.reporting.blocks import Block, Chart, Picture, Table
from seco.reporting.tables import numeric_columns, shown_cells

_KINDS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp"}
_LEADING_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?)(?: \(.*\))?$")  # of a cell such as "12.3 (8.1 to 16.0)"
_MISSING = "–"
_LONG = 14  # rows; a longer table scrolls below its headings


class Cell(NamedTuple):
    """A cell of a table."""

    text: str
    sort: float | None
    """What it is sorted by; None: its text."""
    interval: str = ""
    """What follows the number, as in "12.3 (8.1 to 16.0)"."""


class TableView(NamedTuple):
    """A table as its template takes it."""

    caption: str
    headings: tuple[tuple[str, bool], ...]
    """The heading of each column, and whether it holds numbers."""
    rows: tuple[tuple[Cell, ...], ...]
    is_long: bool


def kind_of(block: Block) -> str:
    """Return the name of the macro that shows a block."""
    return type(block).__name__.lower()


def table_view(table: Table) -> TableView:
    """Return a table with its cells as people read them."""
    (headings, *rows), frame = shown_cells(table.frame, decimals=table.decimals), table.frame
    plain = [list(row.values()) for row in frame.to_dict("records")]
    columns: list[list[Cell]] = []
    numbers = []
    for index, is_number in enumerate(numeric_columns(frame)):
        texts, values = [row[index] for row in rows], [row[index] for row in plain]
        keys = [_as_number(value) for value in values] if is_number else _leading_numbers(texts)
        numbers.append(is_number or keys is not None)
        columns.append(
            [Cell(text, None) for text in texts]
            if keys is None
            else [_number_cell(text, key) for text, key in zip(texts, keys, strict=True)]
        )
    return TableView(
        table.caption, tuple(zip(headings, numbers, strict=True)), tuple(zip(*columns, strict=True)), len(rows) > _LONG
    )


def _number_cell(text: str, key: float) -> Cell:
    number, bracket, rest = text.partition(" (")
    return Cell(number, key, bracket.strip() + rest)


def _as_number(value: Any) -> float:
    """Return what a number is sorted by; "not defined" comes before all others."""
    number = float(value)
    return -1e308 if math.isnan(number) else max(min(number, 1e308), -1e308)


def _leading_numbers(texts: list[str]) -> list[float] | None:
    """Return the numbers that cells begin with; None where one begins with another word, or none with a number."""
    found = [_LEADING_NUMBER.match(text) for text in texts]
    if not any(found) or any(match is None and text != _MISSING for match, text in zip(found, texts, strict=True)):
        return None
    return [-1e308 if match is None else float(match[1]) for match in found]


def css_colour(colour: tuple[float, float, float]) -> str:
    """Return RGB in 0..1 as a colour of CSS."""
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)


def data_uri(picture: Picture) -> Markup:
    """Return a picture as a link that holds it.

    Raises:
        ValueError: it is neither PNG, JPEG nor WebP.
    """
    for start, kind in _KINDS.items():
        if picture.image.startswith(start):
            return Markup(f"data:image/{kind};base64,{base64.b64encode(picture.image).decode()}")
    raise ValueError("a picture is a PNG, JPEG or WebP file")


def least_width(chart: Chart) -> int:
    """Return how wide a chart must be, in pixels; it scrolls where there is less room."""
    usermeta = chart.spec.get("usermeta")
    return int(usermeta.get("minWidth", 0)) if isinstance(usermeta, Mapping) else 0
