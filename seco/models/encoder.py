"""The ViT encoder, taken from timm through its own intermediate-token interface."""

import pickle
from pathlib import Path
from types import MethodType
from typing import Any, Literal, NamedTuple, cast

import timm
import torch
from safetensors.torch import load_file
from timm.layers.patch_embed import PatchEmbed
from timm.layers.pos_embed import resample_abs_pos_embed
from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn
from torch import Tensor, nn

from seco.compute.pixels import MEAN, STD
from seco.errors import SecoError
from seco.models.attention import SelfAttention
from seco.storage.file_kind import stand_in
from seco.storage.model import require_finite

MAX_DEPTH = 100
"""Blocks of a ViT; the deepest in timm has 48."""

_TORCH = (b"PK\x03\x04", b"\x80")  # a file of torch is a zip archive or, before 2020, a pickle
_FETCH = "fetch it again"

Normalisation = Literal["imagenet", "model"]
"""Which mean and standard deviation a ViT's images get: ImageNet's, or those of the model's own configuration."""


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
    batch; images need sides that are multiples of ``patch_size``. They come with ImageNet's mean and standard deviation
    (``normalise``), which ``normalisation`` replaces by the model's own.
    """

    gain: Tensor
    """``[3, 1, 1]``, with ``offset``: from ImageNet's mean and standard deviation to the model's."""
    offset: Tensor

    def __init__(self, vit: VisionTransformer, *, normalisation: Normalisation = "imagenet") -> None:
        super().__init__()
        self.vit = vit
        self.width = vit.embed_dim
        self.patch_size = cast(tuple[int, int], vit.patch_embed.patch_size)[0]
        self.intermediate_block = max(len(vit.blocks) - 3, 0)
        config: dict[str, Any] = vit.pretrained_cfg  # pyright: ignore[reportAssignmentType]  timm leaves it untyped
        own = config["mean"], config["std"]
        self.renormalises = normalisation == "model" and own != (MEAN, STD)
        mean, std, own_mean, own_std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD, *own))
        self.register_buffer("gain", std / own_std, persistent=False)
        self.register_buffer("offset", (mean - own_mean) / own_std, persistent=False)

    def forward(self, images: Tensor) -> Tokens:
        """Encode normalised images ``[B, 3, H, W]``."""
        if self.renormalises:
            images = images * self.gain + self.offset
        height, width = images.shape[-2:]
        grid = (height // self.patch_size, width // self.patch_size)
        final, between = self.vit.forward_intermediates(images, indices=[self.intermediate_block], output_fmt="NLC")
        final = cast(Tensor, final)
        prefix = self.vit.num_prefix_tokens  # the class token first, then any registers
        return Tokens(final[:, 0], final[:, prefix:], cast(Tensor, between[0]), grid)

    def set_compiled(self, compiled: bool) -> None:
        """Compile the blocks with dynamic shapes, or let them run eager again.

        One program serves every image size, and weights keep their names. Shapes compiled one by one take longer to
        compile and ran slower in fp32 (`benchmarks/README.md`). A copy of a compiled encoder is not compiled.
        """
        for block in self.vit.blocks:
            if compiled:
                block.compile(dynamic=True)
            else:
                block._compiled_call_impl = None  # torch has no name for it


def build_encoder(
    name: str,
    *,
    pretrained: bool | Path,
    depth: int | None = None,
    normalisation: Normalisation = "imagenet",
    antialias: bool = True,
) -> Encoder:
    """Build a ViT of timm, with timm's own weights (True), random ones (False) or those of a file.

    ``depth`` keeps a model's width and patch but gives it that many blocks (a small ViT for small data).
    ``normalisation`` is the ``Encoder``'s. ``antialias``: whether the position embeddings of images smaller than the
    model's are averages; without it they are picked, and keep their length.

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
    if not isinstance(vit.patch_embed, PatchEmbed):
        raise SecoError(
            f"backbone.name {name!r} is a hybrid: a CNN cuts its images into patches, and their size on the image is "
            "not its configuration's; choose a plain ViT such as vit_base_patch16_224"
        )
    if isinstance(pretrained, Path):
        _load_weights(vit, pretrained)
    if not antialias and vit.pos_embed is not None:
        vit._pos_embed = MethodType(_add_picked_positions, vit)
    return Encoder(vit, normalisation=normalisation)


def _add_picked_positions(vit: VisionTransformer, embedded: Tensor) -> Tensor:
    """Do what timm's ``_pos_embed`` does, without antialias: image patches ``[B, h, w, D]`` to all tokens."""
    assert vit.pos_embed is not None, "build_encoder leaves models without position embeddings as they are"
    prefix = [token.expand(embedded.shape[0], -1, -1) for token in (vit.cls_token, vit.reg_token) if token is not None]
    positions = resample_abs_pos_embed(
        vit.pos_embed,
        new_size=[*embedded.shape[1:3]],
        old_size=[*vit.patch_embed.grid_size],
        num_prefix_tokens=0 if vit.no_embed_class else vit.num_prefix_tokens,
        antialias=False,
    )
    tokens = embedded.flatten(1, 2)
    if vit.no_embed_class:
        return vit.pos_drop(torch.cat([*prefix, tokens + positions], dim=1))
    return vit.pos_drop(torch.cat([*prefix, tokens], dim=1) + positions)


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
