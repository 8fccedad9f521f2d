"""Measure where the time of a training step goes: by kind of operation, by operator, and as a trace."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch.profiler import ProfilerActivity
from torch.profiler import profile as torch_profile

TOP = 25  # operators in the table

MATRICES, ATTENTION, CONVOLUTIONS, COPIES = "matrix products", "attention", "convolutions", "copies"
ELEMENTWISE, HOST = "elementwise and others", "host and waiting"

# Parts of operators' names; the first match counts.
KINDS = (
    (ATTENTION, ("attention", "attn")),
    (CONVOLUTIONS, ("conv",)),
    (MATRICES, ("::mm", "::bmm", "::addmm", "::baddbmm", "::_addmm", "::addmv", "::mv", "::dot")),
    (COPIES, ("::copy_", "::_to_copy", "::clone", "::cat", "::fill_", "::zero_", "Memcpy", "Memset")),
    (ELEMENTWISE, ("",)),
)


class Operator(NamedTuple):
    """The time of an operator in a step, without the operators that it calls."""

    name: str
    calls: float
    """Per step."""
    seconds: float
    """Per step; on the GPU where there is one."""


class Profile(NamedTuple):
    """The time of a step and of its operators."""

    seconds: float
    """Wall-clock time of a step."""
    operators: list[Operator]
    """The slowest first."""
    steps: int
    """The number of measured steps."""

    def kinds(self) -> dict[str, float]:
        """Return the seconds per step of each kind of operation; they add up to the step."""
        sums = dict.fromkeys((kind for kind, _ in KINDS), 0.0)
        for operator in self.operators:
            sums[kind_of(operator.name)] += operator.seconds
        return {**sums, HOST: max(self.seconds - sum(sums.values()), 0.0)}


def kind_of(operator: str) -> str:
    """Return the kind of an operator, from its name."""
    return next(kind for kind, parts in KINDS if any(part in operator for part in parts))


def profile_steps(
    step: Callable[[], object], *, steps: int, device: torch.device, trace: Path | None = None
) -> Profile:
    """Run a step several times under torch's profiler, which slows it down a little; write a Chrome trace if asked."""
    on_gpu = device.type == "cuda"
    with torch_profile(activities=[ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * on_gpu) as profiler:
        start = time.perf_counter()
        for _ in range(steps):
            step()
        if on_gpu:
            torch.cuda.synchronize(device)
        seconds = (time.perf_counter() - start) / steps
    if trace is not None:
        trace.parent.mkdir(parents=True, exist_ok=True)
        profiler.export_chrome_trace(str(trace))
    # Kernels have rows of their own beside their operators' rows: their time would count twice.
    rows = [row for row in profiler.key_averages() if row.device_type.name == "CPU"]
    own = [row.self_device_time_total if on_gpu else row.self_cpu_time_total for row in rows]  # microseconds
    found = [Operator(row.key, row.count / steps, time_ / 1e6 / steps) for row, time_ in zip(rows, own, strict=True)]
    return Profile(seconds, sorted(found, key=lambda operator: -operator.seconds), steps)


def kinds_table(profile: Profile) -> str:
    """Return a Markdown table of the kinds of operations."""
    kinds = profile.kinds().items()
    rows = [f"| {kind} | {1e3 * seconds:.1f} | {_share(seconds, profile)} |" for kind, seconds in kinds]
    return "\n".join(["| kind | ms a step | share |", "|---|--:|--:|", *rows]) + "\n"


def profile_page(profile: Profile) -> str:
    """Return a page: the time of a step, of the kinds of operations, and of the slowest operators."""
    rows = [
        f"| {name} | {calls:.0f} | {1e3 * seconds:.1f} | {_share(seconds, profile)} |"
        for name, calls, seconds in profile.operators[:TOP]
    ]
    return "\n".join(
        [
            f"A step takes {profile.seconds:.3f} s under the profiler without loading (mean of {profile.steps} steps).",
            "",
            kinds_table(profile),
            "| operator | calls a step | ms a step | share |",
            "|---|--:|--:|--:|",
            *rows,
            "",
        ]
    )


def _share(seconds: float, profile: Profile) -> str:
    return f"{100 * seconds / profile.seconds:.1f} %"
