"""The training loop. Only the trainer changes state: first the weights, then the buffers of the objective's parts."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from seco.compute.device import pick_device, shared_casts
from seco.compute.distributed import any_over_ranks, any_rank, gather_objects, rank, share_of, sum_gradients
from seco.config.settings import Settings
from seco.errors import SecoError
from seco.models.network import SeCoNetwork
from seco.runtime.progress import Progress as ShownProgress
from seco.runtime.signals import Stopped, deferred
from seco.storage.atomic import atomic_path
from seco.storage.manifest import Manifest
from seco.storage.method_record import write_method_record
from seco.storage.model import StoredModel, write_model
from seco.training.compilation import settle
from seco.training.crop_pass import CropPass, Inputs, to_device
from seco.training.head_start import HeadStart, start_heads
from seco.training.loading import Batch, SampleStream, TrainingSet, training_batches
from seco.training.log import Point, TrainingLog, curve_point
from seco.training.method_record import method_record
from seco.training.methods import build_models
from seco.training.objective import StepResult
from seco.training.optimizer import build_optimizer, learning_rate_factor, set_learning_rate
from seco.training.resume import RunState
from seco.training.true_masks import teaching_masks
from seco.training.views import ViewMaker

Progress = Callable[[int, str], None]
"""Called after every step with how many steps were done, and a note on how they went."""
Score = Callable[[SeCoNetwork], dict[str, float]]
"""Measures the network every ``train.evaluate_every`` steps; its values join the learning curves."""


class Trainer:
    """One training run, from the first step or from its last checkpoint; with several ranks, this rank's share.

    Args:
        settings: of the run; the sections of later stages are not read.
        manifest: the data; images of the split "train" are used.
        resume_folder: where the run saves its checkpoints.
        skip_bad_images: replace an image that cannot be read by another one.
        score: measures the network on the way, or None.
    """

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
        self.score = score
        self.device = pick_device()
        self.teaching = teaching_masks(manifest, settings.train, seed=settings.seed)
        models = build_models(settings, num_classes=len(manifest.class_names), device=self.device)
        optimizer = build_optimizer(
            models.network,
            learning_rate=settings.train.learning_rate,
            head_multiplier=settings.train.head_multiplier,
            weight_decay=settings.train.weight_decay,
        )
        self.state = RunState(models, optimizer, resume_folder)
        self.state.restore()

    @property
    def needs_head_start(self) -> bool:
        """Whether the classifiers are to be fitted first; a run that continues has theirs in its saved state."""
        trains_classifiers = "cls" in self.state.models.objective.weights
        return self.state.step == 0 and self.settings.train.head_epochs > 0 and trains_classifiers

    def start_heads(self, counter: ShownProgress) -> HeadStart:
        """Fit the classifiers to tokens of the frozen encoder, before `run`; `start_heads` says how."""
        return start_heads(
            self.state.models.network,
            self.settings,
            self.manifest,
            skip_bad=self.skip_bad_images,
            teaching=self.teaching,
            counter=counter,
        )

    def settle_compilation(self) -> str:
        """Compile the encoders where `train.compile` is auto and it pays; return a sentence on why, or "".

        A run that continues does as it did before. Weights, random numbers and results stay as they are.
        """
        return settle(self.state, self.settings.train, self._last_phase, self.device)

    def run(self, log: TrainingLog, progress: Progress) -> None:
        """Train to the last step, with logs and checkpoints; when asked to stop, finish the step and save.

        Raises:
            SecoError: too many steps in a row were not finite, or an image cannot be read.
            Stopped: as asked.
        """
        state, train = self.state, self.settings.train
        for point in state.curves:  # DVC has deleted those of the interrupted run
            log.record(point)
        progress(state.step, "")
        with deferred("finishing the step and saving; once more to stop at once") as asked:
            clock = time.perf_counter()
            for batch in self.batches():
                log.warn(batch.faults)
                self._train_on(batch, log)
                state.seconds, clock = state.seconds + time.perf_counter() - clock, time.perf_counter()
                stopping = any_rank(asked())
                if stopping or (state.step % train.checkpoint_every == 0 and state.step < train.steps):
                    state.save()
                if stopping:
                    break
                progress(1, log.note)  # last, since it fails if Ctrl-C has ended the reader of the output
            state.finish()
        log.record_duration(state.seconds)
        if state.step < train.steps:
            raise Stopped(signal.SIGTERM)  # another rank was asked to

    def step(self, inputs: Inputs, *, at: int | None = None) -> StepResult:
        """Compute the objective at a step, by default the present one; changes nothing."""
        network, objective = self.state.models
        precision, scales = self.settings.train.precision, self.settings.cam.scales
        number = self.state.step if at is None else at
        with shared_casts(self.device):
            return objective(CropPass(network, inputs, step=number, cam_scales=scales, precision=precision))

    def update(self, result: StepResult) -> bool:
        """Move the weights, update the buffers of the objective's parts, and count the step.

        Where the loss or a gradient is not finite on any rank, only the count changes, and False is returned.
        """
        state, train = self.state, self.settings.train
        weights = [weight for group in state.optimizer.param_groups for weight in group["params"]]
        state.optimizer.zero_grad(set_to_none=True)
        result.total.backward()
        sum_gradients(weights)
        norms = torch._foreach_norm([weight.grad for weight in weights if weight.grad is not None])  # pyright: ignore[reportPrivateImportUsage]
        finite = torch.isfinite(torch.stack([result.total.detach(), *norms])).all()
        is_finite = not any_over_ranks(~finite)  # the one place where the host waits for the device on every step
        if is_finite:
            factor = learning_rate_factor(
                state.step, steps=train.steps, warmup_steps=train.warmup_steps, warmup_ratio=train.warmup_ratio
            )
            set_learning_rate(state.optimizer, factor)
            state.optimizer.step()
            state.models.objective.update_state(result.updates, state.models.network)
            state.shares.add(result.counts)
        state.count(is_finite)
        return is_finite

    def save_model(self, folder: Path) -> None:
        """Write the network and the settings that made it, and beside them what the report shows of its training."""
        write_method_record(folder, method_record(self.state, judged=self.settings.train.judge_tags))
        write_model(
            folder,
            StoredModel(
                weights=self.state.models.network.state_dict(),
                class_names=self.manifest.class_names,
                settings=self.settings.model_dump(mode="json"),
            ),
        )

    def batches(self, *, num_workers: int | None = None) -> Iterator[Batch]:
        """Yield this rank's share of the batches from the present step to the last.

        Args:
            num_workers: processes that load; None: as many as the settings say.
        """
        seed, train, objective = self.settings.seed, self.settings.train, self.state.models.objective
        records = self.manifest.split("train")
        views = ViewMaker(
            crop_size=train.crop_size,
            second_size=train.second_view_size,
            scale_range=train.scale_range,
            wanted=objective.views,
        )
        stream = SampleStream(
            len(records),
            batch_size=train.batch_size,
            share=share_of(train.batch_size),
            seed=seed,
            first_step=self.state.step,
            last_step=train.steps,
        )
        dataset = TrainingSet(
            records,
            self.manifest.class_names,
            views,
            num_draws=objective.num_draws,
            seed=seed,
            skip_bad=self.skip_bad_images,
            teaching=self.teaching,
        )
        return training_batches(dataset, stream, num_workers=train.num_workers if num_workers is None else num_workers)

    def _last_phase(self) -> Callable[[], None]:
        """Return a step with every loss, on the first images, and its gradient; it changes nothing."""
        inputs = to_device(next(self.batches(num_workers=0)), self.device)

        def step() -> None:
            self.step(inputs, at=self.settings.train.steps - 1).total.backward()
            self.state.optimizer.zero_grad(set_to_none=True)

        return step

    def _train_on(self, batch: Batch, log: TrainingLog) -> None:
        state, train = self.state, self.settings.train
        result = self.step(to_device(batch, self.device))
        is_finite = self.update(result)
        if state.bad_in_a_row > train.max_bad_steps:
            raise self._not_finite(result, batch)
        point: Point = {}
        if is_finite and (state.step % train.log_every == 0 or state.step == train.steps):
            point |= curve_point(result, state.shares, rate=state.optimizer.param_groups[0]["lr"])
        if self.score is not None and state.step % train.evaluate_every == 0:
            point |= self.score(state.models.network)
        if point:
            state.curves.append({"step": float(state.step), "bad_steps": float(state.bad_steps)} | point)
            log.record(state.curves[-1])

    def _not_finite(self, result: StepResult, batch: Batch) -> SecoError:
        """Report the last of too many non-finite steps and save this rank's share of its batch. Every rank takes part.

        The file holds a dictionary for ``torch.load(..., weights_only=True)``.
        """
        step, in_a_row = self.state.step - 1, self.state.bad_in_a_row
        path = self.state.folder / f"bad-batch-step-{step}-rank-{rank()}.pt"
        with atomic_path(path) as aside:
            torch.save(batch._asdict(), aside)
        ids = [name for part in gather_objects(batch.ids) for name in part]
        flags = any_over_ranks(~torch.stack([torch.isfinite(term.detach()) for term in result.terms.values()]))
        broken = [name for name, is_broken in zip(result.terms, flags.tolist(), strict=True) if is_broken]
        origin = f"term {', '.join(broken)}" if broken else "in the gradient, while all terms are finite"
        return SecoError(
            f"loss or gradient was not finite at step {step}, as in {in_a_row} step{'s' * (in_a_row > 1)} in a row "
            f"({origin}; images {', '.join(ids)}; kept in {path}): lower train.learning_rate, or set "
            "train.precision to fp32"
        )
