"""How a command ends that did not do its work: what it says, and its exit status."""

import errno
from typing import NamedTuple

from seco.errors import SecoError
from seco.runtime.signals import Stopped
from seco.runtime.workers import lost_loader

_SPARING = {  # what to change where memory does not suffice
    "train": "lower train.batch_size or train.crop_size, or set train.activation_checkpointing to true",
    "export": "lower export.batch_size",
    "export-cams": "lower export.batch_size",
    "refine": "lower export.batch_size",
    "predict": "lower predict.batch_size",
    "pretrain": "lower --batch-size or --size",
}
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")  # torch's words


class Ending(NamedTuple):
    """What a command says at its end, and its exit status."""

    sentence: str
    status: int


def ending_of(fault: BaseException, *, command: str) -> Ending | None:
    """Return how a command ends with a fault; None for an error of the program itself, which needs its traceback."""
    if isinstance(fault, Stopped):
        return Ending(str(fault), fault.status)
    sentence = _sentence_of(fault, command)
    return None if sentence is None else Ending(sentence, 1)


def _sentence_of(fault: BaseException, command: str) -> str | None:
    if isinstance(fault, SecoError):
        return str(fault)
    if _is_shortage(fault):
        device = "the GPU" if "CUDA" in str(fault) or "CUBLAS" in str(fault) else "this machine"
        return f"{device} is out of memory: {_SPARING.get(command, 'close other programs, or take a larger machine')}"
    if isinstance(fault, RuntimeError) and (lost := lost_loader(fault)):  # torch may raise it in the midst of a step
        return str(lost)
    if isinstance(fault, OSError):
        place = f" ({fault.filename})" if fault.filename else ""
        return f"the system refused a file{place}: {fault.strerror or fault}"
    return None


def _is_shortage(fault: BaseException) -> bool:
    """Tell by words, as importing torch to ask for its class would take a second."""
    if isinstance(fault, RuntimeError):
        return any(words in str(fault) for words in _OUT_OF_MEMORY)
    return isinstance(fault, MemoryError) or (isinstance(fault, OSError) and fault.errno == errno.ENOMEM)
