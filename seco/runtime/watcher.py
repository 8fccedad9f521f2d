"""A thread that ends the process where the main thread cannot: a second signal, a stuck step, a dead parent."""

import os
import select
import signal
import socket
import time
from pathlib import Path

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
"""The signals that ask a process to stop. Slurm can send SIGUSR1 before a job's time is up."""

GRACE = 20.0
"""Seconds that a rank under `torchrun` has from the first signal on."""

END = b"\0"
"""Sent to end the watcher: no signal has the number 0."""

_ONE_REQUEST = 0.5  # seconds: `timeout` signals its command and then that command's group
_INTERVAL = 1.0  # seconds between two looks at ancestors and time
_DVC, _TORCHRUN = "DVC_STAGE", "TORCHELASTIC_RUN_ID"  # variables that each sets for the processes it starts


class Watcher:
    """Reads signal numbers from a socket and ends the process when necessary.

    - A second signal ends it at once.
    - A rank under `torchrun` ends `GRACE` seconds after the first signal: the other ranks may be dead, and its step
      would wait for them for ever. (`torchrun` kills after 30 s.) A process without ranks finishes its step.
    - The death of the DVC or `torchrun` that started it counts as SIGTERM. The death of a shell does not: background
      commands outlive it.
    """

    def __init__(self, reader: socket.socket) -> None:
        self.reader = reader
        self.ancestors = find_ancestors()
        self.is_rank = _TORCHRUN in os.environ
        self.request: tuple[int, float] | None = None
        """The first signal and the time it came."""

    def run(self) -> None:
        """Watch until `END` is read."""
        while True:
            ready, _, _ = select.select([self.reader], [], [], _INTERVAL if self.ancestors else None)
            for number in self.reader.recv(64) if ready else b"":
                if number == END[0]:
                    return
                if number in SIGNALS:  # torch handles others, such as SIGCHLD when a loader dies
                    self._on_signal(number)
            self._check_ancestors_and_time()

    def _on_signal(self, number: int) -> None:
        now = time.monotonic()
        if self.request is None:
            self.request = (number, now)
        elif now - self.request[1] > _ONE_REQUEST:
            _exit_now(number)

    def _check_ancestors_and_time(self) -> None:
        if self.request is None:
            parents = [os.getppid(), *map(_parent_of, self.ancestors[:-1])]
            if self.ancestors and parents != self.ancestors:
                os.kill(os.getpid(), signal.SIGTERM)
        elif self.is_rank and time.monotonic() - self.request[1] > GRACE:
            _exit_now(self.request[0])


def find_ancestors() -> list[int]:
    """Return the processes from the parent up to the DVC or `torchrun` that started this one; none without either.

    Both set a variable for what they start, so they are the first ancestor without it; shells may stand between.
    Without /proc, the parent alone is returned.
    """
    variables = [name.encode() for name in (_DVC, _TORCHRUN) if name in os.environ]
    ancestors: list[int] = []
    while variables and (process := _parent_of(ancestors[-1]) if ancestors else os.getppid()):
        ancestors.append(process)
        names = {entry.partition(b"=")[0] for entry in _read_proc(process, "environ").split(b"\0")}
        if names.isdisjoint(variables):
            break
    return ancestors


def _parent_of(process: int) -> int:
    """Return the parent of a process; 0 where it has none or has ended."""
    fields = _read_proc(process, "stat").rpartition(b")")[2].split()  # after its name: state, parent, ...
    return int(fields[1]) if fields else 0


def _read_proc(process: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{process}/{name}").read_bytes()
    except OSError:  # the process has ended or is another user's, or there is no /proc
        return b""


def _exit_now(number: int) -> None:
    if os.isatty(2):
        os.write(2, b"\x1b[?25h\n")  # a progress bar hides the cursor
    os._exit(128 + number)
