"""Counts what a piece of work asks of the machine, whatever the machine: operations and floating-point operations."""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode


class Work(NamedTuple):
    """What was asked of the machine."""

    flops: int
    """Of matrix products, attention and convolutions; a multiplication and an addition are two."""
    kernels: int
    """Operations that compute something; views are left out."""


def count_work(work: Callable[[], object]) -> Work:
    """Run something and count what torch computes for it, gradients among it."""
    with FlopCounterMode(display=False) as flops, _Kernels() as kernels:
        work()
    return Work(flops.get_total_flops(), kernels.count)


class _Kernels(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += not func.is_view
        return func(*args, **(kwargs or {}))
