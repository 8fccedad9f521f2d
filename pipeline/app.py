"""The `seco` command: every stage of the pipeline by its name, and the door at which faults become sentences."""

import sys
from contextlib import suppress

import typer

from pipeline.download import download
from pipeline.evaluate import evaluate
from pipeline.experiment import experiment
from pipeline.export import export, export_cams, export_masks
from pipeline.faults import ending_of
from pipeline.generate import generate
from pipeline.predict import predict
from pipeline.prepare import prepare
from pipeline.pretrain import pretrain
from pipeline.recipe import recipe
from pipeline.refine import refine
from pipeline.resume import resume
from pipeline.summary import summary
from pipeline.train import train
from seco.runtime.signals import Stopped, listen

app = typer.Typer(
    name="seco",
    help="SeCo: image-level labels into pixel masks. `dvc repro` runs all stages; each runs on its own too.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
)
for stage in (
    generate,
    prepare,
    train,
    export,
    export_cams,
    export_masks,
    refine,
    predict,
    evaluate,
    summary,
    pretrain,
    download,
):
    app.command()(stage)
app.add_typer(recipe, name="recipe")
app.add_typer(experiment, name="experiment")
app.add_typer(resume, name="resume")


def main() -> None:
    """Run a command. What the user can mend is one sentence on standard error and exit status 1.

    A command that is asked to stop ends with 143 (SIGTERM), 130 (Ctrl-C) or 138 (SIGUSR1).
    """
    ending = None
    try:
        with listen():
            try:
                app()
            except (Stopped, Exception) as fault:
                ending = ending_of(fault, command=next(iter(sys.argv[1:]), ""))
                if ending is None:
                    raise
            # Here the fault is let go of, and with it what the command left open, its workers among it.
    except Stopped as late:  # asked for on the way out: what ended the command before says more
        ending = ending or ending_of(late, command="")
    if ending is not None:
        with suppress(OSError):  # what reads it may have ended, as `tee` does on Ctrl-C
            typer.echo(f"seco: {ending.sentence}", err=True)
        sys.exit(ending.status)
