"""Resuming an interrupted run: its fingerprint, its lock, and its saved state."""

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

from seco.compute.distributed import from_rank_0, rank
from seco.config.settings import Settings
from seco.errors import SecoError, is_out_of_memory
from seco.training.checkpoint import read_checkpoint
from seco.training.checkpoint_writer import CheckpointWriter
from seco.training.log import Point, ShareCounter
from seco.training.methods import Models
from seco.training.runs import hold_run, note_run

# Training does not read these sections; what `prepare` decides is in its output.
_UNUSED_SECTIONS = ("crf", "generate", "prepare", "export", "refine", "predict", "evaluate")
# These change no result: a run that stopped for want of memory goes on with fewer loaders or less memory.
_NO_RESULT = {"num_workers", "activation_checkpointing", "checkpoint_every", "max_bad_steps"}


def fingerprint(settings: Settings, *, data: Path, code: Sequence[Path]) -> str:
    """Name a run by everything that decides its result: settings, prepared data, code and first weights.

    Args:
        settings: of the run.
        data: the folder that `seco prepare` wrote.
        code: files and folders of Python code.
    """
    decisive = settings.model_dump_json(exclude={**dict.fromkeys(_UNUSED_SECTIONS, True), "train": _NO_RESULT})
    digest = hashlib.sha256(decisive.encode())
    sources = [source for path in code for source in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    weights = Path(str(settings.backbone.pretrained))
    for source in [*sources, *sorted(data.glob("*.csv")), *([weights] if weights.is_file() else [])]:
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def exclusive_run(folder: Path, note: Mapping[str, Any]) -> Iterator[None]:
    """Keep other processes from training the run of a folder. Rank 0 holds the lock for all ranks.

    Args:
        folder: the run's.
        note: what `seco resume list` shows of the run.

    Raises:
        SecoError: another process is training it, or the folder cannot be written.
    """
    if rank() != 0:
        yield
        return
    with hold_run(folder):
        note_run(folder, note)
        yield


class RunState:
    """What changes during a run: models, optimizer, step, learning curves and counts.

    Rank 0 saves it for all ranks. Used as a context it waits, at the end, for a write that is under way.

    Attributes:
        seconds: that all steps took, with loading, also before an interruption.
        compiled: what `train.compile: auto` has chosen; None before.
        faults: a sentence for each damaged checkpoint that `restore` passed over.
    """

    def __init__(self, models: Models, optimizer: torch.optim.Optimizer, folder: Path) -> None:
        self.models = models
        self.optimizer = optimizer
        self.folder = folder
        self.step = 0
        self.bad_steps = 0
        self.bad_in_a_row = 0
        self.seconds = 0.0
        self.curves: list[Point] = []
        self.shares = ShareCounter()
        self.compiled: bool | None = None
        self.faults: tuple[str, ...] = ()
        self._writer = CheckpointWriter(folder, sound=None)

    def count(self, is_finite: bool) -> None:
        """Count a step, and those that were not finite."""
        self.step += 1
        self.bad_steps += not is_finite
        self.bad_in_a_row = 0 if is_finite else self.bad_in_a_row + 1

    def save(self) -> None:
        """Start writing everything to the run's folder; training may go on meanwhile.

        Raises:
            SecoError: the state that was saved before could not be written, or is not finite.
        """
        self.shares.gather()
        if rank() != 0:
            return
        state = {
            "models": {name: module.state_dict() for name, module in self.models.modules().items()},
            "optimizer": self.optimizer.state_dict(),
            "bad_steps": self.bad_steps,
            "bad_in_a_row": self.bad_in_a_row,
            "seconds": self.seconds,
            "curves": self.curves,
            "shares": self.shares.counts,
            "compiled": self.compiled,
        }
        self._writer.save(state, step=self.step)

    def finish(self) -> None:
        """Wait until what was saved is on the disk; raises as `save`."""
        self._writer.flush()

    def __enter__(self) -> "RunState":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.finish()
        except SecoError:
            if error is None:  # otherwise the first error is the one to report
                raise

    def restore(self) -> None:
        """Load the run's newest sound checkpoint, if there is one.

        Raises:
            SecoError: all are damaged, or belong to another run.
        """
        found = read_checkpoint(self.folder) if rank() == 0 else None
        if found is not None:
            self.faults = found.faults
            self._writer = CheckpointWriter(self.folder, sound=found.path)
        saved = from_rank_0(None if found is None else (found.step, found.state))
        if saved is None:
            return
        try:
            self._load(*saved)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise  # a RuntimeError too, but no fault of the checkpoint
            raise SecoError(
                f"{self.folder} holds another run's state: delete it to train from the first step"
            ) from error

    def _load(self, step: int, state: dict[str, Any]) -> None:
        for name, module in self.models.modules().items():
            module.load_state_dict(state["models"][name])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = step
        self.bad_steps = state["bad_steps"]
        self.bad_in_a_row = state["bad_in_a_row"]
        self.seconds = state["seconds"]
        self.curves = state["curves"]
        self.compiled = state["compiled"]
        self.shares.restore(state["shares"], next(self.models.network.parameters()).device)

    def discard(self) -> None:
        """Delete the saved states: the run has ended."""
        if rank() == 0:
            self.finish()
            shutil.rmtree(self.folder, ignore_errors=True)
