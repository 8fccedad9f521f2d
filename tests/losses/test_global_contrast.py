import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from seco.losses.global_contrast import global_contrast

TAU = 0.1


def by_definition(queries: Tensor, tags: Tensor, prototypes: Tensor, seen: Tensor, *, temperature: float) -> float:
    """Eq. 4 with plain numbers, in double precision."""
    q, p = queries.double().tolist(), prototypes.double().tolist()
    positives = [(i, tag - 1) for i, tag in enumerate(tags.tolist()) if tag > 0 and seen[tag - 1]]
    appeared = sorted({label for _, label in positives})
    total = 0.0
    for i, label in positives:
        scores = {rival: sum(a * b for a, b in zip(q[i], p[rival], strict=True)) / temperature for rival in appeared}
        total -= math.log(math.exp(scores[label]) / sum(math.exp(score) for score in scores.values()))
    return total / len(positives) if positives else 0.0


def problem(*, seed: int = 0, queries: int = 12, classes: int = 5, width: int = 8) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    q = F.normalize(torch.randn(queries, width, generator=generator), dim=1)
    prototypes = F.normalize(torch.randn(classes, width, generator=generator), dim=1)
    tags = torch.randint(-1, classes + 1, (queries,), generator=generator)
    seen = torch.rand(classes, generator=generator) < 0.8
    return q, tags, prototypes * seen.unsqueeze(1), seen


def test_two_queries_and_two_classes_by_hand():
    prototypes = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    queries = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    loss = global_contrast(queries, torch.tensor([1, 2]), prototypes, torch.tensor([True] * 3), temperature=0.5)
    # Scores 2 against 0, and 1.6 against 1.2; class 3 does not appear and is in no denominator.
    first, second = math.log(1 + math.exp(-2)), math.log(1 + math.exp(-0.4))  # 0.1269 and 0.5130
    assert loss.item() == pytest.approx((first + second) / 2, abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**31))
def test_the_loss_is_equation_4(seed):
    queries, tags, prototypes, seen = problem(seed=seed)
    loss = global_contrast(queries, tags, prototypes, seen, temperature=TAU)
    assert loss.item() == pytest.approx(
        by_definition(queries, tags, prototypes, seen, temperature=TAU), rel=1e-4, abs=1e-5
    )


def test_a_class_without_prototype_is_neither_target_nor_rival():
    queries = F.normalize(torch.tensor([[1.0, 0.2, 0.3], [0.1, 1.0, 0.5], [0.4, 0.4, 1.0]]), dim=1)
    prototypes = torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 0]])
    seen = torch.tensor([True, True, False])
    loss = global_contrast(queries, torch.tensor([1, 2, 3]), prototypes, seen, temperature=TAU)
    without = global_contrast(queries[:2], torch.tensor([1, 2]), prototypes, seen, temperature=TAU)
    assert loss.item() == pytest.approx(without.item(), rel=1e-6)


def test_the_order_of_queries_and_the_names_of_classes_do_not_matter():
    queries, tags, prototypes, seen = problem()
    rows = torch.randperm(len(tags), generator=torch.Generator().manual_seed(1))
    order = torch.tensor([3, 0, 4, 1, 2])  # old row of each new class
    renamed = torch.where(tags > 0, order.argsort()[(tags - 1).clamp(min=0)] + 1, tags)
    loss = global_contrast(queries, tags, prototypes, seen, temperature=TAU)
    other = global_contrast(queries[rows], renamed[rows], prototypes[order], seen[order], temperature=TAU)
    assert other.item() == pytest.approx(loss.item(), rel=1e-6)


@pytest.mark.parametrize("tags", [[-1, 0, -1], [0, 0, 0], [2, 2, 0]])
def test_without_positives_the_loss_is_0_with_a_graph(tags):
    queries = torch.eye(3, requires_grad=True)
    seen = torch.tensor([True, False, True])
    loss = global_contrast(queries, torch.tensor(tags), torch.eye(3), seen, temperature=TAU)
    loss.backward()
    assert loss.item() == 0
    assert queries.grad is not None
    assert (queries.grad == 0).all()


def test_the_gradient_is_that_of_equation_4_and_0_for_other_queries():
    queries, tags, prototypes, _ = problem()
    seen = torch.ones(5, dtype=torch.bool)
    queries.requires_grad_()
    global_contrast(queries, tags, prototypes, seen, temperature=TAU).backward()
    assert queries.grad is not None
    positive = tags > 0
    appeared = sorted(set(tags[positive].tolist()))
    expected = torch.zeros_like(queries, dtype=torch.float64)
    for i in positive.nonzero().flatten().tolist():  # d/dq = (Σ_l softmax_l P_l - P_t) / (τ N)
        shown = prototypes[[label - 1 for label in appeared]].double()
        share = (shown @ queries[i].detach().double() / TAU).softmax(0)
        expected[i] = (share @ shown - prototypes[tags[i] - 1].double()) / TAU / positive.sum()
    torch.testing.assert_close(queries.grad.double(), expected, rtol=1e-4, atol=1e-6)
    assert (queries.grad[~positive] == 0).all()


def test_a_tiny_temperature_overflows_nothing_and_tags_stay():
    queries, tags, prototypes, seen = problem()
    before = tags.clone()
    loss = global_contrast(queries.requires_grad_(), tags, prototypes, seen, temperature=1e-3)
    loss.backward()
    assert queries.grad is not None
    assert loss.isfinite()
    assert queries.grad.isfinite().all()
    assert torch.equal(tags, before)


def test_one_class_has_nothing_to_be_contrasted_with():
    queries = torch.tensor([[0.6, 0.8], [1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    prototypes, seen = torch.tensor([[1.0, 0.0]]), torch.tensor([True])
    loss = global_contrast(queries, torch.tensor([1, 1, 0]), prototypes, seen, temperature=TAU)
    loss.backward()
    assert loss.item() == 0
    assert queries.grad is not None
    assert not queries.grad.any()
