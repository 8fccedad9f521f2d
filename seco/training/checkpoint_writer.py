"""Asynchronous checkpoints: the state is copied at once, and a thread writes it while training goes on."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seco.errors import SecoError
from seco.training.checkpoint import prune_checkpoints, write_checkpoint


class CheckpointWriter:
    """Writes the checkpoints of a run, one at a time, and keeps the last two undamaged ones.

    It must be the only writer of its folder. It needs memory for one copy of the state, pinned where the state is on
    a GPU.
    """

    def __init__(self, folder: Path, *, sound: Path | None) -> None:
        """Take the run's folder, and the checkpoint there that the run was restored from, or None."""
        self._folder = folder
        self._sound = sound
        self._copier = _Copier()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint")
        self._pending: Future[None] | None = None

    def save(self, state: Mapping[str, Any], *, step: int) -> None:
        """Copy a state, whose tensors may change afterwards, and start writing it.

        Raises:
            SecoError: as `flush`, on the write before, for which this one waits.
            TypeError: the state holds more than tensors, numbers, strings, lists, tuples and dictionaries.
        """
        self.flush()
        copied = self._copier.copy(state)
        self._pending = self._thread.submit(self._write, copied, _record_event(), step)

    def flush(self) -> None:
        """Wait until the last saved state is on the disk.

        Raises:
            SecoError: it could not be written, or is not finite; the checkpoints before it stand.
        """
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def _write(self, state: dict[str, Any], is_copied: torch.cuda.Event | None, step: int) -> None:
        if is_copied is not None:
            is_copied.synchronize()
        self._require_finite(step)
        path = write_checkpoint(self._folder, state, step=step)
        prune_checkpoints(self._folder, keep=[path, *([self._sound] if self._sound else [])])
        self._sound = path

    def _require_finite(self, step: int) -> None:
        broken = [name for name, tensor in self._copier.memory.items() if not _is_finite(tensor)]
        if broken:
            previous = f"the checkpoint {self._sound.name} stays" if self._sound else "there is no checkpoint before it"
            raise SecoError(
                f"the state of step {step} is not finite ({broken[0]}) and was not saved, {previous}: lower "
                "train.learning_rate, or set train.precision to fp32"
            )


class _Copier:
    """Copies states to the CPU, each into the memory of the copy before.

    New memory costs several times the copy itself; a GPU copies asynchronously into pinned memory only, which costs
    still more.

    Attributes:
        memory: the tensors of the last copy by their place in the state, such as "models.network.decoder.weight".
    """

    def __init__(self) -> None:
        self.memory: dict[str, Tensor] = {}

    def copy(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return a copy of a state. A copy from a GPU is complete once the current stream has reached this point."""
        before, self.memory = self.memory, {}
        return {name: self._copy(value, name, before) for name, value in state.items()}

    def _copy(self, value: Any, place: str, before: Mapping[str, Tensor]) -> Any:
        if isinstance(value, Tensor):
            target = before.get(place)
            if target is None or not _is_alike(target, value):
                target = torch.empty_like(value, device="cpu", pin_memory=value.is_cuda)
            self.memory[place] = target.copy_(value.detach(), non_blocking=value.is_cuda)
            return target
        if isinstance(value, Mapping):
            return {key: self._copy(item, f"{place}.{key}", before) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._copy(item, f"{place}.{index}", before) for index, item in enumerate(value))
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise TypeError(f"{place} of the state is a {type(value).__name__}: only data can be read back")


def _record_event() -> torch.cuda.Event | None:
    """Return an event of this point of the GPU's stream, on which the writing thread waits for the copies."""
    if not torch.cuda.is_initialized():
        return None
    event = torch.cuda.Event()
    event.record()
    return event


def _is_alike(tensor: Tensor, other: Tensor) -> bool:
    """Return whether one tensor can hold the other with its layout."""
    return tensor.dtype == other.dtype and tensor.shape == other.shape and tensor.stride() == other.stride()


def _is_finite(tensor: Tensor) -> bool:
    """Return whether all values are finite."""
    if not tensor.is_floating_point():
        return True
    # The sum is faster to test than each value, and never finite where one is not; but it may overflow.
    return bool(torch.isfinite(tensor.sum())) or bool(torch.isfinite(tensor).all())
