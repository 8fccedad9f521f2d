"""The command `compare`: two or more runs side by side, with paired intervals over images."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import REPORTS

_RUNS = "Folders, git revisions or experiments; `.` is this one. Seeds of one: a,b,c."
_CAPTION = "In brackets: 95 % intervals over images, the same ones of both runs."


def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN…", help=_RUNS)],
    out: Annotated[Path, typer.Option(help="Folder for scores.csv, classes.csv and index.html.")] = REPORTS / "compare",
    every: Annotated[
        bool, typer.Option("--all", help="Print all scores and masks, not the main ones alone.", show_default="no")
    ] = False,
) -> None:
    """Compare runs with the first one, score by score and class by class."""
    import pandas as pd

    from seco.comparison.differences import (
        class_differences,
        common_masks,
        main_scores,
        score_differences,
        setting_differences,
    )
    from seco.comparison.page import answer, sections, shown_scores
    from seco.comparison.runs import read_run
    from seco.console.output import open_console, print_sentence
    from seco.console.score_table import score_table
    from seco.errors import SecoError
    from seco.reporting.page.compose import compose
    from seco.reporting.tables import write_frame
    from seco.scores.counts_file import last_variants
    from seco.storage.atomic import atomic_write_text, require_writable

    if not all(runs) or len(set(runs)) < 2 or len(set(runs)) < len(runs):
        raise SecoError("name two or more different runs: folders, revisions of git or experiments (`dvc exp list`)")
    found = [read_run(name) for name in runs]
    require_writable(out)
    masks = common_masks(found)
    scores = score_differences(found, masks)
    classes = {key: class_differences(found, key) for key in last_variants(masks)}
    settings = setting_differences(found)
    main = main_scores(scores)
    sentence = answer(main)
    page = compose(sections(scores, classes, settings), title=" – ".join(runs), answer=sentence)
    keyed = [frame.assign(**key._asdict()) for key, frame in classes.items()]
    write_frame(out / "scores.csv", scores)
    write_frame(out / "classes.csv", pd.concat(keyed, ignore_index=True))
    atomic_write_text(out / "index.html", page)
    console = open_console(None)
    shown = shown_scores(scores if every else main, intervals=False)
    console.print(score_table(shown, console, title="Differences to the first run", caption=_CAPTION))
    print_sentence(console, sentence)
    print_sentence(console, f"{out / 'index.html'}: the same as a page, with every class and the settings that differ")
