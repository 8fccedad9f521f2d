"""`train.compile: auto`: whether compiling the encoder pays for a run, measured before its first step."""

import time
from collections.abc import Callable
from typing import NamedTuple

import torch

from seco.compute.device import compiler_fault, uses_bf16
from seco.compute.distributed import any_rank, from_rank_0
from seco.config.sections import Train
from seco.models.attention import beats_fused_kernel
from seco.training.methods import Models
from seco.training.resume import RunState

FEWEST = 50
"""Steps of the shortest run for which anything is timed."""
SHORTEST = 600.0
"""Seconds of the shortest run for which compiling is tried. The trial takes about 40 seconds on two cores; a compiled
step saved a quarter of the time at best, and often nothing."""
TIMED = 4  # steps of each kind, after one to warm up
ELSEWHERE = "on another rank"

Step = Callable[[], object]
"""A step of the run with every loss and its gradient; changes nothing."""


class Trial(NamedTuple):
    """What was timed."""

    eager: float
    """Seconds a step."""
    compiled: float
    """Seconds a step."""
    compiling: float
    """Seconds until the first compiled step had ended."""

    def pays(self, steps: int) -> bool:
        """Return whether so many steps save more time than compiling takes."""
        return steps * (self.eager - self.compiled) > self.compiling


class Choice(NamedTuple):
    """Whether the encoder is compiled, and a sentence that says why; empty where nothing was tried."""

    compiled: bool
    reason: str = ""


def settle(state: RunState, train: Train, last_phase: Callable[[], Step], device: torch.device) -> str:
    """Compile the encoders of a run where ``train.compile`` is auto and it pays; note the choice in its state.

    Args:
        state: of the run; one that continues does as it did before.
        train: its settings.
        last_phase: makes the step to time.
        device: of the models.

    Returns:
        A sentence that says why, "" where nothing was tried.
    """
    steps = train.steps - state.step
    if train.compile != "auto" or state.compiled is False:
        return ""
    if state.compiled:
        choice = _resumed(state.models, device)
    elif from_rank_0(worth_a_trial(device, precision=train.precision, steps=steps)):  # processors may differ
        choice = choose(state.models, last_phase(), steps=steps, device=device)
    else:
        choice = Choice(False)
    state.compiled = choice.compiled
    return choice.reason


def worth_a_trial(device: torch.device, *, precision: str, steps: int) -> bool:
    """Return whether compilation may pay, before anything is timed.

    It does not in short runs, nor where `seco.models.attention` has a kernel of its own for bf16, which no compiled
    code uses: compiled steps took 1.1 to 1.3 times as long there (`benchmarks/README.md`).
    """
    own_kernel = device.type == "cpu" and uses_bf16(device, precision) and beats_fused_kernel()
    return steps >= FEWEST and not own_kernel


def choose(models: Models, step: Step, *, steps: int, device: torch.device) -> Choice:
    """Time a step eager and compiled, and leave the encoders of the models as is faster for so many steps.

    All ranks take part, and choose what rank 0's times say.
    """
    step()  # the first one is slower
    if from_rank_0(steps * _timed(step, device)) < SHORTEST:
        return Choice(False)
    start = time.perf_counter()
    fault = compiler_fault(device)
    if not any_rank(fault is not None):
        models.set_compiled(True)
        try:
            _timed(step, device)
        except Exception as error:  # the step ran eager: it is the compiler that fails, in one of many ways
            fault = type(error).__name__
    compiling = time.perf_counter() - start
    if any_rank(fault is not None):
        models.set_compiled(False)
        return Choice(False, f"torch.compile does not work here ({fault or ELSEWHERE}): nothing is compiled")
    trial = from_rank_0(Trial(*_in_turns(models, step, device), compiling))
    models.set_compiled(trial.pays(steps))
    return Choice(trial.pays(steps), _sentence(trial, steps))


def _resumed(models: Models, device: torch.device) -> Choice:
    """Compile as before the interruption; where no compiler works any more, go on without."""
    fault = compiler_fault(device)
    if any_rank(fault is not None):
        return Choice(False, f"torch.compile no longer works here ({fault or ELSEWHERE}): the run goes on without")
    models.set_compiled(True)
    return Choice(True, "the encoder is compiled, as before the interruption")


def _in_turns(models: Models, step: Step, device: torch.device) -> tuple[float, float]:
    """Return the least time of an eager step and of a compiled one, that was compiled before.

    They take turns: on a machine that others use, the time of a step may change more within seconds than by compiling.
    """
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(TIMED):
        for compiled, found in seconds.items():
            models.set_compiled(compiled)
            found.append(_timed(step, device))
    return min(seconds[False]), min(seconds[True])


def _timed(step: Step, device: torch.device) -> float:
    start = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def _sentence(trial: Trial, steps: int) -> str:
    verdict = "the encoder is compiled" if trial.pays(steps) else "the encoder is not compiled"
    return (
        f"a step takes {trial.eager:.3g} s, compiled {trial.compiled:.3g} s, and compiling took "
        f"{trial.compiling:.0f} s: for {steps} steps {verdict}"
    )
