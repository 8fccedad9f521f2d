"""Tokens and patches of images, against plain computations with the same network."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from seco.compute.pixels import normalise
from seco.errors import SecoError
from seco.inference.embeddings import patch_grid, token_maps
from seco.inference.photographs import Photo
from seco.inference.predictor import Predictor
from seco.storage.model import StoredModel
from tests.inference.test_predictor import CLASSES, SETTINGS, make_network

PIXELS = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
PHOTO = Photo("a", PIXELS, ("cat",))


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(make_network(), CLASSES, precision="fp32")


def model_of(predictor: Predictor, **changes) -> StoredModel:
    settings = (
        SETTINGS
        | {"patch_tokens": "patch", "patch_size": 32, "patch_scale": 1.0, "export": {"image_size": 64}}
        | changes
    )
    return StoredModel(dict(predictor.network.state_dict()), CLASSES, settings)


def test_token_maps_are_the_final_tokens_in_the_order_of_the_photos(predictor):
    other = Photo("b", PIXELS[::-1].copy())
    found = list(token_maps(predictor, [PHOTO, other], image_size=64, batch_size=2))
    assert [item.photo.id for item in found] == ["a", "b"]
    with torch.inference_mode():
        tokens = predictor.network.encoder(normalise(torch.from_numpy(PIXELS).permute(2, 0, 1))[None])
    np.testing.assert_allclose(found[0].tokens.reshape(16, -1), tokens.final[0].numpy(), atol=1e-5)
    assert found[0].tokens.shape[:2] == (4, 4)
    assert not np.allclose(found[0].tokens, found[1].tokens)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_patches_are_compared_with_the_prototypes_as_in_training(predictor, scale):
    prototypes = F.normalize(
        torch.randn(3, predictor.network.encoder.width, generator=torch.Generator().manual_seed(0))
    )
    prototypes[1] = 0.0
    grid = patch_grid(predictor, model_of(predictor, patch_scale=scale), PHOTO, prototypes)
    assert grid.similarities.shape == (2, 2, 3)
    assert np.array_equal(grid.pixels, PIXELS)
    assert np.isnan(grid.similarities[..., 1]).all(), "the class has no prototype"
    patch = normalise(torch.from_numpy(PIXELS[32:, :32].copy()).permute(2, 0, 1))[None]
    side = int(32 * scale)
    with torch.inference_mode():
        query = predictor.network.embed(F.interpolate(patch, (side, side), mode="bilinear") if scale > 1 else patch)
    expected = (query @ prototypes.T)[0, [0, 2]].numpy()
    np.testing.assert_allclose(grid.similarities[1, 0, [0, 2]], expected, atol=1e-5)


def test_patches_that_their_crop_stands_for_are_means_of_its_tokens(predictor):
    prototypes = F.normalize(torch.randn(3, predictor.network.encoder.width))
    grid = patch_grid(predictor, model_of(predictor, patch_tokens="crop"), PHOTO, prototypes)
    with torch.inference_mode():
        tokens = predictor.network.encoder(normalise(torch.from_numpy(PIXELS).permute(2, 0, 1))[None])
        own = tokens.final.unflatten(1, (4, 4))[:, 2:, :2].mean(dim=(1, 2))  # the patch below on the left
        expected = (predictor.network.projector(own) @ prototypes.T)[0].numpy()
    np.testing.assert_allclose(grid.similarities[1, 0], expected, atol=1e-5)


def test_a_model_without_projector_is_refused(predictor):
    stored = model_of(predictor)
    weights = {name: weight for name, weight in stored.weights.items() if not name.startswith("projector.")}
    with pytest.raises(SecoError, match="no projector of its prototypes: run `seco train` again"):
        patch_grid(predictor, stored._replace(weights=weights), PHOTO, torch.eye(3, predictor.network.encoder.width))
