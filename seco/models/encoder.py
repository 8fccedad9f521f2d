"""The ViT encoder, taken from timm through its own intermediate-token interface."""

import pickle
from pathlib import Path
from typing import Any, NamedTuple, cast

import timm
import torch
from safetensors.torch import load_file
from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn
from torch import Tensor, nn

from seco.errors import SecoError
from seco.models.attention import SelfAttention
from seco.storage.file_kind import stand_in
from seco.storage.model import require_finite

MAX_DEPTH = 100
"""Blocks of a ViT; the deepest in timm has 48."""

_TORCH = (b"PK\x03\x04", b"\x80")  # a file of torch is a zip archive or, before 2020, a pickle
_FETCH = "fetch it again"


class Tokens(NamedTuple):
    """The encoded images of a batch; ``N = h·w`` tokens of width ``D``."""

    class_token: Tensor
    """``[B, D]``, after the last norm."""
    final: Tensor
    """``[B, N, D]``, after the last norm."""
    intermediate: Tensor
    """``[B, N, D]``, as block λ leaves them."""
    grid: tuple[int, int]
    """``(h, w)``, the token grid."""


class Encoder(nn.Module):
    """A timm ViT that returns its class token, its final tokens and those of block λ.

    λ is the third block from the end (block 10 of 12). Position embeddings are interpolated to the size of each
    batch; images need sides that are multiples of ``patch_size``.
    """

    def __init__(self, vit: VisionTransformer) -> None:
        super().__init__()
        self.vit = vit
        self.width = vit.embed_dim
        self.patch_size = cast(tuple[int, int], vit.patch_embed.patch_size)[0]
        self.intermediate_block = max(len(vit.blocks) - 3, 0)

    def forward(self, images: Tensor) -> Tokens:
        """Encode normalised images ``[B, 3, H, W]``."""
        height, width = images.shape[-2:]
        grid = (height // self.patch_size, width // self.patch_size)
        final, between = self.vit.forward_intermediates(images, indices=[self.intermediate_block], output_fmt="NLC")
        final = cast(Tensor, final)
        prefix = self.vit.num_prefix_tokens  # the class token first, then any registers
        return Tokens(final[:, 0], final[:, prefix:], cast(Tensor, between[0]), grid)

    def compile_blocks(self) -> None:
        """Compile the blocks with dynamic shapes: one program serves every image size, and weights keep their names.

        A copy of a compiled encoder is not compiled.
        """
        for block in self.vit.blocks:
            block.compile(dynamic=True)


def build_encoder(name: str, *, pretrained: bool | Path, depth: int | None = None) -> Encoder:
    """Build a ViT of timm, with timm's own weights (True), random ones (False) or those of a file.

    ``depth`` keeps a model's width and patch but gives it that many blocks (a small ViT for small data).

    Raises:
        SecoError: the name is unknown or no ViT with a class token, or the weights cannot be loaded or do not fit.
    """
    if not timm.is_model(name):  # timm would fetch names such as "hf-hub:…" from the network
        raise SecoError(f"backbone.name {name!r} names no ViT that timm has: see timm.list_models('vit_*')")
    if depth is not None and not 1 <= depth <= MAX_DEPTH:
        raise SecoError(f"backbone.depth is {depth}: must be from 1 to {MAX_DEPTH}")
    changes: dict[str, Any] = {"num_classes": 0, "dynamic_img_size": True, "attn_layer": SelfAttention}
    changes |= {} if depth is None else {"depth": depth}
    try:
        vit = timm.create_model(name, pretrained=pretrained is True, **changes)
    except (RuntimeError, TypeError, AssertionError) as error:
        raise SecoError(f"backbone.name {name!r} cannot be built by timm as a ViT: {_summary(error)}") from error
    except Exception as error:
        # Without network, timm raises the error of any of several libraries.
        if pretrained is not True:
            raise SecoError(f"backbone.name {name!r} names no ViT that timm has: {_summary(error)}") from error
        raise SecoError(
            f"the pretrained weights of {name!r} could not be fetched ({_summary(error)}): on a machine with network "
            "access save them with `timm.create_model(NAME, pretrained=True)` and safetensors, then set "
            "backbone.pretrained to the file, or to false"
        ) from error
    if not isinstance(vit, VisionTransformer) or not vit.has_class_token:
        raise SecoError(f"backbone.name {name!r} is no ViT with a class token: choose one such as vit_base_patch16_224")
    if isinstance(pretrained, Path):
        _load_weights(vit, pretrained)
    return Encoder(vit)


def _load_weights(vit: VisionTransformer, path: Path) -> None:
    stored = _read_weights(path)
    require_finite(path, stored, remedy=_FETCH)
    try:
        missing, unexpected = vit.load_state_dict(checkpoint_filter_fn(stored, vit), strict=False)
    except Exception as error:  # timm's filter takes the names and shapes of its own models for granted
        raise SecoError(
            f"{path} holds the weights of another architecture ({_summary(error)}): set backbone.name and "
            "backbone.depth to those of the file"
        ) from error
    # A classification head in the file is expected and dropped; anything else that does not fit is not.
    unknown = [key for key in unexpected if not key.startswith(("head", "fc_norm", "pre_logits"))]
    if missing or unknown:
        example = (missing + unknown)[0]
        raise SecoError(
            f"{path} does not fit the backbone ({len(missing)} weights missing, {len(unknown)} unknown, such as "
            f"{example!r}): set backbone.name and backbone.depth to those of the file"
        )


def _read_weights(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise SecoError(f"backbone.pretrained names {path}, which is no file: give true, false or a weights file")
    try:
        if kind := stand_in(path, remedy=_FETCH):
            raise SecoError(f"{path} {kind}")
        with path.open("rb") as file:
            is_torchs = file.read(4).startswith(_TORCH)
        if path.suffix == ".safetensors":
            stored = load_file(path)
        elif is_torchs:
            stored = torch.load(path, map_location="cpu", weights_only=True)
        else:
            raise SecoError(f"{path} is no file of weights, neither safetensors nor torch's: {_FETCH}")
    except SecoError:
        raise
    except Exception as error:  # torch raises about a dozen kinds
        if isinstance(error, pickle.UnpicklingError) and "Unsupported" in str(error):
            raise SecoError(f"{path} holds more than weights and was refused: save it as safetensors") from error
        raise SecoError(f"{path} cannot be read as weights ({_summary(error)}): {_FETCH}") from error
    if not isinstance(stored, dict) or not all(map(_is_weight, stored, stored.values())):
        raise SecoError(f"{path} holds something other than named weights: save the model's state_dict() alone")
    return {key: value.float() for key, value in stored.items()}


def _is_weight(name: object, value: object) -> bool:
    """Return whether an entry is a name and a plain array of numbers."""
    if not isinstance(name, str) or not isinstance(value, Tensor):
        return False
    return value.layout == torch.strided and value.is_cpu and not value.is_quantized and not value.is_complex()


def _summary(error: BaseException) -> str:
    """Return the first line of an error's message that is not a heading."""
    lines = [line.strip() for line in str(error).splitlines() if not line.rstrip().endswith(":")]
    return next((line[:200] for line in lines if line), type(error).__name__)
