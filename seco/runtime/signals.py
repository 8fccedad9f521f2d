"""Stop on request: what SIGTERM, Ctrl-C (SIGINT) and SIGUSR1 do.

The first signal raises `Stopped` in the main thread; inside a `deferred` block it is raised when the block has ended.
A second signal ends the process at once. Python runs signal handlers in the main thread between two instructions, so
not while that thread waits in C code, for example for a rank that has died. The interpreter therefore also writes the
number of each signal to a socket that a second thread, the `Watcher`, reads.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from seco.runtime.watcher import END, SIGNALS, Watcher
from seco.runtime.workers import ignore_stop_signals


class Stopped(BaseException):
    """The process was asked to stop. No `Exception`, so that only the command line catches it.

    Attributes:
        status: the exit status, 128 + the signal's number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped ({signal.Signals(number).name})")
        self.status = 128 + number


class _StopRequest:
    """Whether the main thread was asked to stop, and whether it may be interrupted now."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.deferrals = 0
        self.notice = ""

    def is_made(self) -> bool:
        return self.number is not None

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Handle the first signal; the watcher handles the second."""
        if self.is_made():
            return
        self.number = number
        if not self.deferrals:
            raise Stopped(number)
        if self.notice:
            with suppress(OSError):  # not `print`: the signal may have interrupted one
                os.write(2, f"seco: {self.notice}\n".encode())


_NOT_LISTENING = _StopRequest()
_request = _NOT_LISTENING


@contextmanager
def listen() -> Iterator[None]:
    """Handle the signals during the block, in the main thread. Signals that were ignored before stay ignored."""
    global _request
    former = _request
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    watcher = threading.Thread(target=Watcher(reader).run, daemon=True)
    watcher.start()
    _request = _StopRequest()
    former_fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    handled = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    handlers = {number: signal.signal(number, _request.on_signal) for number in handled}
    try:
        yield
    finally:
        _request.deferrals += 1  # a request from here on comes too late
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(former_fd)
        writer.send(END)
        watcher.join()
        reader.close()
        writer.close()
        _request = former


@contextmanager
def deferred(notice: str = "") -> Iterator[Callable[[], bool]]:
    """Let the block end before the process stops; yield a function that says whether a stop was requested.

    When the block ends normally after a request, `Stopped` is raised, by the outermost of nested blocks. Signals reach
    the main thread only; in another thread nothing is raised.

    Args:
        notice: printed when the request arrives; nothing when empty.
    """
    request = _request
    if threading.current_thread() is not threading.main_thread():
        yield request.is_made
        return
    unwinding = isinstance(sys.exc_info()[1], Stopped)  # a write during cleanup must not raise it again
    former, request.notice = request.notice, notice or request.notice
    request.deferrals += 1
    try:
        yield request.is_made
    finally:
        request.deferrals -= 1
        request.notice = former
    if request.number is not None and not request.deferrals and not unwinding:
        raise Stopped(request.number)


def _reset_in_child() -> None:
    """In a forked process: undo the parent's handlers and wakeup descriptor, which the child has inherited."""
    global _request
    if _request is _NOT_LISTENING:
        return
    _request = _NOT_LISTENING
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ignore_stop_signals()


os.register_at_fork(after_in_child=_reset_in_child)
