"""Prints the labels that a model contradicts: a table of the surest, and a sentence."""

from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Column

from seco.console.output import open_console, print_sentence, text_table

_ROWS = 10  # of each kind


def show_labels(listed: pd.DataFrame, sentence: str, *, page: Path, console: Console | None = None) -> None:
    """Print the first rows of each kind to the console (standard output when None).

    Args:
        listed: as of ``LabelCheck.listed``.
        sentence: what was found.
        page: the page that shows it.
    """
    console = open_console(console)
    for kind, rows in listed.groupby("kind", sort=True):
        cells = [
            (row["rank"], row["class"], f"{row['probability']:.2f}", row["id"], row["labels"].replace(";", ", ") or "–")
            for row in rows.head(_ROWS).to_dict("records")
        ]
        headings = ("rank", "class", "probability", "image", "its labels")
        columns = [Column(name, justify="right" if name in ("rank", "probability") else "left") for name in headings]
        console.print(text_table(columns, cells, title=f"Labels that may be {kind}", title_justify="left"))
    print_sentence(console, sentence)
    print_sentence(console, f"{page.with_name('labels.csv')} lists all; {page} shows the surest")
