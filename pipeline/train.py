"""Stage `train`: the SeCo network, from image labels, and from true masks where there are any."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.options import MODEL, PARAMS, PREPARED, REPORTS, Data, Params, Resume
from seco.storage.stage_records import recorded

if TYPE_CHECKING:
    from seco.config.settings import Settings
    from seco.storage.manifest import Manifest
    from seco.training.trainer import Score

PAPER_BATCH = {"voc": ("PASCAL VOC", 4), "coco": ("MS COCO", 8)}
WARM_UP, MEASURED = 2, 3  # steps of --profile


def train(
    params: Params = PARAMS,
    data: Data = PREPARED,
    output: Annotated[Path, typer.Option(help="Folder for the trained model.")] = MODEL,
    curves: Annotated[Path, typer.Option(help="Folder for the learning curves.")] = REPORTS / "train",
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
    """Train the network on image labels; continue an interrupted run.

    `torchrun --nproc-per-node=N -m pipeline train` shares each batch among N processes.
    """
    from seco.compute.distributed import process_group
    from seco.config.requirements import require_every_stage
    from seco.config.settings import load_settings
    from seco.config.stages import installed_code
    from seco.runtime.memory import keep_freed_memory
    from seco.storage.atomic import take_over
    from seco.storage.manifest import read_manifest
    from seco.training.resume import exclusive_run, fingerprint

    keep_freed_memory()
    settings = load_settings(params)
    manifest = read_manifest(data)
    if profile:
        _profile(settings, manifest)
        return
    require_every_stage(settings, manifest.records)
    take_over(output)
    with process_group():
        folder = resume / fingerprint(settings, data=data, code=installed_code("train"))
        with exclusive_run(folder, _note(settings)):
            _run(settings, manifest, folder=folder, output=output, curves=curves, skip_bad=skip_bad)


@recorded("train")
def _run(
    settings: "Settings", manifest: "Manifest", *, folder: Path, output: Path, curves: Path, skip_bad: bool
) -> None:
    """Train from the run's last checkpoint in `folder`; rank 0 shows the progress and writes the model."""
    from rich.console import Console

    from seco.compute.distributed import rank
    from seco.config.requirements import without_effect
    from seco.console.output import print_sentence
    from seco.runtime.progress import progress
    from seco.training.loading import describe_batches
    from seco.training.log import TrainingLog
    from seco.training.trainer import Trainer
    from seco.training.true_masks import describe_teaching

    console = Console(stderr=True, quiet=rank() > 0)
    say = partial(print_sentence, console)
    usual = PAPER_BATCH.get(str(settings.prepare.classes))
    say(f"train: {describe_batches(settings.train.batch_size, usual=usual)}")
    for sentence in without_effect(settings, manifest.records, num_classes=len(manifest.class_names)):
        say(f"train: {sentence}")
    score = _scorer(settings, manifest) if settings.train.evaluate_every else None
    trainer = Trainer(settings, manifest, resume_folder=folder, skip_bad_images=skip_bad, score=score)
    for fault in trainer.state.faults:
        say(f"train: {fault}")
    if trainer.teaching:
        say(f"train: {describe_teaching(manifest, trainer.teaching)}")
    if trainer.needs_head_start:
        with progress("train: images, encoded once for the classifiers", console=console) as counter:
            start = trainer.start_heads(counter)
        say(f"train: {start}")
    if reason := trainer.settle_compilation():
        say(f"train: {reason}")
    bar = progress("train", settings.train.steps, console=console)
    with trainer.state, TrainingLog(curves) as log, bar as advance:
        trainer.run(log, advance)
    if rank() == 0:
        trainer.save_model(output)
        trainer.state.discard()


def _note(settings: "Settings") -> dict[str, Any]:
    """Return what `seco resume list` shows of a run."""
    return {
        "steps": settings.train.steps,
        "batch_size": settings.train.batch_size,
        "backbone": settings.backbone.name,
        "patch_size": settings.patch_size,
        "dataset": settings.prepare.root,
    }


def _scorer(settings: "Settings", manifest: "Manifest") -> "Score":
    """Return what scores the held-out split on the way: CAMs cut midway between the thresholds of training."""
    from seco.inference.validation import Validation

    return Validation(
        manifest,
        split=settings.train.evaluate_split,
        image_size=settings.train.crop_size,
        batch_size=settings.train.batch_size,
        background=(settings.cam.low + settings.cam.high) / 2,
        precision=settings.train.precision,
    )


def _profile(settings: "Settings", manifest: "Manifest") -> None:
    """Profile a few steps on the run's own images with every phase on; nothing is saved but table and trace."""
    import tempfile

    from seco.compute.distributed import process_group, rank
    from seco.runtime.profiler import kinds_table, profile_page, profile_steps
    from seco.storage.atomic import atomic_write_text
    from seco.training.crop_pass import to_device
    from seco.training.trainer import Trainer

    folder, waits = REPORTS / "profile", ("warmup_steps", "prototype_start", "contrast_start", "segmentation_start")
    shortened = settings.train.model_copy(update={**dict.fromkeys(waits, 0), "steps": WARM_UP + MEASURED})
    with process_group(), tempfile.TemporaryDirectory() as scratch:
        trainer = Trainer(settings.model_copy(update={"train": shortened}), manifest, resume_folder=Path(scratch))
        batches = iter([to_device(batch, trainer.device) for batch in trainer.batches()])

        def step() -> None:
            trainer.update(trainer.step(next(batches)))

        for _ in range(WARM_UP):
            step()
        trace = folder / "trace.json" if rank() == 0 else None
        found = profile_steps(step, steps=MEASURED, device=trainer.device, trace=trace)
        if rank() == 0:
            atomic_write_text(folder / "table.md", profile_page(found))
            typer.echo(kinds_table(found), nl=False)
