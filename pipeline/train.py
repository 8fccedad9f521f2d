"""Stage `train`: the SeCo network, from image labels alone."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.options import MODEL, PARAMS, PREPARED, REPORTS, Data, Params, Resume

if TYPE_CHECKING:
    from seco.config import Settings
    from seco.storage.manifest import Manifest


def train(
    params: Params = PARAMS,
    data: Data = PREPARED,
    output: Annotated[Path, typer.Option(help="Folder for the trained model.")] = MODEL,
    curves: Annotated[Path, typer.Option(help="Folder for the learning curves.")] = REPORTS / "training",
    skip_bad: Annotated[
        bool,
        typer.Option("--skip-bad", help="Let another image stand in for one that cannot be read.", show_default="no"),
    ] = False,
    profile: Annotated[
        bool,
        typer.Option("--profile", help="Measure a few steps instead: reports/profile.", show_default="no"),
    ] = False,
    *,
    resume: Resume,
) -> None:
    """Train the network; an interrupted run of the same settings goes on where it was saved last.

    `torchrun --nproc-per-node=N -m pipeline train` shares each batch among N processes.
    """
    from rich.console import Console

    from seco.config import load_settings
    from seco.distributed import process_group, rank
    from seco.reporting.progress import progress
    from seco.storage.atomic import require_writable
    from seco.storage.manifest import read_manifest
    from seco.training.batching import describe_batches
    from seco.training.log import TrainingLog
    from seco.training.resume import fingerprint, only_run
    from seco.training.trainer import Trainer

    settings = load_settings(params)
    manifest = read_manifest(data)
    if profile:
        _profile(settings, manifest)
        return
    require_writable(output)
    with process_group():
        console = Console(stderr=True, quiet=rank() > 0)
        say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
        say(f"train: {describe_batches(settings)}")
        folder = resume / fingerprint(settings, data)
        with only_run(folder, settings):
            trainer = Trainer(settings, manifest, resume_folder=folder, skip_bad_images=skip_bad)
            for fault in trainer.state.faults:
                say(f"train: {fault}")
            bar = progress("train", settings.training.steps, console=console)
            with trainer.state, TrainingLog(curves) as log, bar as advance:
                trainer.run(log, advance)
            if rank() == 0:
                trainer.save_model(output)
                trainer.state.discard()


def _profile(settings: "Settings", manifest: "Manifest") -> None:
    """Profile a few steps with every phase on; print what kinds of operations they consist of."""
    from seco.distributed import process_group, rank
    from seco.training.profiling import kinds_table, profile_training

    with process_group():
        found = profile_training(settings, manifest, folder=REPORTS / "profile")
        if rank() == 0:
            typer.echo(kinds_table(found), nl=False)
