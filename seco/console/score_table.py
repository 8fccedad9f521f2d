"""A frame of scores as a table on the console."""

import pandas as pd
from rich.console import Console
from rich.table import Column, Table

from seco.console.output import text_table
from seco.reporting.tables import numeric_columns, shown_cells


def score_table(frame: pd.DataFrame, console: Console, *, title: str, caption: str = "") -> Table:
    """Return a frame as people read it, numbers at the right; without lines where the console is no terminal."""
    headings, *rows = shown_cells(frame)
    columns = [
        Column(heading, justify="right" if is_number else "left")
        for heading, is_number in zip(headings, numeric_columns(frame), strict=True)
    ]
    options = {} if console.is_terminal else {"box": None, "pad_edge": False}
    return text_table(
        columns, rows, title=title, title_justify="left", caption=caption or None, caption_justify="left", **options
    )
