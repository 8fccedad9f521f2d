"""The message and exit status of a command that fails or is stopped."""

from collections.abc import Sequence
from typing import NamedTuple

from seco.errors import SecoError, is_out_of_memory, remedy_of
from seco.runtime.signals import Stopped
from seco.runtime.workers import CLOSE_OTHERS, FEWER_LOADERS, lost_worker_error

_LESS_MEMORY = {  # what to change when memory is short, by command
    "train": "lower train.batch_size or train.crop_size, or set train.activation_checkpointing to true",
    "predict": "lower predict.batch_size",
    "pretrain": "lower --batch-size or --size",
    **dict.fromkeys(("export", "export-cams", "refine"), "lower export.batch_size"),
}
_SMALLER_PHOTOGRAPHS = "give a smaller --tile, or --longest"


class Ending(NamedTuple):
    """What a command prints before it ends, and its exit status."""

    sentence: str
    status: int


def ending_of(fault: BaseException, *, words: Sequence[str]) -> Ending | None:
    """Return how a command ends with an error; None for a bug, which needs its traceback.

    Args:
        fault: what was raised.
        words: of the command line, without the program; none where no command had begun.
    """
    if isinstance(fault, Stopped):
        return Ending(str(fault), fault.status)
    sentence = _sentence_of(fault, words)
    return None if sentence is None else Ending(sentence, 1)


def _sentence_of(fault: BaseException, words: Sequence[str]) -> str | None:
    if isinstance(fault, SecoError):
        return str(fault)
    command = next(iter(words), "")
    if is_out_of_memory(fault):
        device = "the GPU" if "CUDA" in str(fault) or "CUBLAS" in str(fault) else "this machine"
        of_photographs = any(word.partition("=")[0] == "--images" for word in words)  # these read no params.yaml
        remedy = _SMALLER_PHOTOGRAPHS if of_photographs else _LESS_MEMORY.get(command, CLOSE_OTHERS)
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
