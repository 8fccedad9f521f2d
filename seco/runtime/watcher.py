"""A thread that ends the process where the main thread cannot: a second signal, a stuck step, a dead parent."""

import os
import select
import signal
import socket
import time
from contextlib import suppress
from itertools import pairwise

import psutil

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
            if self._is_orphan():
                os.kill(os.getpid(), signal.SIGTERM)
        elif self.is_rank and time.monotonic() - self.request[1] > GRACE:
            _exit_now(self.request[0])

    def _is_orphan(self) -> bool:
        # Parents are compared, and not asked whether they live: a dead one may remain as a zombie.
        with suppress(psutil.NoSuchProcess):
            return any(child.ppid() != parent.pid for child, parent in pairwise([psutil.Process(), *self.ancestors]))
        return True


def find_ancestors() -> list[psutil.Process]:
    """Return the processes from the parent up to the DVC or `torchrun` that started this one; none without either.

    Both set a variable for what they start, so they are the first ancestor without it; shells may stand between.
    """
    variables = {name for name in (_DVC, _TORCHRUN) if name in os.environ}
    ancestors: list[psutil.Process] = []
    for process in psutil.Process().parents() if variables else ():
        ancestors.append(process)
        with suppress(psutil.Error):  # it has ended or is another user's
            if not variables.isdisjoint(process.environ()):
                continue
        break
    return ancestors


def _exit_now(number: int) -> None:
    if os.isatty(2):
        os.write(2, b"\x1b[?25h\n")  # a progress bar hides the cursor
    os._exit(128 + number)
