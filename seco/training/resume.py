"""Going on with an interrupted run: its fingerprint, and its state."""

import hashlib
from pathlib import Path
from typing import Any

import torch

import seco
from seco.config import Settings
from seco.errors import SecoError
from seco.storage.checkpoint import read_checkpoint, write_checkpoint
from seco.training.models import Models

# What these sections hold comes into play only before or after training.
_FOREIGN_SECTIONS = {"generate", "refine", "predict", "evaluate"}


def fingerprint(settings: Settings, data: Path) -> str:
    """Name a run by its settings, its code and its prepared data, so that no other run continues it."""
    digest = hashlib.sha256(settings.model_dump_json(exclude=_FOREIGN_SECTIONS).encode())
    package = Path(seco.__file__).parent
    for source in [*sorted(package.rglob("*.py")), *sorted(data.glob("*.csv"))]:
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


class RunState:
    """What changes during a run: models, optimizer, step and learning curves."""

    def __init__(self, models: Models, optimizer: torch.optim.Optimizer, folder: Path) -> None:
        self.models = models
        self.optimizer = optimizer
        self.folder = folder
        self.step = 0
        self.bad_steps = 0
        self.bad_in_a_row = 0
        self.curves: list[dict[str, float]] = []

    def count(self, sound: bool) -> None:
        """Count a step, and those that were not finite."""
        self.step += 1
        self.bad_steps += not sound
        self.bad_in_a_row = 0 if sound else self.bad_in_a_row + 1

    def save(self) -> None:
        """Write everything to the run's folder."""
        state = {name: module.state_dict() for name, module in self.models.modules().items()}
        write_checkpoint(
            self.folder,
            {
                "models": state,
                "optimizer": self.optimizer.state_dict(),
                "step": self.step,
                "bad_steps": self.bad_steps,
                "bad_in_a_row": self.bad_in_a_row,
                "curves": self.curves,
            },
        )

    def restore(self) -> None:
        """Take up the run's saved state, where there is one.

        Raises:
            SecoError: it is damaged, or that of something else.
        """
        state = read_checkpoint(self.folder)
        if state is None:
            return
        try:
            self._take_up(state)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise SecoError(
                f"{self.folder} holds another run's state: delete it to train from the first step"
            ) from error

    def _take_up(self, state: dict[str, Any]) -> None:
        for name, module in self.models.modules().items():
            module.load_state_dict(state["models"][name])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        self.bad_steps = state["bad_steps"]
        self.bad_in_a_row = state["bad_in_a_row"]
        self.curves = state["curves"]

    def discard(self) -> None:
        """Delete the saved state: the run has ended."""
        for file in self.folder.glob("*"):
            file.unlink()
        if self.folder.exists():
            self.folder.rmdir()
