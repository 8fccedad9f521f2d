"""The one place where commands print tables and sentences: any text from the data is shown as it is."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from seco.storage.plain_text import one_line

_LOG_WIDTH = 110  # columns; a log has no edge to fold tables at


def open_console(console: Console | None, *, log_width: int = _LOG_WIDTH) -> Console:
    """Return a console, standard output when None; where it is no terminal, its lines are `log_width` columns wide."""
    console = console or Console()
    if not console.is_terminal:
        console.width = log_width
    return console


def print_sentence(console: Console, sentence: str) -> None:
    """Print a sentence in one line, which a terminal may fold."""
    console.print(Text(one_line(sentence)), soft_wrap=True)


def text_table(columns: Iterable[Column], rows: Iterable[Iterable[object]], **options: Any) -> Table:
    """Return a table of plain text: rich would take `[red]` for a colour and `:dog:` for a picture of one.

    Args:
        columns: with their headings and how they are laid out.
        rows: cells of any type.
        options: further arguments of rich's `Table`, such as `title`.
    """
    table = Table(*columns, **options)
    for column in table.columns:
        column.header = _plain(column.header)
    for row in rows:
        table.add_row(*map(_plain, row))
    return table


def _plain(cell: object) -> Text:
    return Text(one_line(str(cell)))
