import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from seco.losses import local_contrast as module
from seco.losses.local_contrast import Average

TAU = 0.08


def local_contrast(
    *values: Tensor, temperature: float, average: Average = "pairs", background: bool = True, num_classes: int = 20
) -> Tensor:
    how = {"average": average, "background": background, "num_classes": num_classes}
    return module.local_contrast(*values, temperature=temperature, **how)


def by_definition(queries: Tensor, tags: Tensor, keys: Tensor, key_tags: Tensor, *, temperature: float) -> float:
    """Eq. 8 with plain numbers, in double precision."""
    q, k = queries.double().tolist(), keys.double().tolist()
    total, pairs = 0.0, 0
    for query, tag in zip(q, tags.tolist(), strict=True):
        if tag == -1:
            continue
        scores = [sum(a * b for a, b in zip(query, key, strict=True)) / temperature for key in k]
        denominator = sum(math.exp(s) for s, t in zip(scores, key_tags.tolist(), strict=True) if t != -1)
        for score, key_tag in zip(scores, key_tags.tolist(), strict=True):
            if key_tag == tag:
                total -= math.log(math.exp(score) / denominator)
                pairs += 1
    return total / pairs if pairs else 0.0


def problem(*, seed: int = 0, queries: int = 10, keys: int = 30, width: int = 8) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    q = F.normalize(torch.randn(queries, width, generator=generator), dim=1)
    k = F.normalize(torch.randn(keys, width, generator=generator), dim=1)
    tags = torch.randint(-1, 4, (queries,), generator=generator)
    return q, tags, k, torch.randint(-1, 4, (keys,), generator=generator)


def test_three_entries_by_hand():
    queries = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    keys = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [1.0, 0.0]])
    loss = local_contrast(queries, torch.tensor([1, 0]), keys, torch.tensor([1, 1, 0, -1]), temperature=0.5)
    # Query 1 (tag 1): scores 2, 1.2, 0, positives the first two. Query 2 (tag 0): scores 0, 1.6, 2, positive the last.
    # The fourth entry is uncertain and in no denominator.
    first = math.log(math.exp(2) + math.exp(1.2) + 1)  # 2.4604
    second = math.log(1 + math.exp(1.6) + math.exp(2))  # 2.5909
    assert loss.item() == pytest.approx(((first - 2) + (first - 1.2) + (second - 2)) / 3, abs=1e-6)


@pytest.mark.parametrize(
    ("average", "background", "expected"),
    [
        # The case by hand above: the pairs of the class cost 0.4604 and 1.2604, that of background 0.5909.
        ("pairs", True, (0.4604 + 1.2604 + 2 * 0.5909) / 4),
        ("queries", True, ((0.4604 + 1.2604) / 2 + 2 * 0.5909) / 3),
        ("tags", True, ((0.4604 + 1.2604) / 2 + 0.5909) / 2),
        ("pairs", False, (0.4604 + 1.2604) / 2),
        ("queries", False, (0.4604 + 1.2604) / 2),
        ("tags", False, (0.4604 + 1.2604) / 2),
    ],
)
def test_the_mean_of_equation_8_is_over_pairs_queries_or_tags(average, background, expected):
    queries = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    keys = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [1.0, 0.0]])
    tags, key_tags = torch.tensor([1, 0, 0]), torch.tensor([1, 1, 0, -1])
    loss = local_contrast(queries, tags, keys, key_tags, temperature=0.5, average=average, background=background)
    assert loss.item() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("average", ["queries", "tags"])
def test_a_rare_class_counts_as_much_as_its_queries_or_as_any_other_tag(average):
    queries, tags = F.normalize(torch.randn(21, 4, generator=torch.Generator().manual_seed(3)), dim=1), [1] * 20 + [2]
    of_each = [
        local_contrast(queries[[i]], torch.tensor([tags[i]]), queries, torch.tensor(tags), temperature=TAU)
        for i in range(21)
    ]
    common, rare = torch.stack(of_each[:20]).mean(), of_each[20]
    loss = local_contrast(queries, torch.tensor(tags), queries, torch.tensor(tags), temperature=TAU, average=average)
    share = 1 / 21 if average == "queries" else 1 / 2
    assert loss.item() == pytest.approx(((1 - share) * common + share * rare).item(), rel=1e-5)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**31))
def test_the_loss_is_equation_8(seed):
    queries, tags, keys, key_tags = problem(seed=seed)
    loss = local_contrast(queries, tags, keys, key_tags, temperature=TAU)
    assert loss.item() == pytest.approx(by_definition(queries, tags, keys, key_tags, temperature=TAU), rel=1e-4)


@pytest.mark.parametrize(
    ("tag", "key_tags", "cost"),
    [
        (1, [1, 2], math.log(1 + math.exp(-1))),  # the positive has similarity 1, the highest of all
        (0, [3, 0], math.log(1 + math.e)),  # background is a positive of background
    ],
)
def test_the_best_match_and_background_pairs_count(tag, key_tags, cost):
    loss = local_contrast(torch.eye(2)[:1], torch.tensor([tag]), torch.eye(2), torch.tensor(key_tags), temperature=1.0)
    assert loss.item() == pytest.approx(cost, abs=1e-6)


def test_a_query_without_positive_contributes_nothing():
    queries, tags, keys, key_tags = problem()
    loss = local_contrast(queries, tags, keys, key_tags, temperature=TAU)
    more = torch.cat([queries, queries[:1]]), torch.cat([tags, torch.tensor([17])])
    assert local_contrast(*more, keys, key_tags, temperature=TAU).item() == pytest.approx(loss.item(), rel=1e-6)


def test_the_order_of_queries_and_keys_and_the_names_of_classes_do_not_matter():
    queries, tags, keys, key_tags = problem()
    generator = torch.Generator().manual_seed(1)
    rows, columns = torch.randperm(len(tags), generator=generator), torch.randperm(len(key_tags), generator=generator)
    names = torch.tensor([0, 9, 4, 1, -1])  # the last is that of -1
    loss = local_contrast(queries, tags, keys, key_tags, temperature=TAU)
    other = local_contrast(queries[rows], names[tags][rows], keys[columns], names[key_tags][columns], temperature=TAU)
    assert other.item() == pytest.approx(loss.item(), rel=1e-6)


def test_large_logits_overflow_nothing():
    # exp(1 / 1e-4) is far beyond any float; the log-softmax of the worst pair is exactly -2 / 1e-4.
    queries = torch.tensor([[1.0, 0.0]], requires_grad=True)
    keys = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    loss = local_contrast(queries, torch.tensor([2]), keys, torch.tensor([1, 2]), temperature=1e-4)
    loss.backward()
    assert loss.item() == pytest.approx(2e4)
    assert queries.grad is not None
    assert queries.grad.isfinite().all()


@pytest.mark.parametrize("average", ["pairs", "queries", "tags"])
@pytest.mark.parametrize("key_tags", [[-1, -1], [2, -1], [2, 3]])
@pytest.mark.parametrize("tags", [[-1, -1], [1, -1]])
def test_without_pairs_the_loss_is_0_with_a_graph(tags, key_tags, average):
    queries = torch.eye(2, requires_grad=True)
    both = torch.tensor(tags), torch.tensor(key_tags)
    loss = local_contrast(queries, both[0], torch.eye(2), both[1], temperature=TAU, average=average)
    loss.backward()
    assert loss.item() == 0
    assert queries.grad is not None
    assert (queries.grad == 0).all()


def test_the_gradient_is_that_of_equation_8_and_0_for_uncertain_queries():
    queries, tags, keys, key_tags = problem()
    queries.requires_grad_()
    local_contrast(queries, tags, keys, key_tags, temperature=TAU).backward()
    assert queries.grad is not None
    known = keys[key_tags != -1].double()
    pairs = sum(int((key_tags == tag).sum()) for tag in tags if tag != -1)
    expected = torch.zeros_like(queries, dtype=torch.float64)
    for i, tag in enumerate(tags.tolist()):
        positives = keys[key_tags == tag].double() if tag != -1 else keys[:0].double()
        centre = (known @ queries[i].detach().double() / TAU).softmax(0) @ known
        expected[i] = (centre - positives).sum(0) / TAU / pairs  # d/dq = Σ_+ (Σ_k softmax_k k - k₊) / (τ N)
    torch.testing.assert_close(queries.grad.double(), expected, rtol=1e-4, atol=1e-6)
    assert (queries.grad[tags == -1] == 0).all()


def test_bf16_embeddings_are_compared_in_float32_and_tags_stay():
    queries, tags, keys, key_tags = problem()
    before = tags.clone(), key_tags.clone()
    rounded, rounded_keys = queries.bfloat16(), keys.bfloat16()
    loss = local_contrast(rounded, tags, rounded_keys, key_tags, temperature=TAU)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(by_definition(rounded, tags, rounded_keys, key_tags, temperature=TAU), rel=1e-4)
    assert torch.equal(tags, before[0])
    assert torch.equal(key_tags, before[1])
