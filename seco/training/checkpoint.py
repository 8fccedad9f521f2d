"""Checkpoints of a training run: one file each, named by its step and its checksum."""

import hashlib
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import torch

from seco.errors import SecoError, is_out_of_memory
from seco.storage.atomic import publish, remove_unfinished, temporary_path

_NAME = re.compile(r"step-(\d{8,})\.([0-9a-f]{16})\.pt")
_CHUNK = 1 << 20  # bytes


class CheckpointFile(NamedTuple):
    """A checkpoint file by its name; its content is not checked yet."""

    step: int
    checksum: str
    """The first 16 hexadecimal digits of the SHA-256 of its content."""
    path: Path


class Restored(NamedTuple):
    """The content of a checkpoint whose checksum is right."""

    state: dict[str, Any]
    """As it was saved; tensors are on the CPU."""
    step: int
    path: Path
    faults: tuple[str, ...]
    """A sentence for each newer checkpoint that is damaged."""


def list_checkpoints(folder: Path) -> list[CheckpointFile]:
    """Return the checkpoints of a folder, the newest first; no file is opened."""
    matches = [(_NAME.fullmatch(path.name), path) for path in folder.glob("*.pt")]
    found = [CheckpointFile(int(match[1]), match[2], path) for match, path in matches if match]
    # A step occurs twice where a run was resumed from before a damaged checkpoint: the later file counts.
    return sorted(found, key=lambda file: (file.step, file.path.stat().st_mtime_ns), reverse=True)


def write_checkpoint(folder: Path, state: dict[str, Any], *, step: int) -> Path:
    """Write a state of tensors, numbers, strings, lists and dictionaries; return its file.

    The write is atomic. Temporary files of a killed writer are removed first, so a folder must have one writer only.

    Raises:
        SecoError: the folder cannot be written or the disk is full; older checkpoints stay.
    """
    remove_unfinished(folder)
    name = f"step-{step:08d}"
    with temporary_path(folder / f"{name}.pt") as aside:
        path = folder / f"{name}.{_save(state, aside)}.pt"
        publish(aside, path)
    return path


def prune_checkpoints(folder: Path, *, keep: Collection[Path]) -> None:
    """Delete the checkpoints of a folder except some."""
    for file in list_checkpoints(folder):
        if file.path not in keep:
            file.path.unlink(missing_ok=True)


def read_checkpoint(folder: Path) -> Restored | None:
    """Return the newest sound checkpoint, or None where the folder has no checkpoints.

    Raises:
        SecoError: there are checkpoints, but none is sound; each is named.
    """
    faults: list[str] = []
    for file in list_checkpoints(folder):
        found = _load(file)
        if isinstance(found, dict):
            passed_over = (f"{fault}: passed over, the run goes on from step {file.step}" for fault in faults)
            return Restored(found, file.step, file.path, tuple(passed_over))
        faults.append(found)
    if not faults:
        return None
    raise SecoError(f"{'; '.join(faults)}: delete {folder} to train from the first step")


def _save(state: dict[str, Any], path: Path) -> str:
    """Write a file; return its checksum."""
    try:
        with path.open("wb") as file:
            torch.save(state, file)
    except RuntimeError as error:
        # torch wraps the system's error, such as a full disk, in one of its own.
        raise (error.__context__ if isinstance(error.__context__, OSError) else error) from None
    return _checksum(path)


def _load(file: CheckpointFile) -> dict[str, Any] | str:
    """Return the state in a file, or what is wrong with it."""
    path = file.path
    try:
        checksum = _checksum(path)
        if checksum != file.checksum:
            return f"{path} is damaged (its checksum is {checksum})"
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        return f"{path} cannot be read ({error.strerror or error})"
    except Exception as error:  # torch raises about a dozen kinds
        if is_out_of_memory(error):
            raise  # the file is not at fault
        return f"{path} was refused, since it holds more than data ({type(error).__name__})"
    return state if isinstance(state, dict) else f"{path} holds no state of a training run"


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()[:16]
