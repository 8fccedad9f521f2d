"""What a training run needs to go on where it stopped."""

from pathlib import Path
from typing import Any

import torch

from seco.errors import SecoError
from seco.storage.atomic import atomic_path

_FILE = "state.pt"


def write_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Write a state of tensors, numbers, strings, lists and dictionaries; the old one survives a failure."""
    with atomic_path(folder / _FILE) as aside, aside.open("wb") as file:
        try:
            torch.save(state, file)
        except RuntimeError as error:
            # torch puts a fault of its own before the system's, such as a full disk.
            raise (error.__context__ if isinstance(error.__context__, OSError) else error) from None


def read_checkpoint(folder: Path) -> dict[str, Any] | None:
    """Return the state, or None where there is none.

    Raises:
        SecoError: the file is damaged, or holds something other than data.
    """
    path = folder / _FILE
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # on damage torch raises whatever breaks first, a dozen kinds
        raise SecoError(
            f"{path} is damaged: delete it to train from the first step ({type(error).__name__})"
        ) from error
    if not isinstance(state, dict):
        raise SecoError(f"{path} holds no state of a training run: delete it to train from the first step")
    return state
