"""What worker processes do about signals, and how the main process tells that it has lost one.

Only the main process is asked to stop; it ends its workers.
"""

import os
import signal
import threading
from multiprocessing import parent_process

from seco.errors import SecoError


def leave_stopping(_number: int = 0) -> None:
    """In a worker: leave the signals that ask the run to stop to the main process (the argument is a loader's).

    Ctrl-C, `timeout` and `torchrun` signal whole process groups. The worker leaves that of the main process, so that
    it still serves the step that the main process finishes. SIGTERM to the worker itself ends it, as anywhere.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    os.setpgid(0, 0)


def serve_parent() -> None:
    """In a worker of a pool: leave stopping to the main process, and end when that has ended in whatever way.

    A worker waits for work on a pipe that it holds open itself: it would wait for ever. (A loader's looks for itself.)
    """
    leave_stopping()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def lost_loader(error: RuntimeError) -> SecoError | None:
    """Return what torch says of a loader's process that was killed as a sentence; None for any other error."""
    told = str(error).split("\n", 1)[0].rstrip(" .")
    if not told.startswith("DataLoader worker (pid"):
        return None
    return SecoError(
        f"a process that loads images was killed ({told}): is the machine short of memory? Lower train.num_workers"
    )
