"""The `seco` command: every stage of the pipeline by its name, and the door at which faults become sentences."""

import sys

import typer

from pipeline.evaluate import evaluate
from pipeline.export import export, export_cams, export_masks
from pipeline.generate import generate
from pipeline.predict import predict
from pipeline.prepare import prepare
from pipeline.pretrain import pretrain
from pipeline.refine import refine
from pipeline.summary import summary
from pipeline.train import train
from seco.errors import SecoError

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
):
    app.command()(stage)


def main() -> None:
    """Run a command. A fault that the user can mend is one sentence on standard error and exit status 1."""
    try:
        app()
    except SecoError as fault:
        _complain(str(fault))
    except OSError as fault:
        place = f" ({fault.filename})" if fault.filename else ""
        _complain(f"the system refused a file{place}: {fault.strerror or fault}")


def _complain(sentence: str) -> None:
    typer.echo(f"seco: {sentence}", err=True)
    sys.exit(1)
