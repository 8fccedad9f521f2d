import math

import pytest
import torch
from torch import Tensor

from seco.losses.class_token_contrast import class_token_contrast

TAU = 0.5


def by_definition(queries: Tensor, keys: Tensor, positive: Tensor, *, temperature: float) -> float:
    """The class-token contrast with plain numbers: over keys and positives of an image, then over the images."""
    images = []
    for views, own, shown in zip(queries.double().tolist(), keys.double().tolist(), positive.tolist(), strict=True):
        costs = []
        for key in own:
            logits = [sum(a * b for a, b in zip(key, view, strict=True)) / temperature for view in views]
            against = sum(math.exp(logit) for logit, show in zip(logits, shown, strict=True) if not show)
            costs += [
                -math.log(math.exp(logit) / (math.exp(logit) + against))
                for logit, show in zip(logits, shown, strict=True)
                if show
            ]
        images.append(sum(costs) / len(costs) if costs else 0.0)
    return sum(images) / len(images)


def problem(*, seed: int = 0, batch: int = 3, views: int = 6) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    queries = torch.randn(batch, views, 4, generator=generator)
    keys = torch.randn(batch, 2, 4, generator=generator)
    positive = torch.rand(batch, views, generator=generator) < 0.5
    positive[:, :2] = True
    return queries, keys, positive


def test_one_key_a_positive_and_a_negative_by_hand():
    queries = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    keys = torch.tensor([[[2.0, 1.0]]])  # similarities 2 and 1, over τ = 0.5: 4 and 2
    loss = class_token_contrast(queries, keys, torch.tensor([[True, False]]), temperature=TAU)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-6)


def test_positives_do_not_compete_with_each_other():
    queries = torch.tensor([[[1.0, 0.0], [5.0, 0.0], [0.0, 1.0]]])
    keys = torch.tensor([[[1.0, 1.0]]])
    loss = class_token_contrast(queries, keys, torch.tensor([[True, True, False]]), temperature=1.0)
    assert loss.item() == pytest.approx((math.log(2) + math.log(1 + math.exp(-4))) / 2, rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_loss_is_the_mean_over_pairs_then_over_images(seed):
    queries, keys, positive = problem(seed=seed)
    loss = class_token_contrast(queries, keys, positive, temperature=TAU)
    assert loss.item() == pytest.approx(by_definition(queries, keys, positive, temperature=TAU), rel=1e-5)


@pytest.mark.parametrize("shown", [True, False])
def test_an_image_without_negatives_or_positives_counts_0_without_nan(shown):
    queries, keys, positive = problem()
    positive[1] = shown
    loss = class_token_contrast(queries.requires_grad_(), keys, positive, temperature=TAU)
    alone = class_token_contrast(queries[[0, 2]], keys[[0, 2]], positive[[0, 2]], temperature=TAU)
    assert loss.item() == pytest.approx(2 / 3 * alone.item(), rel=1e-6)
    loss.backward()
    assert queries.grad is not None
    assert queries.grad.isfinite().all()
    assert (queries.grad[1] == 0).all()
    assert (queries.grad[0] != 0).any()


def test_large_similarities_overflow_nothing():
    queries, keys, positive = problem()
    assert class_token_contrast(1e3 * queries, keys, positive, temperature=1e-2).isfinite()


def test_bf16_is_compared_in_float32():
    queries, keys, positive = problem()
    half, half_keys = queries.bfloat16(), keys.bfloat16()
    loss = class_token_contrast(half, half_keys, positive, temperature=TAU)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(by_definition(half, half_keys, positive, temperature=TAU), rel=1e-5)
