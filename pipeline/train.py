"""Stage `train`: the SeCo network, from image labels alone."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import MODEL, PARAMS, PREPARED, REPORTS, Data, Params


def train(
    params: Params = PARAMS,
    data: Data = PREPARED,
    output: Annotated[Path, typer.Option(help="Folder for the trained model.")] = MODEL,
    log: Annotated[Path, typer.Option(help="Folder for the learning curves.")] = REPORTS / "training",
    resume: Annotated[Path, typer.Option(help="Folder where interrupted runs wait.")] = Path(".seco/resume"),
) -> None:
    """Train the network; an interrupted run of the same settings goes on where it was saved last."""
    from seco.config import load_settings
    from seco.reporting.progress import progress
    from seco.storage.atomic import require_writable
    from seco.storage.manifest import read_manifest
    from seco.training.log import TrainingLog
    from seco.training.resume import fingerprint
    from seco.training.trainer import Trainer

    settings = load_settings(params)
    manifest = read_manifest(data)
    require_writable(output)
    trainer = Trainer(settings, manifest, resume_folder=resume / fingerprint(settings, data))
    with TrainingLog(log) as curves, progress("train", settings.training.steps) as advance:
        trainer.run(curves, advance)
    trainer.save_model(output)
    trainer.state.discard()
