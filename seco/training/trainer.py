"""The training loop. It alone changes state: the weights, then what the parts of the method remember."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from seco.compute.device import pick_device, shared_casts
from seco.compute.distributed import any_over_ranks, anyone, share_of, sum_gradients
from seco.config.settings import Settings
from seco.models.network import SeCoNetwork
from seco.runtime.signals import Stopped, deferred
from seco.storage.manifest import Manifest
from seco.storage.model import StoredModel, write_model
from seco.training.bad_steps import end_of_run
from seco.training.inputs import Inputs, to_device
from seco.training.loading import Batch, TrainingSet, training_batches
from seco.training.log import Point, TrainingLog, measure
from seco.training.methods import METHODS
from seco.training.models import build_models, build_optimizer
from seco.training.objective import StepResult, evaluate
from seco.training.resume import RunState
from seco.training.schedule import learning_rate_factor
from seco.training.stream import SampleStream
from seco.training.views import ViewMaker

Progress = Callable[[int, str], None]
"""Told after every step how many steps were done, and a note on how they went."""
Score = Callable[[SeCoNetwork], dict[str, float]]
"""Measures the network every ``train.evaluate_every`` steps; its values join the learning curves."""


class Trainer:
    """One training run, from the first step or from where it was interrupted; of several ranks, this one's part."""

    def __init__(
        self,
        settings: Settings,
        manifest: Manifest,
        *,
        resume_folder: Path,
        skip_bad_images: bool = False,
        score: Score | None = None,
    ) -> None:
        self.settings = settings
        self.manifest = manifest
        self.skip_bad_images = skip_bad_images
        self.device = pick_device()
        models = build_models(settings, num_classes=len(manifest.class_names), device=self.device)
        self.score = score
        self.state = RunState(models, build_optimizer(settings, models.network), resume_folder)
        self.state.restore()

    def run(self, log: TrainingLog, progress: Progress) -> None:
        """Train to the last step, logging and saving on the way; when asked to stop, finish the step and save.

        Raises:
            SecoError: too many steps in a row were not finite, or an image cannot be read.
            Stopped: as asked.
        """
        state, training = self.state, self.settings.train
        log.replay(state.curves)
        progress(state.step, "")
        with deferred("finishing the step and saving; once more to stop at once") as asked:
            clock = time.perf_counter()
            for batch in self.batches():
                log.warn(batch.faults)
                self._train_on(batch, log)
                state.seconds, clock = state.seconds + time.perf_counter() - clock, time.perf_counter()
                stopping = anyone(asked())
                if stopping or (state.step % training.checkpoint_every == 0 and state.step < training.steps):
                    state.save()
                if stopping:
                    break
                progress(1, log.note)  # last: Ctrl-C may have ended what reads it, such as `tee`
            state.finish()
        log.took(state.seconds)
        if state.step < training.steps:
            raise Stopped(signal.SIGTERM)  # another rank was asked to

    def step(self, inputs: Inputs) -> StepResult:
        """Compute the objective at the present step; nothing changes."""
        with shared_casts(self.device):
            return evaluate(self.state.models, inputs, settings=self.settings, step=self.state.step)

    def update(self, result: StepResult) -> bool:
        """Move the weights, let the parts of the method take up what they found, and count the step.

        Where the loss or a gradient is not finite on any rank, nothing moves but the count, and False is returned.
        """
        state = self.state
        weights = [weight for group in state.optimizer.param_groups for weight in group["params"]]
        state.optimizer.zero_grad(set_to_none=True)
        result.total.backward()
        sum_gradients(weights)
        norms = torch._foreach_norm([weight.grad for weight in weights if weight.grad is not None])  # pyright: ignore[reportPrivateImportUsage]
        finite = torch.isfinite(torch.stack([result.total.detach(), *norms])).all()
        sound = not any_over_ranks(~finite)  # the one place where the host waits for the device on every step
        if sound:
            self._move(result)
        state.count(sound)
        return sound

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
        """Yield this rank's share of the batches from the present step to the last."""
        settings, training = self.settings, self.settings.train
        records = self.manifest.split("train")
        parts = METHODS[settings.method].active(settings).values()
        views = ViewMaker(
            crop_size=training.crop_size,
            second_size=training.second_view_size,
            scale_range=training.scale_range,
            wanted={view for part in parts for view in part.views(settings)},
        )
        stream = SampleStream(
            len(records),
            batch_size=training.batch_size,
            share=share_of(training.batch_size),
            seed=settings.seed,
            first_step=self.state.step,
            last_step=training.steps,
        )
        dataset = TrainingSet(
            records,
            self.manifest.class_names,
            views,
            num_draws=max(part.num_draws(settings) for part in parts),
            seed=settings.seed,
            skip_bad=self.skip_bad_images,
        )
        return training_batches(dataset, stream, num_workers=training.num_workers)

    def _train_on(self, batch: Batch, log: TrainingLog) -> None:
        state, training = self.state, self.settings.train
        inputs = to_device(batch, self.device)
        result = self.step(inputs)
        sound = self.update(result)
        if state.bad_in_a_row > training.max_bad_steps:
            step = state.step - 1
            raise end_of_run(step, result, batch, in_a_row=state.bad_in_a_row, folder=state.folder)
        point: Point = {}
        if sound and (state.step % training.log_every == 0 or state.step == training.steps):
            point |= measure(result, state.tally, rate=self._rate())
        if self.score is not None and state.step % training.evaluate_every == 0:
            point |= self.score(state.models.network)
        if point:
            state.curves.append({"step": float(state.step), "bad_steps": float(state.bad_steps)} | point)
            log.record(state.curves[-1])

    def _move(self, result: StepResult) -> None:
        optimizer = self.state.optimizer
        for group in optimizer.param_groups:
            group["lr"] = group["base_rate"] * self._factor()
        optimizer.step()
        self.state.models.take_up(result.uptakes, self.settings)
        self.state.tally.add(result.shares)

    def _factor(self) -> float:
        training = self.settings.train
        return learning_rate_factor(
            self.state.step,
            steps=training.steps,
            warmup_steps=training.warmup_steps,
            warmup_ratio=training.warmup_ratio,
        )

    def _rate(self) -> float:
        return self.state.optimizer.param_groups[0]["lr"]
