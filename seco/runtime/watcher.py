"""The thread that sees what the main thread may be unable to: a second signal, a step without end, a dead parent."""

import os
import select
import signal
import socket
import time
from pathlib import Path

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
"""What asks a process to stop. SIGUSR1 is what one has Slurm send before a job's time is up."""

GRACE = 20.0
"""Seconds from the first signal to the end of one process of several that `torchrun` started."""

END = b"\0"
"""What tells a watcher to end: no signal has the number 0."""

_ONE_REQUEST = 0.5  # seconds: `timeout` signals its command, and then the group of that
_GLANCE = 1.0  # seconds between two looks at ancestors and clock
_DVC, _TORCHRUN = "DVC_STAGE", "TORCHELASTIC_RUN_ID"  # what each puts into the environment of what it starts


class Watcher:
    """Reads the numbers of signals from a socket, and ends the process where they or its ancestors ask for it.

    - The second signal ends it at once.
    - A process under `torchrun` ends `GRACE` seconds after the first: the others may be dead, its step would wait for
      them for ever, and `torchrun` kills after 30 s in any case. A process of its own takes the time its step takes.
    - The death of the DVC or `torchrun` that started it counts as SIGTERM. Nothing else's does: a command that a user
      has put into the background of a shell outlives that shell.
    """

    def __init__(self, reader: socket.socket) -> None:
        self.reader = reader
        self.keepers = find_keepers()
        self.is_rank = _TORCHRUN in os.environ
        self.request: tuple[int, float] | None = None
        """The first signal and when it came."""

    def run(self) -> None:
        """Watch until told to end."""
        while True:
            ready, _, _ = select.select([self.reader], [], [], _GLANCE if self.keepers else None)
            for number in self.reader.recv(64) if ready else b"":
                if number == END[0]:
                    return
                if number in SIGNALS:  # torch has handlers of its own, such as for the death of a loader
                    self._hear(number)
            self._look_around()

    def _hear(self, number: int) -> None:
        now = time.monotonic()
        if self.request is None:
            self.request = (number, now)
        elif now - self.request[1] > _ONE_REQUEST:
            _end_at_once(number)

    def _look_around(self) -> None:
        if self.request is None:
            if self._is_orphan():
                os.kill(os.getpid(), signal.SIGTERM)
        elif self.is_rank and time.monotonic() - self.request[1] > GRACE:
            _end_at_once(self.request[0])

    def _is_orphan(self) -> bool:
        ancestors = [os.getppid(), *map(_parent_of, self.keepers)]
        return ancestors[: len(self.keepers)] != self.keepers


def find_keepers() -> list[int]:
    """Return the ancestors that this process shall not outlive, from its parent up to DVC or `torchrun`.

    Both leave a mark in the environment of what they start, and so the first ancestor without it is the one that is
    looked for. Shells may stand between. Where the system has no /proc, the parent has to do.
    """
    marks = [name.encode() for name in (_DVC, _TORCHRUN) if name in os.environ]
    keepers: list[int] = []
    while marks and (ancestor := _parent_of(keepers[-1]) if keepers else os.getppid()):
        keepers.append(ancestor)
        names = {entry.partition(b"=")[0] for entry in _read_proc(ancestor, "environ").split(b"\0")}
        if names.isdisjoint(marks):
            break
    return keepers


def _parent_of(process: int) -> int:
    """Return the number of a process's parent; 0 where it has none, or is none itself."""
    fields = _read_proc(process, "stat").rpartition(b")")[2].split()  # behind its name: state, parent, ...
    return int(fields[1]) if fields else 0


def _read_proc(process: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{process}/{name}").read_bytes()
    except OSError:  # it has ended, is another user's, or there is no /proc
        return b""


def _end_at_once(number: int) -> None:
    if os.isatty(2):
        os.write(2, b"\x1b[?25h\n")  # a progress bar hides the cursor
    os._exit(128 + number)
