"""How long the stages took, and on which machine: a small file a stage, outside of DVC's outputs, which stay the same.

Every command imports this file, so its functions import what takes time.
"""

import functools
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

from seco.errors import SecoError

STAGE_RECORDS = Path(".seco/stages")
"""Where the stages of a project leave their records."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class StageRecord(NamedTuple):
    """The last run of a stage that ended well."""

    stage: str
    seconds: float
    ended: str
    """Date and time, UTC."""
    processor: str
    cores: int
    gpu: str | None
    torch: str | None
    """Its version; None for a stage without torch."""


def recorded(stage: str) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Return a decorator that leaves a record of a stage when it ends well."""

    def decorate(run: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @functools.wraps(run)
        def wrapped(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            clock = time.perf_counter()
            result = run(*args, **kwargs)
            if os.environ.get("RANK", "0") == "0":
                # Whoever may not write here lacks a line of the report, and nothing else.
                with suppress(SecoError):
                    _write(stage, time.perf_counter() - clock)
            return result

        return wrapped

    return decorate


def read_stage_records(folder: Path, stages: Sequence[str]) -> list[StageRecord]:
    """Return the records of some stages; a stage without a sound one is left out."""
    from seco.storage.json_file import read_metrics

    found = []
    for stage in stages:
        with suppress(SecoError, TypeError):
            found.append(StageRecord(**read_metrics(folder / f"{stage}.json", stage=stage)))
    return found


def _write(stage: str, seconds: float) -> None:
    from seco.storage.json_file import write_json

    torch = sys.modules.get("torch")  # a stage that did not import it used no GPU
    used_gpu = torch is not None and torch.cuda.is_available()
    record = StageRecord(
        stage=stage,
        seconds=round(seconds, 1),
        ended=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M"),
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        gpu=torch.cuda.get_device_name() if torch is not None and used_gpu else None,
        torch=None if torch is None else str(torch.__version__),
    )
    write_json(STAGE_RECORDS / f"{stage}.json", record._asdict())


def _processor() -> str:
    """Return the processor's name; Linux keeps it in a file of its own."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
