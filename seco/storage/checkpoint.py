"""What a training run needs to go on where it stopped."""

import pickle
from pathlib import Path
from typing import Any

import torch

from seco.errors import SecoError
from seco.storage.atomic import atomic_path

_FILE = "state.pt"


def write_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Write a state of tensors, numbers, strings, lists and dictionaries; the old one survives a failure."""
    with atomic_path(folder / _FILE) as aside:
        torch.save(state, aside)


def read_checkpoint(folder: Path) -> dict[str, Any] | None:
    """Return the state, or None where there is none.

    Raises:
        SecoError: the file is damaged, or holds something other than data.
    """
    path = folder / _FILE
    if not path.exists():
        return None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
        raise SecoError(
            f"{path} is damaged: delete it to train from the first step ({type(error).__name__})"
        ) from error
