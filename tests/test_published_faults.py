"""Faults of the published implementation, one test each: what it did would fail here.

Those of evaluation, refinement, settings and resuming have their tests beside those parts.
"""

import inspect
import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from seco.losses.global_contrast import global_contrast
from seco.losses.local_contrast import local_contrast
from seco.method.memory import Prototypes, Reservoir
from seco.method.patches import sample_patches
from seco.method.tags import rectify_tags, tag_images, tag_patches
from seco.models.network import SeCoNetwork
from seco.storage.label_map import IGNORE
from seco.training.objective import StepResult
from seco.training.optimizer import learning_rate_factor
from seco.training.views import ViewMaker
from tests.settings import small_settings
from tests.tiny import contrast_of, crop_pass, memory_of, seeded, snapshot, tiny_inputs, tiny_models


def tag_of(labels: Tensor, ids: list[int], inside: Tensor) -> int:
    corner = torch.zeros(1, 1, 2, dtype=torch.int64)
    size = labels.shape[0]
    place = (labels[None], torch.tensor([ids]), inside[None], corner)
    return int(tag_patches(*place, patch_size=size, threshold=0.2, settle=True))


def everywhere(side: int = 10) -> Tensor:
    return torch.ones(side, side, dtype=torch.bool)


def a_step(**changes) -> tuple[StepResult, dict[str, Tensor], dict[str, Tensor]]:
    """One full step on tiny models: its result, and all state before and after."""
    settings = small_settings(
        **{
            "train.prototype_start": 0,
            "train.contrast_start": 0,
            "train.segmentation_start": 0,
            "use_rectification": False,
        }
        | changes
    )
    models = tiny_models(settings)
    before = snapshot(models)
    result = models.objective(crop_pass(models, settings, step=1))
    return result, before, snapshot(models)


def test_foreground_share_summed_class_ids_instead_of_pixels():
    labels = torch.zeros(10, 10, dtype=torch.int64)
    labels[0, :2] = 20  # 2 % of the patch; the ids sum up to 40 % of it
    assert tag_of(labels, [20], everywhere()) == 0
    labels[:3] = 1  # 30 %
    assert tag_of(labels, [1], everywhere()) == 1


def test_an_image_without_confident_pixel_was_tagged_as_class_1():
    assert tag_of(torch.full((10, 10), IGNORE), [5], everywhere()) == -1


def test_the_strong_view_was_mirrored_while_its_tag_map_was_not():
    make = ViewMaker(crop_size=64, second_size=32, scale_range=(1.0, 1.0), wanted=("strong", "second"))
    photograph = torch.zeros(3, 64, 64, dtype=torch.uint8)
    photograph[..., 32:] = 255
    for seed in range(30):
        views = make(photograph, seed=seed)
        bright = [bool(view[:, :, 48:].sum() > view[:, :, :16].sum()) for view in (views.weak, views.strong)]
        assert bright[0] == bright[1]


def test_the_second_view_carried_the_first_crops_tag():
    labels = torch.tensor([[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    assert tag_images(labels).tolist() == [2, -1]
    result, _, _ = a_step()
    assert contrast_of(result).tags.view(2, -1)[:, -2:].tolist() == [[2, 2], [-1, -1]]


def test_padding_counted_as_background():
    inside = everywhere()
    inside[:, 2:] = False
    labels = torch.full((10, 10), 6).masked_fill(~inside, 0)  # 20 % of the patch is real, and all of that class 6
    assert tag_of(labels, [6], inside) == 6
    assert tag_of(torch.full((10, 10), IGNORE), [6], ~everywhere()) == -1


def test_patches_were_centred_on_padding():
    labels = torch.full((1, 40, 40), IGNORE)
    labels[:, 10:30, 10:30] = 0
    box = torch.tensor([[10, 10, 30, 30]])
    chances = torch.rand(len(labels), 50, generator=seeded(), dtype=torch.float64)
    corners = sample_patches(labels == IGNORE, box, chances, patch_size=8)
    assert corners.min() >= 10
    assert corners.max() + 8 <= 30


def test_the_global_seed_was_reset_for_every_image():
    make = ViewMaker(crop_size=32, second_size=32, scale_range=(1.0, 1.0), wanted=("strong", "second"))
    draws = []
    for seed in (7, 7, 7):
        make(torch.zeros(3, 40, 40, dtype=torch.uint8), seed=seed)
        draws.append(float(torch.rand(())))
    assert len(set(draws)) == 3


def test_l_lil_averaged_over_non_positives_and_dropped_the_best_match():
    queries = torch.tensor([[1.0, 0.0]])
    keys = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    loss = local_contrast(queries, torch.tensor([1]), keys, torch.tensor([1, 1, 2]), temperature=0.5)
    total = math.log(math.exp(2) + 1 + math.exp(-2))
    assert loss.item() == pytest.approx(((total - 2) + total) / 2, rel=1e-6)  # of the two positives, both


def test_the_tag_filter_never_fired_since_other_tags_counted_as_above_the_mean():
    # Ten entries of its tag say "wrong" by 8 to 2; a thousand of other tags must have no voice in it.
    cosines = torch.tensor([0.9] * 2 + [0.0] * 8 + [0.5] * 1000)
    keys = torch.stack([cosines, (1 - cosines**2).sqrt()], dim=1)
    key_tags = torch.tensor([3] * 10 + [0] * 500 + [7] * 500)
    query = torch.tensor([[1.0, 0.0]])
    assert rectify_tags(query, torch.tensor([3]), keys, key_tags, threshold=0.7).tolist() == [-1]  # not 0


def test_the_reservoir_started_as_random_vectors_tagged_background():
    reservoir = Reservoir(20, 4)
    query = F.normalize(torch.ones(1, 4), dim=1)
    tags = torch.tensor([0])
    assert rectify_tags(query, tags, reservoir.keys, reservoir.tags, threshold=0.0).tolist() == [0]
    assert local_contrast(query, tags, reservoir.keys, reservoir.tags, temperature=0.1) == 0
    reservoir.enqueue(query, tags)  # the only entry: its log-softmax is 0, whatever the empty slots hold
    assert local_contrast(query, tags, reservoir.keys, reservoir.tags, temperature=0.1) == 0


def test_a_batchs_keys_counted_twice(monkeypatch):
    entries = []

    def count(queries: Tensor, tags: Tensor, keys: Tensor, key_tags: Tensor, *, temperature: float) -> Tensor:
        entries.append(keys)
        return local_contrast(queries, tags, keys, key_tags, temperature=temperature)

    monkeypatch.setattr("seco.training.parts.patch_contrast.local_contrast", count)
    result, before, _ = a_step()
    keys = contrast_of(result).keys
    assert keys is not None
    assert len(entries[0]) == len(keys) + len(before["objective.parts.patches.reservoir.keys"])


def test_prototypes_took_tokens_of_any_length_so_that_momentum_meant_nothing():
    prototypes = Prototypes(1, 2)
    prototypes.vectors.copy_(torch.tensor([[1.0, 0.0]]))
    prototypes.update(torch.tensor([[0.0, 28.0]]), torch.ones(1, 1), momentum=0.9, mode="adaptive")
    torch.testing.assert_close(prototypes.vectors, F.normalize(torch.tensor([[0.9, 0.1]])))


def test_prototypes_were_class_tokens_while_queries_are_projections():
    settings = small_settings(**{"train.prototype_start": 0})
    models = tiny_models(settings)
    inputs = tiny_inputs()
    result = models.objective(crop_pass(models, settings, inputs=inputs, step=1))
    torch.testing.assert_close(result.updates["patches"].embeddings, models.network.embed(inputs.weak))


def test_images_of_several_classes_never_moved_a_prototype():
    prototypes = Prototypes(3, 2)
    prototypes.vectors.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]))
    before = prototypes.vectors.clone()
    prototypes.update(torch.tensor([[-0.6, -0.8]]), torch.tensor([[1.0, 1.0, 0.0]]), momentum=0.9, mode="adaptive")
    assert (prototypes.vectors != before).any(dim=1).tolist() == [True, True, False]


def test_keys_of_whole_image_views_came_from_the_student():
    settings = small_settings(**{"train.prototype_start": 0, "train.contrast_start": 0})
    models, inputs = tiny_models(settings), tiny_inputs()
    contrast = contrast_of(models.objective(crop_pass(models, settings, inputs=inputs, step=1)))
    assert contrast.keys is not None
    whole = contrast.keys.view(2, -1, contrast.keys.shape[1])[:, -1]
    torch.testing.assert_close(whole, memory_of(models).teacher.embed(inputs.second))
    assert not torch.allclose(whole, models.network.embed(inputs.second), atol=1e-3)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_a_similarity_of_exactly_1_was_taken_for_masked_out(temperature):
    keys = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    for first, second in ((0, 1), (1, 0)):
        loss = local_contrast(keys[[first]], torch.tensor([first]), keys, torch.tensor([0, 1]), temperature=temperature)
        assert loss.item() == pytest.approx(math.log(1 + math.exp(-1 / temperature)), rel=1e-6), second


def test_max_subtraction_was_thrown_away_so_that_exp_overflowed():
    queries = torch.tensor([[1.0, 0.0]])
    keys = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    assert local_contrast(
        queries, torch.tensor([1]), keys, torch.tensor([1, 2]), temperature=1e-3
    ).item() == pytest.approx(2000)


def test_a_loss_edited_its_callers_tags():
    queries, keys = torch.eye(3), torch.eye(3)
    tags, key_tags = torch.tensor([1, 0, -1]), torch.tensor([1, 1, 0])
    rectified = rectify_tags(queries, tags, keys, key_tags, threshold=0.0)
    local_contrast(queries, tags, keys, key_tags, temperature=0.1)
    global_contrast(queries, tags, keys, torch.tensor([True] * 3), temperature=0.1)
    assert tags.tolist() == [1, 0, -1]
    assert key_tags.tolist() == [1, 1, 0]
    assert rectified.data_ptr() != tags.data_ptr()


@pytest.mark.parametrize("size", [7, 11, 4608])
def test_the_reservoir_had_to_be_a_multiple_of_the_batch(size):
    reservoir = Reservoir(size, 3)
    for start in range(0, 5 * size, 48):
        reservoir.enqueue(torch.arange(start, start + 48).float().unsqueeze(1).expand(48, 3), torch.ones(48).long())
    last = (5 * size + 47) // 48 * 48
    assert sorted(reservoir.keys[:, 0].tolist()) == list(range(last - size, last))


def test_the_width_had_to_be_768():
    result, _, _ = a_step()
    assert result.updates["patches"].embeddings.shape == (2, 192)


@pytest.mark.parametrize("owner", [SeCoNetwork.__init__, Prototypes.__init__])
def test_the_class_count_was_a_default_and_wrong_on_coco(owner):
    assert inspect.signature(owner).parameters["num_classes"].default is inspect.Parameter.empty


def test_forward_returned_2_4_or_8_values_and_changed_queues():
    first, before, after = a_step()
    second, _, _ = a_step(weight_lil=0.0)
    assert type(first) is type(second) is StepResult
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_losses_of_a_phase_not_begun_were_computed_and_multiplied_by_zero():
    result, _, _ = a_step(**{"train.contrast_start": 9, "train.segmentation_start": 9})
    assert set(result.terms) == {"cls", "aux", "ptc"}


def test_the_rate_jumped_by_7_percent_where_the_warm_up_ends():
    factors = [
        learning_rate_factor(step, steps=20_000, warmup_steps=1_500, warmup_ratio=1e-6) for step in (0, 1_499, 1_500)
    ]
    assert factors[2] / factors[1] == pytest.approx(1.0, abs=1e-3)
    assert factors[0] == pytest.approx(1e-6, rel=0.1)  # a ratio by name, and of the rate the warm-up ends with
