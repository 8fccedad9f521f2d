"""What the page of a report is made of: sections, and the sentences, tables, pictures and charts in them."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import pandas as pd


class Prose(NamedTuple):
    """A paragraph of plain text, without any markup."""

    text: str


class Table(NamedTuple):
    """A table that readers can sort; its numbers are written as by ``seco.reporting.tables.shown_cells``."""

    frame: pd.DataFrame
    caption: str
    decimals: int = 2


class Picture(NamedTuple):
    """A picture."""

    image: bytes
    """A PNG or JPEG file."""
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
    """A Vega-Lite specification with its data inside, as of ``altair.Chart.to_dict``."""
    alt: str
    """What it shows, for readers who cannot see it."""
    caption: str = ""


Block: TypeAlias = Prose | Table | Picture | Strip | Chart


class Section(NamedTuple):
    """A part of a page."""

    key: str
    """Its anchor: lower-case letters and hyphens."""
    title: str
    blocks: tuple[Block, ...]
