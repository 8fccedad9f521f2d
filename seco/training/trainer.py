"""The training loop. It alone changes state, in one order: weights, prototypes, reservoir, local teacher."""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from seco.config import Settings
from seco.datasets.loading import Batch, SampleStream, TrainingSet, training_batches
from seco.datasets.views import ViewMaker
from seco.device import pick_device
from seco.errors import SecoError
from seco.storage.manifest import Manifest
from seco.storage.model import StoredModel, write_model
from seco.training.inputs import Inputs, to_device
from seco.training.log import TrainingLog
from seco.training.models import build_models, build_optimizer
from seco.training.objective import Objective, StepResult
from seco.training.resume import RunState
from seco.training.schedule import learning_rate_factor

Progress = Callable[[int, str], None]
"""Told after every step how many steps were done, and a note on how they went."""


class Trainer:
    """One training run, from the first step or from where it was interrupted."""

    def __init__(self, settings: Settings, manifest: Manifest, *, resume_folder: Path) -> None:
        self.settings = settings
        self.manifest = manifest
        self.device = pick_device()
        models = build_models(settings, num_classes=len(manifest.class_names), device=self.device)
        self.objective = Objective(settings)
        self.state = RunState(
            models,
            build_optimizer(settings, models.network),
            torch.Generator(self.device).manual_seed(settings.seed),
            resume_folder,
        )
        self.state.restore()

    def run(self, log: TrainingLog, progress: Progress) -> None:
        """Train to the last step, logging and saving on the way.

        Raises:
            SecoError: the loss is not finite, or an image cannot be read.
        """
        state, training = self.state, self.settings.training
        log.replay(state.curves)
        progress(state.step, "")
        for batch in self.batches():
            inputs = to_device(batch, self.device)
            result = self.step(inputs)
            _require_finite(result, state.step, batch.ids)
            self.update(inputs, result)
            if state.step % training.log_every == 0 or state.step == training.steps:
                state.curves.append(log.record(state.step, result, self._rate()))
            progress(1, log.note)
            if state.step % training.checkpoint_every == 0 and state.step < training.steps:
                state.save()

    def step(self, inputs: Inputs) -> StepResult:
        """Compute the objective at the present step; nothing changes."""
        return self.objective(self.state.models, inputs, step=self.state.step, generator=self.state.generator)

    def update(self, inputs: Inputs, result: StepResult) -> None:
        """Move the weights, then the prototypes, the reservoir and the local teacher, and count the step."""
        settings, state = self.settings, self.state
        models, optimizer = state.models, state.optimizer
        for group in optimizer.param_groups:
            group["lr"] = group["base_rate"] * self._factor()
        optimizer.zero_grad(set_to_none=True)
        result.total.backward()
        optimizer.step()
        if state.step >= settings.training.prototype_start:
            models.prototypes.update(
                result.crop_embedding,
                inputs.labels,
                momentum=settings.prototype_momentum,
                mode=settings.prototype_update,
            )
        if result.contrast is not None and result.contrast.keys is not None:
            models.reservoir.enqueue(result.contrast.keys, result.contrast.rectified_tags)
        models.teacher.update(models.network, momentum=settings.teacher_momentum)
        state.step += 1

    def save_model(self, folder: Path) -> None:
        """Write the network and the settings that made it."""
        write_model(
            folder,
            StoredModel(
                weights=self.state.models.network.state_dict(),
                class_names=self.manifest.class_names,
                settings=self.settings.model_dump(mode="json"),
            ),
        )

    def batches(self) -> Iterator[Batch]:
        """Yield the batches from the present step to the last."""
        settings, training = self.settings, self.settings.training
        records = self.manifest.split("train")
        views = ViewMaker(
            crop_size=training.crop_size,
            second_size=training.second_view_size,
            scale_range=training.scale_range,
        )
        stream = SampleStream(
            len(records),
            batch_size=training.batch_size,
            seed=settings.seed,
            first_step=self.state.step,
            last_step=training.steps,
        )
        dataset = TrainingSet(records, self.manifest.class_names, views, seed=settings.seed)
        return training_batches(dataset, stream, num_workers=training.num_workers)

    def _factor(self) -> float:
        training = self.settings.training
        return learning_rate_factor(
            self.state.step,
            steps=training.steps,
            warmup_steps=training.warmup_steps,
            warmup_ratio=training.warmup_ratio,
        )

    def _rate(self) -> float:
        return self.state.optimizer.param_groups[0]["lr"]


def _require_finite(result: StepResult, step: int, ids: list[str]) -> None:
    if torch.isfinite(result.total):
        return
    broken = [name for name, term in result.terms.items() if not torch.isfinite(term)] or ["total"]
    raise SecoError(
        f"the loss is not finite at step {step} (term {', '.join(broken)}; images {', '.join(ids)}): lower "
        "training.learning_rate, or set training.precision to fp32"
    )
