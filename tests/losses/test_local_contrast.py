import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from seco.losses.local_contrast import local_contrast

TAU = 0.08


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
    first = math.log(math.exp(2) + math.exp(1.2) + 1)  # 2.4599
    second = math.log(1 + math.exp(1.6) + math.exp(2))  # 2.5970
    assert loss.item() == pytest.approx(((first - 2) + (first - 1.2) + (second - 2)) / 3, abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**31))
def test_it_is_equation_8(seed):
    queries, tags, keys, key_tags = problem(seed=seed)
    loss = local_contrast(queries, tags, keys, key_tags, temperature=TAU)
    assert loss.item() == pytest.approx(by_definition(queries, tags, keys, key_tags, temperature=TAU), rel=1e-4)


def test_the_best_match_counts():
    # Were the entry of the highest similarity dropped, there would be no positive left.
    query = torch.tensor([[1.0, 0.0]])
    keys = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    loss = local_contrast(query, torch.tensor([1]), keys, torch.tensor([1, 2]), temperature=1.0)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-1)), abs=1e-6)


def test_background_patches_are_positives_of_each_other():
    query, keys = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    loss = local_contrast(query, torch.tensor([0]), keys, torch.tensor([0, 3]), temperature=1.0)
    assert loss.item() == pytest.approx(math.log(1 + math.e), abs=1e-6)


def test_uncertain_queries_and_entries_change_nothing():
    queries, tags, keys, key_tags = problem()
    whole = local_contrast(queries, tags, keys, key_tags, temperature=TAU)
    chosen, known = tags != -1, key_tags != -1
    alone = local_contrast(queries[chosen], tags[chosen], keys[known], key_tags[known], temperature=TAU)
    assert not chosen.all()
    assert not known.all()
    assert whole.item() == pytest.approx(alone.item(), rel=1e-6)


def test_a_query_without_positive_contributes_nothing():
    queries, tags, keys, key_tags = problem()
    strange = torch.cat([tags, torch.tensor([17])])
    more = torch.cat([queries, queries[:1]])
    loss = local_contrast(queries, tags, keys, key_tags, temperature=TAU)
    assert local_contrast(more, strange, keys, key_tags, temperature=TAU).item() == pytest.approx(loss.item(), rel=1e-6)


def test_the_order_of_patches_and_of_entries_does_not_matter():
    queries, tags, keys, key_tags = problem()
    generator = torch.Generator().manual_seed(1)
    rows, columns = torch.randperm(len(tags), generator=generator), torch.randperm(len(key_tags), generator=generator)
    loss = local_contrast(queries, tags, keys, key_tags, temperature=TAU)
    shuffled = local_contrast(queries[rows], tags[rows], keys[columns], key_tags[columns], temperature=TAU)
    assert shuffled.item() == pytest.approx(loss.item(), rel=1e-6)


def test_renaming_the_classes_changes_nothing():
    queries, tags, keys, key_tags = problem()
    names = torch.tensor([0, 9, 4, 1, -1])  # the last stands for -1
    loss = local_contrast(queries, tags, keys, key_tags, temperature=TAU)
    renamed = local_contrast(queries, names[tags], keys, names[key_tags], temperature=TAU)
    assert renamed.item() == pytest.approx(loss.item(), rel=1e-6)


def test_parts_of_the_queries_combine_by_their_pairs():
    queries, tags, keys, key_tags = problem()
    whole = local_contrast(queries, tags, keys, key_tags, temperature=TAU).item()
    total = pairs = 0
    for part in (slice(0, 3), slice(3, 10)):
        count = sum(int((key_tags == tag).sum()) for tag in tags[part] if tag != -1)
        total += count * local_contrast(queries[part], tags[part], keys, key_tags, temperature=TAU).item()
        pairs += count
    assert whole == pytest.approx(total / pairs, rel=1e-6)


def test_large_logits_do_not_overflow():
    # exp(1 / 1e-4) is far beyond any float; the log-softmax of the worst pair is exactly -2 / 1e-4.
    queries = torch.tensor([[1.0, 0.0]], requires_grad=True)
    keys = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    loss = local_contrast(queries, torch.tensor([2]), keys, torch.tensor([1, 2]), temperature=1e-4)
    loss.backward()
    assert loss.item() == pytest.approx(2e4)
    assert queries.grad is not None
    assert queries.grad.isfinite().all()


@pytest.mark.parametrize("key_tags", [[-1, -1], [2, -1], [2, 3]])
@pytest.mark.parametrize("tags", [[-1, -1], [1, -1]])
def test_without_pairs_it_is_zero_with_a_graph(tags, key_tags):
    queries = torch.eye(2, requires_grad=True)
    loss = local_contrast(queries, torch.tensor(tags), torch.eye(2), torch.tensor(key_tags), temperature=TAU)
    loss.backward()
    assert loss.item() == 0
    assert queries.grad is not None
    assert (queries.grad == 0).all()


def test_gradients_are_those_of_equation_8_and_spare_the_uncertain():
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


def test_half_precision_embeddings_are_compared_in_single():
    queries, tags, keys, key_tags = problem()
    rounded, rounded_keys = queries.bfloat16(), keys.bfloat16()
    loss = local_contrast(rounded, tags, rounded_keys, key_tags, temperature=TAU)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(by_definition(rounded, tags, rounded_keys, key_tags, temperature=TAU), rel=1e-4)


def test_the_callers_tags_stay_as_they_are():
    queries, tags, keys, key_tags = problem()
    before = tags.clone(), key_tags.clone()
    local_contrast(queries, tags, keys, key_tags, temperature=TAU)
    assert torch.equal(tags, before[0])
    assert torch.equal(key_tags, before[1])
