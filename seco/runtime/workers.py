"""Worker processes: signals, the death of the main process, and the error when a worker is lost."""

import os
import signal
import threading
from multiprocessing import parent_process

from seco.errors import SecoError
from seco.runtime.memory import keep_freed_memory

CLOSE_OTHERS = "close other programs, or take a larger machine"
"""What helps where memory is short, and no setting does."""

FEWER_LOADERS = "lower train.num_workers"
"""What helps in training."""


def ignore_stop_signals(_worker: int = 0) -> None:
    """In a worker: leave stopping to the main process, which ends its workers (the argument is for `DataLoader`).

    Ctrl-C, `timeout` and `torchrun` signal whole process groups. The worker moves to a group of its own, so that it
    still serves the step that the main process finishes. SIGTERM to the worker itself ends it, as usual.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    os.setpgid(0, 0)


def start_pool_worker() -> None:
    """In a worker of a pool: leave stopping to the main process, and end when the main process has ended.

    Such a worker waits on a pipe that it holds open itself, so it would not notice. (A `DataLoader`'s worker does.)
    It keeps the memory that it frees, since it takes the same blocks for each item.
    """
    ignore_stop_signals()
    keep_freed_memory()
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def lost_worker_error(error: RuntimeError, *, remedy: str) -> SecoError | None:
    """Return the sentence for torch's error when a worker of a `DataLoader` was killed; None for any other error.

    Args:
        error: any error.
        remedy: what helps where memory is short.
    """
    reason = str(error).split("\n", 1)[0].rstrip(" .")
    if not reason.startswith("DataLoader worker (pid"):
        return None
    return SecoError(
        f"a process that loads images was killed ({reason}): is the machine short of memory? Then {remedy}"
    )
