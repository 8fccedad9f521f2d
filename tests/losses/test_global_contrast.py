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


def test_one_class_alone_costs_nothing():
    prototypes = torch.eye(3)
    queries = torch.tensor([[0.0, 1.0, 0.0]])
    assert global_contrast(queries, torch.tensor([1]), prototypes, torch.tensor([True] * 3), temperature=TAU) == 0


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**31))
def test_it_is_equation_4(seed):
    queries, tags, prototypes, seen = problem(seed=seed)
    loss = global_contrast(queries, tags, prototypes, seen, temperature=TAU)
    assert loss.item() == pytest.approx(
        by_definition(queries, tags, prototypes, seen, temperature=TAU), rel=1e-4, abs=1e-5
    )


def test_background_and_uncertain_queries_change_nothing():
    queries, tags, prototypes, seen = problem()
    chosen = tags > 0
    whole = global_contrast(queries, tags, prototypes, seen, temperature=TAU)
    alone = global_contrast(queries[chosen], tags[chosen], prototypes, seen, temperature=TAU)
    assert 0 < chosen.sum() < len(tags)
    assert whole.item() == pytest.approx(alone.item(), rel=1e-6)


def test_a_class_without_prototype_is_neither_target_nor_rival():
    queries = F.normalize(torch.tensor([[1.0, 0.2, 0.3], [0.1, 1.0, 0.5], [0.4, 0.4, 1.0]]), dim=1)
    prototypes = torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 0]])
    seen = torch.tensor([True, True, False])
    loss = global_contrast(queries, torch.tensor([1, 2, 3]), prototypes, seen, temperature=TAU)
    without = global_contrast(queries[:2], torch.tensor([1, 2]), prototypes, seen, temperature=TAU)
    assert loss.item() == pytest.approx(without.item(), rel=1e-6)


def test_the_order_of_patches_does_not_matter():
    queries, tags, prototypes, seen = problem()
    order = torch.randperm(len(tags), generator=torch.Generator().manual_seed(1))
    loss = global_contrast(queries, tags, prototypes, seen, temperature=TAU)
    shuffled = global_contrast(queries[order], tags[order], prototypes, seen, temperature=TAU)
    assert shuffled.item() == pytest.approx(loss.item(), rel=1e-6)


def test_renaming_the_classes_changes_nothing():
    queries, tags, prototypes, seen = problem()
    order = torch.tensor([3, 0, 4, 1, 2])  # old row of each new class
    renamed = torch.where(tags > 0, order.argsort()[(tags - 1).clamp(min=0)] + 1, tags)
    loss = global_contrast(queries, tags, prototypes, seen, temperature=TAU)
    other = global_contrast(queries, renamed, prototypes[order], seen[order], temperature=TAU)
    assert other.item() == pytest.approx(loss.item(), rel=1e-6)


def test_batches_that_show_the_same_classes_combine_by_their_positives():
    queries, _, prototypes, _ = problem()
    seen = torch.tensor([True, True, False, False, False])
    tags = torch.tensor([1, 2, -1, 0, 2, 1, 1, 2, 1, -1, 2, 1])
    whole = global_contrast(queries, tags, prototypes, seen, temperature=TAU)
    first = global_contrast(queries[:5], tags[:5], prototypes, seen, temperature=TAU)  # 3 positives
    second = global_contrast(queries[5:], tags[5:], prototypes, seen, temperature=TAU)  # 6 positives
    assert whole.item() == pytest.approx((3 * first.item() + 6 * second.item()) / 9, rel=1e-6)


@pytest.mark.parametrize("tags", [[-1, 0, -1], [0, 0, 0], [2, 2, 0]])
def test_without_positives_it_is_zero_with_a_graph(tags):
    queries = torch.eye(3, requires_grad=True)
    seen = torch.tensor([True, False, True])
    loss = global_contrast(queries, torch.tensor(tags), torch.eye(3), seen, temperature=TAU)
    loss.backward()
    assert loss.item() == 0
    assert queries.grad is not None
    assert (queries.grad == 0).all()


def test_gradients_reach_the_positives_alone_and_are_those_of_equation_4():
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


def test_a_tiny_temperature_does_not_overflow():
    queries, tags, prototypes, seen = problem()
    queries.requires_grad_()
    loss = global_contrast(queries, tags, prototypes, seen, temperature=1e-3)
    loss.backward()
    assert queries.grad is not None
    assert math.isfinite(loss.item())
    assert queries.grad.isfinite().all()


def test_the_callers_tags_stay_as_they_are():
    queries, tags, prototypes, seen = problem()
    before = tags.clone()
    global_contrast(queries, tags, prototypes, seen, temperature=TAU)
    assert torch.equal(tags, before)
