"""Switches and edge cases of SeCo's contrasts; test_plain_step.py compares their values with a plain computation."""

import pytest
import torch
from torch import Tensor

from seco.training.crop_pass import Inputs
from seco.training.methods import Models
from seco.training.parts.contrast_update import Contrast
from seco.training.parts.tagged_patches import count_right_tags
from tests.settings import small_settings
from tests.tiny import LABELS, crop_pass, memory_of, retuned, snapshot, tiny_inputs, tiny_models

PATCHES, VIEWS = 3, 5


def half_and_half(inputs: Inputs) -> Tensor:
    """A CAM that is certain of the first slot's class on the left, of the second's on the right, unsure between."""
    cam = torch.zeros(2, inputs.class_ids.shape[1], 64, 64)
    cam[:, 0, :, :24] = 0.9
    cam[:, 1, :, 40:] = 0.9
    cam[:, 0, :, 24:40] = 0.5
    return cam * (inputs.class_ids > 0)[..., None, None] * inputs.inside.unsqueeze(1)


def contrasted(models: Models, inputs: Inputs, *, cam: Tensor | None = None, **changes) -> Contrast:
    settings = small_settings(**changes)
    crops = crop_pass(models, settings, inputs=inputs)
    embedding = models.network.projector(crops.output.tokens.class_token)
    part = memory_of(retuned(models, settings)) if changes else memory_of(models)
    patches = part.cutter.cut(inputs, half_and_half(inputs) if cam is None else cam, from_masks=False)
    return part.contrast(crops, embedding, patches)


@pytest.fixture
def models() -> Models:
    return tiny_models(small_settings())


@pytest.fixture
def inputs() -> Inputs:
    return tiny_inputs()


def test_tags_of_patches_come_from_the_label_map_and_those_of_whole_views_from_the_labels(models):
    found = set()
    for seed in range(6):
        inputs = tiny_inputs(seed=seed)
        contrast = contrasted(models, inputs, use_rectification=False)
        tags = contrast.tags.view(2, VIEWS)
        assert tags[:, PATCHES:].tolist() == [[2, 2], [-1, -1]]
        assert torch.equal(tags[:, :PATCHES], contrast.patches.tags)
        for image, ids in enumerate(inputs.class_ids.tolist()):
            for tag, left in zip(tags[image].tolist(), contrast.patches.corners[image, :, 1].tolist(), strict=False):
                # In the image of one class the right part is background, and the unsure part is of that class.
                covered = max(0, min(left + 32, 40) - left) / 32
                single = ids[0] if covered > 0.2 else 0
                double = -1 if left < 24 and left + 32 > 40 else ids[0] if left < 24 else ids[1]
                assert tag == (single if ids[1] == 0 else double)
                found.add(tag)
    assert len(found) > 2


def test_tags_of_the_true_masks_are_all_right(models):
    masks = torch.zeros(2, 64, 64, dtype=torch.int64)
    masks[0, :, 30:], masks[1, 20:, :] = 2, 4
    masks[1, 40:, 40:] = 255
    cutter = memory_of(models).cutter
    for seed in range(4):
        inputs = tiny_inputs(seed=seed)._replace(masks=masks)
        patches = cutter.cut(inputs, half_and_half(inputs), from_masks=True)
        found = cutter.right_tags(patches, masks)
        counts = count_right_tags(patches.tags, patches.tags, found, num_classes=4)
        right, tagged = counts["tags/right"]
        assert right == tagged == (patches.tags > 0).sum()
        by_cam = cutter.cut(inputs, half_and_half(inputs), from_masks=False)
        assert torch.equal(by_cam.corners, patches.corners)
        assert not torch.equal(by_cam.tags, patches.tags)


@pytest.mark.parametrize("changes", [{"use_rectification": False}, {"weight_lil": 0.0}])
def test_tags_are_not_rectified_if_that_is_off_or_without_l_lil(models, inputs, changes):
    rectified, result = (contrasted(models, inputs, rectify_threshold=0.0, **more) for more in ({}, changes))
    assert not torch.equal(rectified.tags, result.tags)
    assert torch.equal(result.tags.view(2, VIEWS)[:, :PATCHES], result.patches.tags)
    assert set(result.terms) == ({"lig"} if "weight_lil" in changes else {"lig", "lil"})
    assert (result.keys is None) == ("weight_lil" in changes)


def test_a_crop_of_padding_only_has_uncertain_patches(models):
    inputs = tiny_inputs(labels=(LABELS[0],), boxes=((0, 0, 0, 0),))
    tags = contrasted(models, inputs, cam=torch.zeros(1, 1, 64, 64)).patches.tags
    assert (tags == -1).all()


def test_the_contrast_changes_no_state_and_depends_on_the_draws_alone(models):
    before = snapshot(models)
    first, again, other = (contrasted(models, tiny_inputs(seed=seed)).keys for seed in (0, 0, 1))
    assert first is not None
    assert again is not None
    assert other is not None
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert all(torch.equal(value, before[name]) for name, value in snapshot(models).items())
