"""Prints what `seco audit` found: a table of the classes, what to do, and a paragraph."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Column

from seco.auditing.findings import Audit
from seco.console.output import open_console, print_sentence, text_table

_SUGGESTIONS = 12
_IDS = 3


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
        shown = audit.suggestions[:_SUGGESTIONS]
        cells = [(item.action, item.what, item.images, _ids(item.ids) or item.reason) for item in shown]
        heads = [Column("do"), Column("what"), Column("images", justify="right"), Column("why, or which")]
        console.print(text_table(heads, cells, title="What to do", title_justify="left"))
    if (rest := len(audit.suggestions) - _SUGGESTIONS) > 0:
        print_sentence(console, f"{rest} more are in {page.with_name('suggestions.csv')}")
    print_sentence(console, " ".join(sentences))
    print_sentence(console, f"{page}: the same as a page, with near-duplicates side by side")


def _ids(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _IDS} more" if len(ids) > _IDS else ""
    return f"{', '.join(ids[:_IDS])}{more}"
