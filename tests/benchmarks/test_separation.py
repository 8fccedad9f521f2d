"""The benchmark of how well a model tells a class from its context, on patches whose answer is known."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from benchmarks.separation import MIXED, Patches, areas, patches_of, shown_classes, windows
from seco.errors import SecoError
from seco.models.encoder import build_encoder
from seco.models.network import SeCoNetwork
from seco.storage.label_map import IGNORE
from seco.storage.manifest import Manifest, Record

CLASS, OTHER, CONTEXT = (1.0, 0.0), (0.0, 1.0), (-1.0, 0.1)


def image(shown: list[int], directions: list[tuple[float, float]], *, alone: list[float], inside: list[float]):
    """An image of patches of class 1, class 2 (0.9 everywhere) or context."""
    tokens = F.normalize(torch.tensor(directions), dim=1)
    logits = [torch.tensor([[value, 0.9] for value in values]) for values in (alone, inside)]
    return Patches(torch.tensor(shown), tokens, *logits)


def test_windows_overlap_by_half_and_keep_their_place():
    found = windows(torch.arange(24.0).view(1, 4, 6), 4)
    assert found.shape == (2, 1, 4, 4)
    assert found[1, 0, 0].tolist() == [2, 3, 4, 5]


@pytest.mark.parametrize(("image_size", "patch_size"), [(220, 64), (224, 48), (224, 0), (32, 64)])
def test_sizes_off_the_grid_of_tokens_are_refused(image_size, patch_size):
    network = SeCoNetwork(build_encoder("vit_tiny_patch16_224", pretrained=False, depth=1), num_classes=1)
    record = Record("a", Path("a.jpg"), Path("a.png"), ("boat",), "val", 8, 8)
    with pytest.raises(SecoError, match="take multiples of 16 for images and of 32 for patches"):
        patches_of(network, record, Manifest((record,), ("boat",)), image_size=image_size, patch_size=patch_size)


def test_a_patch_shows_a_class_none_or_is_left_out():
    masks = torch.zeros(6, 4, 4, dtype=torch.uint8)
    masks[1, :3] = 5  # three quarters
    masks[2, 0, 0] = 5  # a little
    masks[3, :3], masks[3, 3, 3] = 5, 6  # two classes
    masks[4] = IGNORE
    masks[5, :2] = 5  # no more than half
    assert shown_classes(masks).tolist() == [0, 5, MIXED, MIXED, MIXED, MIXED]


def test_areas_are_those_of_patches_of_a_class_against_those_of_its_context():
    one = image([1, 0, 2], [CLASS, CONTEXT, CLASS], alone=[0.1, 0.8, 0.0], inside=[0.6, 0.6, 0.9])
    # Class 1: 1, 0, ½ (equal scores). Class 2, whose logits are equal everywhere: 1, ½, ½.
    assert areas([one, one]) == [1.0, 0.25, 0.5]


def test_the_centre_of_class_tokens_comes_from_the_other_half_of_the_images():
    scores = {"alone": [1.0, 0.0], "inside": [1.0, 0.0]}
    here, there = image([1, 0], [CLASS, OTHER], **scores), image([1, 0], [OTHER, CLASS], **scores)
    assert areas([here, there]) == [0.0, 1.0, 1.0]


def test_a_class_without_context_in_one_half_is_left_out():
    scores = {"alone": [1.0, 0.0], "inside": [1.0, 0.0]}
    bare = image([1, 1], [CLASS, CLASS], **scores)
    with pytest.raises(SecoError, match="take more images"):
        areas([image([1, 0], [CLASS, CONTEXT], **scores), bare])
