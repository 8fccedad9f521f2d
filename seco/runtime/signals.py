"""Stopping on request: what SIGTERM, Ctrl-C and SIGUSR1 do.

The first signal raises `Stopped` in the main thread; in a `deferred` block it waits for the end of the block, however
long that takes. A second one ends the process at once. Python runs a signal's handler between two instructions of the
main thread, so not while that waits in C code, such as a collective whose other rank has died. Hence a thread more, the
`Watcher`, to which the interpreter passes on the number of each signal as it comes.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from types import FrameType

from seco.runtime.watcher import END, SIGNALS, Watcher
from seco.runtime.workers import leave_stopping


class Stopped(BaseException):
    """The process was asked to stop. No `Exception`: nothing but the door of the command line may catch it.

    Attributes:
        status: the exit status that tells so, 128 + the signal's number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped ({signal.Signals(number).name})")
        self.status = 128 + number


@contextmanager
def listen() -> Iterator[None]:
    """Heed the signals until the block has ended, in the main thread. Signals that were ignored before stay so."""
    global _listener
    _mind_forks()
    former = _listener
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    watcher = threading.Thread(target=Watcher(reader).run, daemon=True)
    watcher.start()
    _listener = _Listener()
    former_fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    heeded = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    handlers = {number: signal.signal(number, _listener.heed) for number in heeded}
    try:
        yield
    finally:
        _listener.deferrals += 1  # what is asked for from here on comes too late
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(former_fd)
        writer.send(END)
        watcher.join()
        reader.close()
        writer.close()
        _listener = former


@contextmanager
def deferred(notice: str = "") -> Iterator[Callable[[], bool]]:
    """Let the block end before the process stops; yield what tells whether it was asked to.

    A block that ends normally after that raises `Stopped`, the outermost where blocks are nested. In another thread
    than the main one, which signals never reach, nothing is raised.

    Args:
        notice: what to tell the user who asks; nothing when empty.
    """
    listener = _listener
    if threading.current_thread() is not threading.main_thread():
        yield listener.asked
        return
    unwinding = isinstance(sys.exc_info()[1], Stopped)  # a write that cleans up must not raise it again
    former, listener.notice = listener.notice, notice or listener.notice
    listener.deferrals += 1
    try:
        yield listener.asked
    finally:
        listener.deferrals -= 1
        listener.notice = former
    if listener.request is not None and not listener.deferrals and not unwinding:
        raise Stopped(listener.request)


class _Listener:
    """What was asked of the main thread."""

    def __init__(self) -> None:
        self.request: int | None = None
        self.deferrals = 0
        self.notice = ""

    def asked(self) -> bool:
        return self.request is not None

    def heed(self, number: int, _frame: FrameType | None) -> None:
        """Take the first signal; the watcher sees to the second."""
        if self.asked():
            return
        self.request = number
        if not self.deferrals:
            raise Stopped(number)
        if self.notice:
            with suppress(OSError):  # not `print`: the signal may have come in the middle of one
                os.write(2, f"seco: {self.notice}\n".encode())


_IDLE = _Listener()  # of a process that does not listen
_listener = _IDLE


@cache
def _mind_forks() -> None:
    os.register_at_fork(after_in_child=_become_worker)


def _become_worker() -> None:
    """In a forked process, at once: handlers and wakeup descriptor are copies of the parent's."""
    global _listener
    if _listener is _IDLE:
        return
    _listener = _IDLE
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    leave_stopping()
