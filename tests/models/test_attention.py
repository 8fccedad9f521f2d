import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from seco.models import attention as module
from seco.models.attention import LONG, attention_by_heads, quick_attention
from seco.models.encoder import build_encoder

CPU = torch.device("cpu")
CAPABLE = {"avx512_bf16": True, "amx_bf16": False}


def heads(count: int = 40, *, dtype: torch.dtype = torch.float64) -> tuple[Tensor, ...]:
    """Query, key and value ``[2, 3, N, 8]`` as a ViT cuts them out of one tensor: not contiguous."""
    generator = torch.Generator().manual_seed(0)
    parts = torch.randn(2, count, 3, 3, 8, generator=generator, dtype=dtype)
    return parts.permute(2, 0, 3, 1, 4).unbind(0)


@pytest.fixture
def calls(monkeypatch) -> list[int]:
    """The token counts of the calls that went head by head, on a processor that is said to be suited."""
    found: list[int] = []
    original = attention_by_heads

    def keep(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        found.append(query.shape[2])
        return original(query, key, value)

    monkeypatch.setattr(module, "attention_by_heads", keep)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: CAPABLE)
    return found


def test_heads_one_by_one_give_what_the_fused_kernel_gives():
    parts = heads()
    torch.testing.assert_close(attention_by_heads(*parts), F.scaled_dot_product_attention(*parts))


def test_two_tokens_by_hand():
    query = torch.tensor([[[[2.0], [0.0]]]])
    key, value = torch.tensor([[[[1.0], [0.0]]]]), torch.tensor([[[[10.0], [20.0]]]])
    share = 1 / (1 + torch.tensor(2.0).exp())  # of the second token in the first one's softmax of (2, 0)
    expected = torch.tensor([[[[0.0], [15.0]]]])
    expected[0, 0, 0, 0] = 10 + 10 * share
    torch.testing.assert_close(attention_by_heads(query, key, value), expected)


def test_a_long_pass_in_bf16_without_gradient_goes_head_by_head_and_gives_nearly_the_same(calls):
    encoder = build_encoder("vit_tiny_patch16_224", pretrained=False, depth=2)
    images = torch.randn(1, 3, 272, 272, generator=torch.Generator().manual_seed(0))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        quick = encoder(images).final
        assert calls == [290, 290]
    with torch.autocast("cpu", torch.bfloat16):
        fused = encoder(images).final.detach()
    with torch.no_grad():
        exact = encoder(images).final
    assert calls == [290, 290]
    assert (quick - exact).norm() < 1.2 * (fused - exact).norm()


@pytest.mark.parametrize(
    "situation",
    [
        {"tokens": LONG},
        {"gradient": True},
        {"device": torch.device("meta")},
        {"units": {"avx512_bf16": True, "amx_bf16": True}},
        {"units": {"avx512_bf16": False}},
        {"units": {}},
        {"dtype": torch.float32},
        {"mask": torch.zeros(1, 1)},
        {"causal": True},
    ],
    ids=str,
)
def test_everywhere_else_the_fused_kernel_stays(calls, monkeypatch, situation):
    units = situation.get("units", CAPABLE)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units)
    parts = heads(dtype=situation.get("dtype", torch.bfloat16))
    options = {"attn_mask": situation.get("mask"), "is_causal": situation.get("causal", False), "dropout_p": 0.0}
    with torch.set_grad_enabled(situation.get("gradient", False)):
        context = quick_attention(situation.get("device", CPU), tokens=situation.get("tokens", LONG + 1))
    with torch.no_grad(), context:
        F.scaled_dot_product_attention(*parts, **options)
    assert calls == []


def test_the_mode_ends_with_its_context(calls):
    parts = heads(dtype=torch.bfloat16)
    with torch.no_grad():
        with quick_attention(CPU, tokens=LONG + 1):
            F.scaled_dot_product_attention(*parts)
        F.scaled_dot_product_attention(*parts)
    assert calls == [40]
