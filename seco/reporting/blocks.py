"""What the page of a report is made of: sections, and the sentences, tables, pictures and charts in them."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import pandas as pd


class Prose(NamedTuple):
    """A paragraph of plain text, without any markup."""

    text: str


class Points(NamedTuple):
    """A list of sentences of plain text."""

    items: tuple[str, ...]
    ordered: bool = False
    """Whether their order counts."""


class Table(NamedTuple):
    """A table that readers can sort; its numbers are written as by ``seco.reporting.tables.shown_cells``."""

    frame: pd.DataFrame
    caption: str
    decimals: int = 2


class Picture(NamedTuple):
    """A picture."""

    image: bytes
    """A PNG, JPEG or WebP file."""
    alt: str
    """What it shows, for readers who cannot see it."""
    caption: str = ""


class Strip(NamedTuple):
    """Small pictures beside each other."""

    title: str
    pictures: tuple[Picture, ...]


class Chart(NamedTuple):
    """An interactive chart."""

    spec: Mapping[str, Any]
    """A Vega-Lite specification with its data inside, as of ``seco.reporting.charts`` or ``altair.Chart.to_dict``."""
    alt: str
    """What it shows, for readers who cannot see it."""
    caption: str = ""


class Legend(NamedTuple):
    """The classes of masks and their colours."""

    entries: tuple[tuple[str, tuple[float, float, float]], ...]
    """Name and RGB (0..1), as of ``seco.reporting.examples.legend_of``."""


Block: TypeAlias = Prose | Points | Table | Picture | Strip | Chart | Legend


class Section(NamedTuple):
    """A part of a page."""

    key: str
    """Its anchor: lower-case letters and hyphens."""
    title: str
    blocks: tuple[Block, ...]
