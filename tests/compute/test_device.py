import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from seco.compute.device import autocast, full_precision, multiplies_bf16, pick_device, shared_casts

CPU = torch.device("cpu")


class Casts(TorchDispatchMode):
    """Counts conversions to another dtype."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten._to_copy.default:
            self.shapes.append(tuple(args[0].shape))
        return func(*args, **(kwargs or {}))


@pytest.fixture
def layer() -> nn.Linear:
    return nn.Linear(3, 4, bias=False)


def twice(layer: nn.Linear, batch: Tensor) -> list[Tensor]:
    results = []
    for gradient in (True, False):
        with torch.set_grad_enabled(gradient), autocast(CPU, "bf16"):
            results.append(layer(batch))
    return results


def test_shared_casts_cast_a_weight_once_with_the_same_result_and_gradient(layer):
    batch = torch.ones(1, 3)
    with Casts() as casts:
        alone = twice(layer, batch)
    assert casts.shapes.count((4, 3)) == 2
    with Casts() as casts, shared_casts(CPU):
        shared = twice(layer, batch)
        assert not torch.is_autocast_enabled("cpu")
    assert casts.shapes.count((4, 3)) == 1
    assert all(map(torch.equal, alone, shared))
    shared[0].sum().backward()
    assert layer.weight.grad is not None
    torch.testing.assert_close(layer.weight.grad, torch.ones(4, 3))


def test_a_shared_cast_ends_with_its_context(layer):
    results = []
    for _ in range(2):
        with shared_casts(CPU):
            results.append(twice(layer, torch.ones(1, 3))[0])
        with torch.no_grad():
            layer.weight.add_(1.0)
    assert not torch.equal(*results)


@pytest.mark.parametrize(
    ("precision", "units", "half"),
    [
        ("fp32", {"avx512_bf16": True, "amx_bf16": True}, False),
        ("bf16", {}, True),
        ("auto", {}, False),
        ("auto", {"avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, False),
        ("auto", {"avx512_bf16": True}, True),
        ("auto", {"amx_bf16": True}, True),
    ],
)
def test_auto_uses_bf16_only_where_the_processor_multiplies_it(monkeypatch, precision, units, half):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units)
    with autocast(CPU, precision):
        assert torch.is_autocast_enabled("cpu") == half
        assert torch.mm(torch.ones(2, 2), torch.ones(2, 2)).dtype == (torch.bfloat16 if half else torch.float32)


@pytest.mark.parametrize("emulated", [True, False])
def test_auto_uses_bf16_only_on_gpus_that_do_not_emulate_it(monkeypatch, emulated):
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or not emulated
    )
    assert multiplies_bf16(torch.device("cuda")) is not emulated


def test_float32_is_exact_on_gpus(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    pick_device()
    assert not torch.backends.cudnn.allow_tf32
    assert torch.get_float32_matmul_precision() == "highest"


def test_full_precision_converts_bf16_and_keeps_the_rest():
    kinds = {torch.bfloat16: torch.float32, torch.float32: torch.float32, torch.float64: torch.float64}
    assert {kind: full_precision(torch.ones(1, dtype=kind)).dtype for kind in kinds} == kinds
