"""Prints what `seco audit` found: a table of the classes, what to do, and a paragraph."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Column

from seco.auditing.findings import COLLECT, RELABEL, REMOVE, Audit, in_short
from seco.console.output import open_console, print_sentence, text_table

_OF_AN_ACTION = 5  # suggestions that are printed


def show_audit(audit: Audit, sentences: Sequence[str], *, page: Path, console: Console | None = None) -> None:
    """Print an audit to the console (standard output when None).

    Args:
        audit: what was found.
        sentences: the same in words.
        page: the page that shows it.
    """
    console = open_console(console)
    headings = [name.removeprefix("images_") for name in audit.classes.columns]
    columns = [Column(name, justify="left" if name in ("class", "finding") else "right") for name in headings]
    rows = audit.classes.itertuples(index=False)
    console.print(text_table(columns, rows, title="Images of each class", title_justify="left"))
    if audit.suggestions:
        shown = [
            item
            for action in (RELABEL, REMOVE, COLLECT)
            for item in [item for item in audit.suggestions if item.action == action][:_OF_AN_ACTION]
        ]
        cells = [(item.action, item.what, item.images, in_short(item)) for item in shown]
        heads = [Column("do"), Column("what"), Column("images", justify="right"), Column("why, or which")]
        console.print(text_table(heads, cells, title="What to do", title_justify="left"))
        if rest := len(audit.suggestions) - len(shown):
            print_sentence(console, f"{rest} more are in {page.with_name('suggestions.csv')}")
    print_sentence(console, " ".join(sentences))
    print_sentence(console, f"{page}: the same as a page, with near-duplicates side by side")
