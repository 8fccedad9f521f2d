"""The passes of a ViT, written out, with the weights of timm's model."""

from typing import Any, NamedTuple

from timm.models.vision_transformer import VisionTransformer
from torch import Tensor
from torch.nn import functional as F


class PlainTokens(NamedTuple):
    """Class token ``[B, D]``, final tokens and those of block λ ``[B, N, D]``, token grid."""

    class_token: Tensor
    final: Tensor
    intermediate: Tensor
    grid: tuple[int, int]


def encode(vit: VisionTransformer, images: Tensor, *, fused_attention: bool) -> PlainTokens:
    """Encode normalised images ``[B, 3, H, W]``."""
    tokens = vit.norm_pre(vit._pos_embed(vit.patch_embed(images)))
    between = tokens
    for index, block in enumerate(vit.blocks):
        tokens = _block(block, tokens, fused_attention=fused_attention)
        if index == max(len(vit.blocks) - 3, 0):
            between = tokens
    tokens, prefix = vit.norm(tokens), vit.num_prefix_tokens
    side = vit.patch_embed.patch_size[0]
    grid = (images.shape[2] // side, images.shape[3] // side)
    return PlainTokens(tokens[:, 0], tokens[:, prefix:], between[:, prefix:], grid)


def _block(block: Any, tokens: Tensor, *, fused_attention: bool) -> Tensor:
    tokens = tokens + block.ls1(_attention(block.attn, block.norm1(tokens), fused=fused_attention))
    return tokens + block.ls2(block.mlp(block.norm2(tokens)))


def _attention(attention: Any, tokens: Tensor, *, fused: bool) -> Tensor:
    batch, count, _ = tokens.shape
    parts = attention.qkv(tokens).view(batch, count, 3, attention.num_heads, -1)
    query, key, value = parts.permute(2, 0, 3, 1, 4)  # [B, heads, N, d] each
    query, key = attention.q_norm(query), attention.k_norm(key)
    if fused:
        mixed = F.scaled_dot_product_attention(query, key, value)
    else:
        mixed = (query * attention.scale @ key.transpose(-2, -1)).softmax(dim=-1) @ value
    return attention.proj(mixed.transpose(1, 2).reshape(batch, count, -1))
