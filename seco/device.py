"""Where to compute, and in which precision."""

import ctypes
from collections.abc import Sequence

import torch
from torch import Tensor

from seco.errors import SecoError

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # of glibc's malloc.h


def pick_device() -> torch.device:
    """Return the GPU where there is one, else the CPU; fp32 is exact on both."""
    torch.backends.cudnn.allow_tf32 = False  # of convolutions; matrix products leave it off by themselves
    if torch.cuda.is_available():
        return torch.device("cuda")
    _keep_freed_memory()
    return torch.device("cpu")


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return the context for forward passes: bfloat16 for ``bf16``, for ``auto`` where the hardware multiplies it."""
    enabled = precision == "bf16" or (precision == "auto" and _multiplies_bf16(device))
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)


def shared_casts(device: torch.device) -> torch.autocast:
    """Return a context in which all passes share the half-precision copies that autocast makes of trained weights.

    Autocast drops them when the outermost context ends. This one is outermost and casts nothing itself. Weights must
    not change in it.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=False)


def _multiplies_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    units = torch.cpu.get_capabilities()
    return bool(units.get("avx512_bf16") or units.get("amx_bf16"))


def require_compiler(device: torch.device) -> None:
    """Make sure that torch.compile works on this machine.

    Raises:
        SecoError: it does not.
    """
    try:
        torch.compile(torch.neg)(torch.ones(2, device=device))
    except Exception as error:  # what is missing decides about the type
        gist = str(error).splitlines()[0][:200]
        raise SecoError(
            f"torch.compile does not work here ({gist}): install a C++ compiler such as g++, or set "
            "training.compile to false"
        ) from error


def _keep_freed_memory() -> None:
    """Have the GNU C library keep the memory of large tensors for the next ones; others are left as they are.

    It would give it back and get it cleared, page by page, each time: some 5 % of a ViT-B's step.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_M_MMAP_MAX, 0)
        library.mallopt(_M_TRIM_THRESHOLD, -1)


def full_precision(values: Tensor) -> Tensor:
    """Return half-precision values as float32; float32 and float64 stay as they are."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def constant(values: Sequence[float] | Sequence[Sequence[float]], like: Tensor) -> Tensor:
    """Return numbers as a tensor on the device of another and of its dtype.

    A GPU fetches them from pinned memory in its own time; from other memory the host would wait until it has.
    """
    made = torch.tensor(values, dtype=like.dtype)
    return made.pin_memory().to(like.device, non_blocking=True) if like.is_cuda else made
