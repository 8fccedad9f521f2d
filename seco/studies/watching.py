"""How far a study is: how many runs are done, the time left, and what those under way are at."""

import re
import threading

from seco.runtime.progress import Progress
from seco.studies.plan import Run

_STAGE = re.compile(r"Running stage '(?:.*:)?([\w-]+)'")  # of DVC; the part before a colon is a file
_SHARE = re.compile(r"([\w -]+): \d+/\d+ +(\d+%)")  # of a stage: "train: 120/800  15%  0:34 left"


class Watch:
    """Listens to runs, several at a time, and shows what they are at.

    Args:
        count: of runs.
    """

    def __init__(self, count: Progress) -> None:
        self._count = count
        self._doing: dict[str, str] = {}
        self._lock = threading.Lock()

    def hear(self, run: Run, line: str) -> None:
        """Take note of a line that a run has printed."""
        found = _STAGE.match(line) or _SHARE.match(line)
        if found:
            with self._lock:
                self._doing[run.name] = " ".join(found.groups())
                self._count(0, self._note())

    def end(self, run: Run) -> None:
        """Count a run that has ended."""
        with self._lock:
            self._doing.pop(run.name, None)
            self._count(1, self._note())

    def _note(self) -> str:
        return ", ".join(f"{name}: {doing}" for name, doing in self._doing.items())
