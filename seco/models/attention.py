"""The ViT's attention, by the fastest kernel for the processor."""

from functools import cache

import torch
from timm.layers.attention import Attention
from torch import Tensor
from torch.nn import functional as F

SHORT = 256
"""Tokens up to which all heads are multiplied at once. On an AMD EPYC of 2023 a pass and its gradient take 0.15 (17
tokens) to 0.4 (197 tokens) of the fused time; without gradient, longer ones take 0.5 to 0.7 head by head."""


class SelfAttention(Attention):
    """timm's attention with its weights, its products made by ``attend``."""

    def forward(self, x: Tensor, attn_mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
        """Mix tokens ``[B, N, D]``."""
        if attn_mask is not None or is_causal or self.gate is not None or (self.training and self.attn_drop.p):
            return super().forward(x, attn_mask, is_causal)
        parts = self.qkv(x).unflatten(2, (3, self.num_heads, self.head_dim))  # [B, N, 3, heads, d]
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # [B, heads, N, d] each
        mixed = attend(self.q_norm(query), self.k_norm(key), value).transpose(1, 2).flatten(2)  # [B, N, D]
        return self.proj_drop(self.proj(self.norm(mixed)))


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return ``softmax(Q Kᵀ / √d) V`` of ``[B, heads, N, d]`` each.

    Uses torch's fused kernel, except for bf16 on processors whose bf16 instructions that kernel does not use.
    """
    # Compiled code must serve all lengths.
    if query.is_cpu and query.dtype == torch.bfloat16 and not torch.compiler.is_compiling() and beats_fused_kernel():
        if query.shape[2] <= SHORT:
            return attend_at_once(query, key, value)
        if not torch.is_grad_enabled():  # with gradient all matrices would have to be kept
            return attend_by_heads(query, key, value)
    return F.scaled_dot_product_attention(query, key, value)


def attend_at_once(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return the same, written out."""
    return (query * query.shape[3] ** -0.5 @ key.transpose(-2, -1)).softmax(dim=-1) @ value


def attend_by_heads(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return the same, one head after the other, without gradient.

    All heads share the memory of one matrix of similarities, which stays in the caches.
    """
    batch, heads, count, width = query.shape
    query, key, value = (query * width**-0.5).contiguous(), key.transpose(-2, -1), value.contiguous()
    mixed, similar = torch.empty_like(query), query.new_empty(count, count)
    for image in range(batch):
        for head in range(heads):
            torch.mm(query[image, head], key[image, head], out=similar)
            torch.softmax(similar, dim=-1, out=similar)
            torch.mm(similar, value[image, head], out=mixed[image, head])
    return mixed


@cache
def beats_fused_kernel() -> bool:
    """Return whether ours is faster in bf16: the processor has bf16 instructions but no AMX, which torch's does use."""
    units = torch.cpu.get_capabilities()
    return bool(units.get("avx512_bf16")) and not units.get("amx_bf16")
