"""Where to compute, and in which precision."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from seco.errors import SecoError


def pick_device() -> torch.device:
    """Return the GPU where there is one, else the CPU; fp32 is exact on both."""
    torch.backends.cudnn.allow_tf32 = False  # of convolutions; matrix products leave it off by themselves
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return the context for forward passes: bfloat16 for ``bf16``, for ``auto`` where the hardware multiplies it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=uses_bf16(device, precision))


def uses_bf16(device: torch.device, precision: str) -> bool:
    """Return whether forward passes compute in bfloat16; ``precision`` as of `autocast`."""
    return precision == "bf16" or (precision == "auto" and multiplies_bf16(device))


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one CPU thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def shared_casts(device: torch.device) -> torch.autocast:
    """Return a context in which all passes share the half-precision copies that autocast makes of trained weights.

    Autocast drops these copies when the outermost context ends. This context is the outermost one and casts nothing
    itself. Weights must not change inside it.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=False)


def multiplies_bf16(device: torch.device) -> bool:
    """Return whether the hardware multiplies bfloat16 numbers; elsewhere torch emulates it, slowly."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    units = torch.cpu.get_capabilities()
    return bool(units.get("avx512_bf16") or units.get("amx_bf16"))


def require_compiler(device: torch.device) -> None:
    """Check that torch.compile works on this machine.

    Raises:
        SecoError: it does not.
    """
    if (fault := compiler_fault(device)) is not None:
        raise SecoError(
            f"torch.compile does not work here ({fault}): install a C++ compiler such as g++, or set train.compile to "
            "false"
        )


def compiler_fault(device: torch.device) -> str | None:
    """Return why torch.compile does not work on this machine, or None where it does."""
    try:
        torch.compile(torch.neg)(torch.ones(2, device=device))
    except Exception as error:  # the type depends on what is missing
        return next(iter(str(error).splitlines()), type(error).__name__)[:200]
    return None


def full_precision(values: Tensor) -> Tensor:
    """Return half-precision values as float32; float32 and float64 stay as they are."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def constant(values: Sequence[float] | Sequence[Sequence[float]], like: Tensor) -> Tensor:
    """Return numbers as a tensor of the dtype and on the device of ``like``.

    They are copied to a GPU from pinned memory, without waiting; from other memory the host would wait.
    """
    made = torch.tensor(values, dtype=like.dtype)
    return made.pin_memory().to(like.device, non_blocking=True) if like.is_cuda else made
