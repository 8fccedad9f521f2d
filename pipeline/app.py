"""The `seco` command: one subcommand for each stage, and the place where errors become sentences."""

import sys
from contextlib import suppress

import typer

from pipeline.audit import audit
from pipeline.check_labels import check_labels
from pipeline.commands import export_cams, predict, refine
from pipeline.compare import compare
from pipeline.convert import convert
from pipeline.corrections import corrections
from pipeline.download import download
from pipeline.evaluate import evaluate
from pipeline.experiment import experiment
from pipeline.export import export, export_masks
from pipeline.export_onnx import export_onnx
from pipeline.faults import ending_of
from pipeline.generate import generate
from pipeline.prepare import prepare
from pipeline.pretrain import pretrain
from pipeline.queue import queue
from pipeline.recipe import recipe
from pipeline.resume import resume
from pipeline.summary import summary
from pipeline.sweep import sweep
from pipeline.train import train
from seco.runtime.signals import Stopped, listen
from seco.runtime.streams import accept_any_sign
from seco.storage.plain_text import one_line

app = typer.Typer(
    name="seco",
    help="SeCo: pixel masks from image-level labels. `dvc repro` runs all stages in order.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
)
for command in (
    *(generate, prepare, train, export, export_cams, export_masks, refine, predict, evaluate),
    *(summary, audit, check_labels, queue, compare, sweep, pretrain, download, export_onnx),
):
    app.command()(command)
app.add_typer(convert, name="convert")
app.add_typer(corrections, name="corrections")
app.add_typer(recipe, name="recipe")
app.add_typer(experiment, name="experiment")
app.add_typer(resume, name="resume")


def main() -> None:
    """Run a command. A user's error is one sentence on standard error and exit status 1.

    A command that is asked to stop ends with 143 (SIGTERM), 130 (Ctrl-C) or 138 (SIGUSR1).
    """
    ending = None
    accept_any_sign()
    try:
        with listen():
            try:
                app()
            except (Stopped, Exception) as fault:
                ending = ending_of(fault, words=sys.argv[1:])
                if ending is None:
                    raise
            # Here the exception is released, and with it what the command left open, such as loaders.
    except Stopped as late:  # a stop during the clean-up does not hide the error before it
        ending = ending or ending_of(late, words=())
    if ending is not None:
        with suppress(OSError):  # the reader of a pipe may have ended, as `tee` does on Ctrl-C
            typer.echo("\n".join(map(one_line, f"seco: {ending.sentence}".split("\n"))), err=True)
        sys.exit(ending.status)
