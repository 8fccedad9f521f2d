"""The message and exit status of a command that fails or is stopped."""

import errno
from typing import NamedTuple

from seco.errors import SecoError, remedy_of
from seco.runtime.signals import Stopped
from seco.runtime.workers import CLOSE_OTHERS, FEWER_LOADERS, lost_worker_error

_LESS_MEMORY = {  # what to change when memory is short, by command
    "train": "lower train.batch_size or train.crop_size, or set train.activation_checkpointing to true",
    "predict": "lower predict.batch_size",
    "pretrain": "lower --batch-size or --size",
    **dict.fromkeys(("export", "export-cams", "refine"), "lower export.batch_size"),
}
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")  # in torch's messages


class Ending(NamedTuple):
    """What a command prints before it ends, and its exit status."""

    sentence: str
    status: int


def ending_of(fault: BaseException, *, command: str) -> Ending | None:
    """Return how a command ends with an error; None for a bug, which needs its traceback."""
    if isinstance(fault, Stopped):
        return Ending(str(fault), fault.status)
    sentence = _sentence_of(fault, command)
    return None if sentence is None else Ending(sentence, 1)


def _sentence_of(fault: BaseException, command: str) -> str | None:
    if isinstance(fault, SecoError):
        return str(fault)
    if _is_out_of_memory(fault):
        device = "the GPU" if "CUDA" in str(fault) or "CUBLAS" in str(fault) else "this machine"
        remedy = _LESS_MEMORY.get(command, CLOSE_OTHERS)
        return f"{device} is out of memory: {remedy}"
    fewer = FEWER_LOADERS if command == "train" else CLOSE_OTHERS
    # torch may raise it during any step
    if isinstance(fault, RuntimeError) and (lost := lost_worker_error(fault, remedy=fewer)):
        return str(lost)
    if isinstance(fault, OSError):
        place = f" ({fault.filename})" if fault.filename else ""
        remedy = remedy_of(fault, "check that it is there and that you may use it")
        return f"the system refused a file{place}: {fault.strerror or fault}; {remedy}"
    return None


def _is_out_of_memory(fault: BaseException) -> bool:
    """Judge torch's errors by their text: importing torch for their class would take a second."""
    if isinstance(fault, RuntimeError):
        return any(words in str(fault) for words in _OUT_OF_MEMORY)
    return isinstance(fault, MemoryError) or (isinstance(fault, OSError) and fault.errno == errno.ENOMEM)
