"""One rank of a test run: trains in float64 and saves its weights. `launch` starts it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from seco.compute.distributed import process_group, rank, world_size
from seco.config.settings import Settings
from seco.runtime.progress import Progress
from seco.storage.manifest import Manifest
from seco.training.crop_pass import Inputs
from seco.training.log import TrainingLog
from seco.training.objective import StepResult
from seco.training.trainer import Trainer
from tests.demo_data import demo_manifest
from tests.imports import ROOT
from tests.settings import small_settings

CHANGES = {
    "train.steps": 20,
    "train.warmup_steps": 3,
    "train.learning_rate": 5e-4,
    "train.prototype_start": 1,
    "train.contrast_start": 3,
    "train.segmentation_start": 5,
    "train.tag_source_switch": 10,
    "train.log_every": 1,
    "train.checkpoint_every": 100,
    "cam.low": 0.4,  # from random weights, where CAMs are noise: some patches of every kind
    "cam.high": 0.6,
    "rectify_threshold": 0.55,
    "reservoir_size": 50,
    "toco.object_threshold": 1.0,
}


class InFloat64(Trainer):
    """A run in double precision, where the order of sums hardly matters. Keeps the tags of each step of SeCo."""

    def __init__(self, settings: Settings, manifest: Manifest, *, resume_folder: Path) -> None:
        super().__init__(settings, manifest, resume_folder=resume_folder)
        self.tags: list[list[int]] = []
        for module in self.state.models.modules().values():
            module.double()

    def step(self, inputs: Inputs, *, at: int | None = None) -> StepResult:
        doubled = (part.double() if part.is_floating_point() else part for part in inputs)
        result = super().step(Inputs(*doubled), at=at)
        update = result.updates.get("patches")
        if update is not None and update.contrast is not None:
            self.tags.append(update.contrast.tags.tolist())
        return result


def launch(ranks: int, *words: object) -> subprocess.CompletedProcess[str]:
    """Run this module on some processes, as `torchrun` does."""
    start = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"] if ranks > 1 else []
    return subprocess.run(
        [sys.executable, *start, "-m", __name__, *map(str, words)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def main(data: Path, output: Path, batch_size: int, changes: dict[str, Any]) -> None:
    """Train on the demo scenes below `data`; write models and curves of this rank to `output`."""
    settings = small_settings(**CHANGES, **{"train.batch_size": batch_size}, **changes)
    with process_group():
        trainer = InFloat64(settings, demo_manifest(data), resume_folder=output / "resume")
        if trainer.needs_head_start:
            trainer.start_heads(Progress("", None, lambda counter: None))
        with TrainingLog(output / f"log-{rank()}-of-{world_size()}") as log:
            trainer.run(log, lambda increment, note: None)
        state = {name: module.state_dict() for name, module in trainer.state.models.modules().items()}
        curves = trainer.state.curves
        torch.save({"models": state, "curves": curves, "tags": trainer.tags}, output / f"{rank()}-of-{world_size()}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4]))
