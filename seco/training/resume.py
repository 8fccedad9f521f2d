"""Going on with an interrupted run: its fingerprint, its lock, and its state."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

import seco
from seco.compute.distributed import from_first, rank
from seco.config.settings import Settings
from seco.errors import SecoError
from seco.training.checkpoint import read_checkpoint
from seco.training.checkpoint_writer import CheckpointWriter
from seco.training.models import Models
from seco.training.runs import hold_run, note_run
from seco.training.tally import Tally

# What these sections hold comes into play only before or after training.
_FOREIGN_SECTIONS = {"generate", "refine", "predict", "evaluate"}


def fingerprint(settings: Settings, data: Path) -> str:
    """Name a run by its settings, its code, its prepared data and its first weights: no other run continues it."""
    digest = hashlib.sha256(settings.model_dump_json(exclude=_FOREIGN_SECTIONS).encode())
    sources = [*sorted(Path(seco.__file__).parent.rglob("*.py")), *sorted(data.glob("*.csv"))]
    weights = Path(str(settings.backbone.pretrained))
    for source in [*sources, weights] if weights.is_file() else sources:
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def only_run(folder: Path, settings: Settings) -> Iterator[None]:
    """Keep other processes from training the run of a folder, and note what run it is; for all ranks of one.

    Raises:
        SecoError: another process is training it, or the folder cannot be written.
    """
    if rank() != 0:
        yield
        return
    with hold_run(folder):
        note_run(folder, _recognisable(settings))
        yield


class RunState:
    """What changes during a run: models, optimizer, step, learning curves and their tally.

    Rank 0 keeps it on disk for all. As a context it waits, at the end, for what is still being written, however the
    block ends.

    Attributes:
        seconds: that all steps took, with loading, also before an interruption.
        faults: what was wrong with saved states that `restore` had to pass over, a sentence each.
    """

    def __init__(self, models: Models, optimizer: torch.optim.Optimizer, folder: Path) -> None:
        self.models = models
        self.optimizer = optimizer
        self.folder = folder
        self.step = 0
        self.bad_steps = 0
        self.bad_in_a_row = 0
        self.seconds = 0.0
        self.curves: list[dict[str, float]] = []
        self.tally = Tally()
        self.faults: tuple[str, ...] = ()
        self._writer = CheckpointWriter(folder, sound=None)

    def count(self, sound: bool) -> None:
        """Count a step, and those that were not finite."""
        self.step += 1
        self.bad_steps += not sound
        self.bad_in_a_row = 0 if sound else self.bad_in_a_row + 1

    def save(self) -> None:
        """Begin to write everything to the run's folder; training may go on meanwhile.

        Raises:
            SecoError: the state that was saved before could not be written, or is not finite.
        """
        self.tally.gather()
        if rank() != 0:
            return
        state = {
            "models": {name: module.state_dict() for name, module in self.models.modules().items()},
            "optimizer": self.optimizer.state_dict(),
            "bad_steps": self.bad_steps,
            "bad_in_a_row": self.bad_in_a_row,
            "seconds": self.seconds,
            "curves": self.curves,
            "tally": self.tally.counts,
        }
        self._writer.save(state, step=self.step)

    def finish(self) -> None:
        """Wait until what was saved lies on the disk; raises as `save`."""
        self._writer.flush()

    def __enter__(self) -> "RunState":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.finish()
        except SecoError:
            if error is None:  # else that is what to tell
                raise

    def restore(self) -> None:
        """Take up the run's newest sound state, where there is one.

        Raises:
            SecoError: all are damaged, or that of something else.
        """
        found = read_checkpoint(self.folder) if rank() == 0 else None
        if found is not None:
            self.faults = found.faults
            self._writer = CheckpointWriter(self.folder, sound=found.path)
        saved = from_first(None if found is None else (found.step, found.state))
        if saved is None:
            return
        try:
            self._take_up(*saved)
        except torch.OutOfMemoryError:
            raise  # a RuntimeError too, and no fault of what was saved
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise SecoError(
                f"{self.folder} holds another run's state: delete it to train from the first step"
            ) from error

    def _take_up(self, step: int, state: dict[str, Any]) -> None:
        for name, module in self.models.modules().items():
            module.load_state_dict(state["models"][name])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = step
        self.bad_steps = state["bad_steps"]
        self.bad_in_a_row = state["bad_in_a_row"]
        self.seconds = state["seconds"]
        self.curves = state["curves"]
        self.tally.restore(state["tally"], next(self.models.network.parameters()).device)

    def discard(self) -> None:
        """Delete the saved states: the run has ended."""
        if rank() == 0:
            self.finish()
            shutil.rmtree(self.folder, ignore_errors=True)


def _recognisable(settings: Settings) -> dict[str, Any]:
    """Return what tells one run from another in a list."""
    return {
        "steps": settings.train.steps,
        "batch_size": settings.train.batch_size,
        "backbone": settings.backbone.name,
        "patch_size": settings.patch_size,
        "dataset": settings.prepare.root,
    }
