"""What a trained network makes of an image on the way: tokens, and patches in the space of the prototypes."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seco.compute.device import autocast
from seco.compute.pixels import to_rgb
from seco.errors import SecoError
from seco.inference.photographs import Photo, Resizing, load_photograph
from seco.inference.predictor import Predictor
from seco.models.heads import Projector
from seco.models.patch_tokens import PatchEncoding
from seco.storage.model import StoredModel

_PROJECTOR = "projector."


class TokenMap(NamedTuple):
    """The final tokens of an image."""

    photo: Photo
    pixels: NDArray[np.uint8]
    """``[H, W, 3]``."""
    tokens: NDArray[np.float32]
    """``[h, w, D]``."""


class PatchGrid(NamedTuple):
    """An image cut into patches without overlap, as training cuts them anywhere."""

    pixels: NDArray[np.uint8]
    """``[n·s, m·s, 3]``: the image as the patches see it."""
    similarities: NDArray[np.float32]
    """``[n, m, K]``: cosines of each patch with the prototypes; NaN for a class without a prototype."""


@torch.inference_mode()
def token_maps(
    predictor: Predictor, photos: Sequence[Photo], *, image_size: int, batch_size: int
) -> Iterator[TokenMap]:
    """Yield the final tokens of each photo, in order.

    Args:
        predictor: the trained network.
        photos: the images.
        image_size: side in pixels of the square that every image becomes.
        batch_size: images a batch.

    Raises:
        SecoError: an image cannot be read.
    """

    def encode(images: Tensor) -> Tensor:
        with autocast(predictor.device, predictor.precision):
            tokens = predictor.network.encoder(images)
        return tokens.final.float().unflatten(1, tokens.grid)  # [B, h, w, D]

    for group in predictor.groups(photos, resizing=Resizing(square=image_size), batch_size=batch_size):
        for photo, pixels, tokens in zip(group.photos, group.pixels, group.over(encode).cpu().numpy(), strict=True):
            yield TokenMap(photo, pixels, tokens)


@torch.inference_mode()
def patch_grid(predictor: Predictor, model: StoredModel, photo: Photo, prototypes: Tensor) -> PatchGrid:
    """Compare every patch of an image with the prototypes, as eq. 4 does in training.

    Args:
        predictor: the trained network.
        model: the same, as stored: with the projector and the sizes of patches and images.
        photo: the image. It is brought to a square, of about the size at which CAMs are made.
        prototypes: ``[K, D]``, unit length or zeros.

    Raises:
        SecoError: the image cannot be read, or the model has no projector of the prototypes' width.
    """
    projector = _projector_of(model, width=prototypes.shape[1]).to(predictor.device).eval()
    side, encoder = model.settings["patch_size"], predictor.network.encoder
    encoding = PatchEncoding(model.settings["patch_tokens"], side, model.settings["patch_scale"])
    count = max(round(model.settings["export"]["image_size"] / side), 2)
    loaded = load_photograph(photo, resizing=Resizing(square=count * side), patch=encoder.patch_size)
    image = loaded.seen.to(predictor.device)  # [3, n·s, n·s]
    starts = side * torch.arange(count, device=predictor.device)
    corners = torch.cartesian_prod(starts, starts)  # [n·n, 2]
    with autocast(predictor.device, predictor.precision):
        tokens = encoding.tokens(encoder, image[None], corners[None], encoder(image[None]))
        queries = projector(tokens.class_token)
    cosines = (queries.float() @ prototypes.to(predictor.device).T).cpu()  # [n·n, K]
    cosines[:, ~prototypes.any(dim=1)] = torch.nan
    return PatchGrid(_shown(image), cosines.unflatten(0, (count, count)).numpy())


def _projector_of(model: StoredModel, *, width: int) -> Projector:
    weights = model.weights.items()
    own = {name.removeprefix(_PROJECTOR): weight for name, weight in weights if name.startswith(_PROJECTOR)}
    try:
        projector = Projector(width, hidden=len(own["layers.0.weight"]))
        projector.load_state_dict(own)
    except (KeyError, RuntimeError) as error:
        raise SecoError("the model has no projector of its prototypes: run `seco train` again") from error
    return projector


def _shown(image: Tensor) -> NDArray[np.uint8]:
    return to_rgb(image[None])[0].round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
