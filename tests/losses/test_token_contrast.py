import math

import pytest
import torch
from torch import Tensor

from seco.losses.token_contrast import token_contrast
from seco.storage.label_map import IGNORE


def by_definition(tokens: Tensor, labels: Tensor) -> float:
    """The patch-token contrast over all ordered pairs of different tokens, with plain numbers."""
    equal, unequal = [], []
    for image, names in zip(tokens.double().tolist(), labels.tolist(), strict=True):
        for i, first in enumerate(image):
            for j, second in enumerate(image):
                if i == j or IGNORE in (names[i], names[j]):
                    continue
                cosine = (
                    sum(a * b for a, b in zip(first, second, strict=True)) / math.hypot(*first) / math.hypot(*second)
                )
                (equal if names[i] == names[j] else unequal).append(abs(cosine))
    pull = 1 - sum(equal) / len(equal) if equal else 0.0
    push = sum(unequal) / len(unequal) if unequal else 0.0
    return 0.5 * pull + 0.5 * push


def problem(*, seed: int = 0, batch: int = 3, count: int = 9) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randn(batch, count, 4, generator=generator) * 7
    names = torch.tensor([0, 3, 8, IGNORE])
    return tokens, names[torch.randint(4, (batch, count), generator=generator)]


def test_three_tokens_by_hand():
    tokens = torch.tensor([[[2.0, 0.0], [3.0, 4.0], [0.0, 5.0]]])
    # Equal: tokens 1 and 2, cosine 0.6. Unequal: 1 and 3 (0), 2 and 3 (0.8).
    assert token_contrast(tokens, torch.tensor([[4, 4, 0]])).item() == pytest.approx(0.5 * 0.4 + 0.5 * 0.4)


def test_opposite_tokens_count_as_alike():
    tokens = torch.tensor([[[1.0, 0.0], [-1.0, 0.0]]])
    assert token_contrast(tokens, torch.tensor([[1, 1]])).item() == pytest.approx(0)
    assert token_contrast(tokens, torch.tensor([[1, 2]])).item() == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(5))
def test_the_loss_is_the_mean_over_pairs(seed):
    tokens, labels = problem(seed=seed)
    assert token_contrast(tokens, labels).item() == pytest.approx(by_definition(tokens, labels), rel=1e-5)


def test_ignored_tokens_change_nothing_and_have_no_gradient():
    tokens, labels = problem()
    tokens.requires_grad_()
    loss = token_contrast(tokens, labels)
    loss.backward()
    ignored = labels == IGNORE
    assert tokens.grad is not None
    assert ignored.any()
    assert (tokens.grad[ignored] == 0).all()
    assert (tokens.grad[~ignored] != 0).any(dim=1).all()
    other = torch.where(ignored.unsqueeze(2), torch.full_like(tokens, 3.0), tokens)
    assert token_contrast(other, labels).item() == pytest.approx(loss.item(), rel=1e-6)


def test_the_order_and_length_of_tokens_and_the_names_of_classes_do_not_matter():
    tokens, labels = problem()
    loss = token_contrast(tokens, labels).item()
    order = torch.randperm(tokens.shape[1], generator=torch.Generator().manual_seed(1))
    lengths = torch.rand(3, 9, 1, generator=torch.Generator().manual_seed(2)) + 0.5
    renamed = torch.where(labels == 3, 11, torch.where(labels == 0, 3, labels))
    other = token_contrast((tokens * lengths)[:, order], renamed[:, order])
    assert other.item() == pytest.approx(loss, rel=1e-6)


def test_without_pairs_the_loss_is_0_with_a_graph():
    tokens = torch.randn(2, 4, 3, requires_grad=True, generator=torch.Generator().manual_seed(0))
    loss = token_contrast(tokens, torch.full((2, 4), IGNORE))
    loss.backward()
    assert loss.item() == 0
    assert tokens.grad is not None
    assert (tokens.grad == 0).all()
