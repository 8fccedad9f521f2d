import pytest
import torch
from timm.layers.attention import Attention
from torch import Tensor
from torch.nn import functional as F

from seco.models import attention as module
from seco.models.attention import SelfAttention, attend, attend_at_once, attend_by_heads
from seco.models.encoder import build_encoder

CAPABLE = {"avx512_bf16": True, "amx_bf16": False}
WAYS = pytest.mark.parametrize("attention", [attend_at_once, attend_by_heads])


def heads(count: int = 40, *, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    """Query, key and value ``[2, 3, N, 8]`` as a ViT cuts them out of one tensor: not contiguous."""
    generator = torch.Generator().manual_seed(0)
    parts = torch.randn(2, count, 3, 3, 8, generator=generator, dtype=dtype)
    return list(parts.permute(2, 0, 3, 1, 4))


@pytest.fixture
def calls(monkeypatch) -> list[str]:
    """The functions that were called, on a processor with the bf16 units that they need."""
    found: list[str] = []
    for attention in (attend_at_once, attend_by_heads):
        monkeypatch.setattr(
            module, attention.__name__, lambda *args, own=attention: found.append(own.__name__) or own(*args)
        )
    has(monkeypatch, CAPABLE)
    return found


def has(monkeypatch: pytest.MonkeyPatch, units: dict[str, bool]) -> None:
    """Give the processor these units."""
    module.beats_fused_kernel.cache_clear()
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units)


@pytest.fixture(autouse=True)
def _clear_cache():
    yield
    module.beats_fused_kernel.cache_clear()


@WAYS
def test_both_functions_equal_the_fused_kernel(attention):
    parts = heads()
    torch.testing.assert_close(attention(*parts), F.scaled_dot_product_attention(*parts))


@WAYS
def test_two_tokens_by_hand(attention):
    query = torch.tensor([[[[2.0], [0.0]]]])
    key, value = torch.tensor([[[[1.0], [0.0]]]]), torch.tensor([[[[10.0], [20.0]]]])
    share = 1 / (1 + torch.tensor(2.0).exp())  # of the second token in the first one's softmax of (2, 0)
    expected = torch.tensor([[[[0.0], [15.0]]]])
    expected[0, 0, 0, 0] = 10 + 10 * share
    torch.testing.assert_close(attention(query, key, value), expected)


def test_attend_at_once_has_the_gradient_of_the_fused_kernel():
    gradients = []
    for attention in (attend_at_once, F.scaled_dot_product_attention):
        parts = [part.clone().requires_grad_() for part in heads()]
        gradients.append(torch.autograd.grad(attention(*parts).square().sum(), parts))
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize(
    ("count", "gradient", "answered"),
    [
        (256, True, ["attend_at_once"]),
        (256, False, ["attend_at_once"]),
        (257, False, ["attend_by_heads"]),
        (257, True, []),
    ],
)
def test_the_function_depends_on_length_and_gradient(calls, count, gradient, answered):
    with torch.set_grad_enabled(gradient):
        attend(*heads(count, dtype=torch.bfloat16))
    assert calls == answered


@pytest.mark.parametrize(
    ("units", "dtype"),
    [
        ({"avx512_bf16": True, "amx_bf16": True}, torch.bfloat16),
        ({"avx512_bf16": False}, torch.bfloat16),
        ({}, torch.bfloat16),
        (CAPABLE, torch.float32),
    ],
    ids=str,
)
def test_other_processors_and_dtypes_use_the_fused_kernel(calls, monkeypatch, units, dtype):
    has(monkeypatch, units)
    attend(*heads(dtype=dtype))
    assert calls == []


@pytest.mark.parametrize("options", [{}, {"qk_norm": True, "norm_layer": torch.nn.LayerNorm}, {"gated": True}], ids=str)
@pytest.mark.parametrize("mask", [None, torch.eye(9).log(), "causal"], ids=["none", "mask", "causal"])
def test_a_layer_equals_timms_own_with_the_same_weights(options, mask):
    given = {"is_causal": True} if mask == "causal" else {"attn_mask": mask}
    own, timms = SelfAttention(32, 4, qkv_bias=True, **options), Attention(32, 4, qkv_bias=True, **options)
    timms.load_state_dict(own.state_dict())
    tokens = torch.randn(2, 9, 32, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(own(tokens, **given), timms(tokens, **given))


@pytest.mark.parametrize(("side", "gradient"), [(64, True), (64, False), (272, False)])
def test_an_encoder_in_bf16_is_as_accurate_as_with_the_fused_kernel(calls, monkeypatch, side, gradient):
    encoder = build_encoder("vit_tiny_patch16_224", pretrained=False, depth=2)
    images = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))

    def encode() -> Tensor:
        with torch.set_grad_enabled(gradient), torch.autocast("cpu", torch.bfloat16):
            return encoder(images).final.detach()

    quick = encode()
    assert len(calls) == 2
    has(monkeypatch, {})
    fused = encode()
    with torch.no_grad():
        exact = encoder(images).final
    assert len(calls) == 2
    assert (quick - exact).norm() < 1.2 * (fused - exact).norm()
