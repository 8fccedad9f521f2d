"""`seco resume`: list and delete interrupted training runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.options import Resume

if TYPE_CHECKING:
    from seco.training.runs import SavedRun

resume = typer.Typer(help="List or delete interrupted training runs.", no_args_is_help=True)

Names = Annotated[
    list[str] | None, typer.Argument(help="Runs, by the names that `seco resume list` shows.", show_default=False)
]
Every = Annotated[bool, typer.Option("--all", help="Every run that is not running.", show_default="no")]


@resume.command("list")
def list_runs(*, folder: Resume) -> None:
    """List the interrupted runs: progress, time of the last checkpoint and size."""
    import time

    from seco.console.runs import show_runs
    from seco.training import runs

    found = runs.find_runs(folder)
    if found:
        show_runs(found, now=time.time())
    else:
        typer.echo(f"There is no interrupted run in {folder}.")


@resume.command("clean")
def clean_runs(names: Names = None, every: Every = False, *, folder: Resume) -> None:
    """Delete some interrupted runs, or all; a run that is running is never deleted."""
    from rich.filesize import decimal

    from seco.errors import SecoError
    from seco.training.runs import delete_run, find_runs

    if bool(names) == every:
        raise SecoError("say which runs to delete: their names, as `seco resume list` shows them, or --all")
    found = find_runs(folder)
    chosen = _choose(found, names) if names else [run for run in found if run.owner is None]
    for run in chosen:
        delete_run(folder / run.name)
        typer.echo(f"Deleted {run.name}: {decimal(run.size)} freed.")
    for run in found if every else ():
        if run.owner is not None:
            typer.echo(f"Kept {run.name}: it is running ({run.owner}).")
    if not chosen:
        typer.echo(f"Nothing to delete in {folder}.")


def _choose(runs: "Sequence[SavedRun]", names: Sequence[str]) -> "list[SavedRun]":
    """Return the runs with some names; raises SecoError if a name is unknown or its run is running."""
    from seco.errors import SecoError, did_you_mean

    known = {run.name: run for run in runs}
    for name in names:
        if name not in known:
            raise SecoError(
                f"there is no run {name!r}: {did_you_mean(name, list(known)) if known else 'there is none'}"
            )
        if known[name].owner is not None:
            raise SecoError(f"the run {name} is running ({known[name].owner}): stop it first")
    return [known[name] for name in dict.fromkeys(names)]
