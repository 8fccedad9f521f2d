"""`seco resume`: the interrupted runs that wait to go on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.options import Resume

if TYPE_CHECKING:
    from seco.training.runs import SavedRun

resume = typer.Typer(
    help="Interrupted runs, which `seco train` goes on with: list them, or delete what is no longer wanted.",
    no_args_is_help=True,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
)

Names = Annotated[list[str] | None, typer.Argument(help="Runs, as `seco resume list` names them.", show_default=False)]
Every = Annotated[bool, typer.Option("--all", help="Every run but those under way.", show_default="no")]


@resume.command("list")
def list_runs(*, folder: Resume) -> None:
    """Show each run, how far it is, when it was saved and how much room it takes."""
    import time

    from seco.console.runs import show_runs
    from seco.training import runs

    found = runs.list_runs(folder)
    if found:
        show_runs(found, now=time.time())
    else:
        typer.echo(f"No interrupted run waits in {folder}.")


@resume.command("clean")
def clean_runs(names: Names = None, every: Every = False, *, folder: Resume) -> None:
    """Delete the runs that are named, or all; one that is under way never goes."""
    from seco.console.runs import human_size
    from seco.errors import SecoError
    from seco.training.runs import delete_run, list_runs

    if bool(names) == every:
        raise SecoError("say which runs to delete: their names, as `seco resume list` shows them, or --all")
    found = list_runs(folder)
    chosen = _choose(found, names) if names else [run for run in found if run.owner is None]
    for run in chosen:
        delete_run(folder / run.name)
        typer.echo(f"Deleted {run.name}: {human_size(run.size)} freed.")
    for run in found if every else ():
        if run.owner is not None:
            typer.echo(f"Kept {run.name}: it is under way ({run.owner}).")
    if not chosen:
        typer.echo(f"Nothing to delete in {folder}.")


def _choose(runs: "Sequence[SavedRun]", names: Sequence[str]) -> "list[SavedRun]":
    """Return the runs of some names; raises SecoError where there is none of a name, or it is under way."""
    from seco.errors import SecoError, did_you_mean

    known = {run.name: run for run in runs}
    for name in names:
        if name not in known:
            raise SecoError(f"there is no run {name!r}: {did_you_mean(name, list(known)) if known else 'none waits'}")
        if known[name].owner is not None:
            raise SecoError(f"the run {name} is under way ({known[name].owner}): stop it first")
    return [known[name] for name in dict.fromkeys(names)]
