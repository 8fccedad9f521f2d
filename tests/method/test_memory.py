import math
from collections import deque

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from seco.method.memory import Prototypes, PrototypeUpdate, Reservoir


def with_vectors(vectors: list[list[float]]) -> Prototypes:
    prototypes = Prototypes(len(vectors), len(vectors[0]))
    prototypes.vectors.copy_(torch.tensor(vectors))
    return prototypes


def update(
    prototypes: Prototypes, embeddings: object, labels: object, mode: PrototypeUpdate = "adaptive"
) -> list[list[float]]:
    prototypes.update(torch.as_tensor(embeddings), torch.as_tensor(labels), momentum=0.9, mode=mode)
    return prototypes.vectors.tolist()


def unit(*vector: float) -> list[float]:
    return [part / math.hypot(*vector) for part in vector]


@pytest.mark.parametrize("mode", ["adaptive", "single"])
def test_equation_3_for_an_image_of_one_class_by_hand(mode):
    prototypes = with_vectors([[1.0, 0.0], [0.0, 1.0]])
    first, second = update(prototypes, [[0.0, 1.0]], [[1.0, 0.0]], mode)
    assert first == pytest.approx(unit(0.9, 0.1))
    assert second == [0.0, 1.0]


def test_equation_3_for_an_image_of_two_classes_by_hand():
    prototypes = with_vectors([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    moved = update(prototypes, [[0.8, 0.6]], [[1.0, 1.0, 0.0]])
    # Similarities 0.8 and 0.6; the softmax over these two alone.
    weight = 1 / (1 + math.exp(-0.2))  # 0.5498
    assert moved[0] == pytest.approx(unit(0.9 + weight * 0.1 * 0.8, weight * 0.1 * 0.6), rel=1e-6)
    assert moved[1] == pytest.approx(unit((1 - weight) * 0.1 * 0.8, 0.9 + (1 - weight) * 0.1 * 0.6), rel=1e-6)
    assert moved[2] == [-1.0, 0.0]


def test_single_leaves_images_of_two_classes_out():
    before = [[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]
    moved = update(with_vectors(before), [[0.8, 0.6], [0.8, 0.6]], [[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]], "single")
    assert moved == torch.tensor(before).tolist()


@pytest.mark.parametrize("mode", ["adaptive", "single"])
def test_many_images_follow_the_formula_one_after_the_other(mode):
    generator = torch.Generator().manual_seed(0)
    start = F.normalize(torch.randn(4, 5, generator=generator, dtype=torch.float64), dim=1)
    tokens = torch.randn(9, 5, generator=generator, dtype=torch.float64)
    labels = (torch.rand(9, 4, generator=generator) < 0.4).double()
    expected = [row.clone() for row in start]
    for token, label in zip(tokens, labels, strict=True):
        z = token / token.norm()
        classes = label.nonzero().flatten().tolist()
        if mode == "single" and len(classes) != 1:
            continue
        scores = {c: math.exp(float(expected[c] @ z)) for c in classes}
        for c in classes:
            moved = 0.9 * expected[c] + 0.1 * scores[c] / sum(scores.values()) * z
            expected[c] = moved / moved.norm()
    moved = update(with_vectors(start.tolist()), tokens.float(), labels.float(), mode)
    torch.testing.assert_close(torch.tensor(moved), torch.stack(expected).float(), rtol=1e-5, atol=1e-6)


def test_the_length_of_a_token_does_not_matter():
    vectors = [[1.0, 0.0], [0.6, 0.8]]
    short = update(with_vectors(vectors), [[0.3, 0.4]], [[1.0, 1.0]])
    long = update(with_vectors(vectors), [[30.0, 40.0]], [[1.0, 1.0]])
    torch.testing.assert_close(torch.tensor(short), torch.tensor(long))


def test_patches_move_a_class_once_by_their_mean_direction():
    prototypes = with_vectors([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    tags = [[1.0, 0, 0], [1.0, 0, 0], [0, 0, 0], [0, 1.0, 0]]
    moved = update(prototypes, [[0.0, 7.0], [1.0, 0.0], [-5.0, 5.0], [0.0, 2.0]], tags, "patches")
    assert moved[0] == pytest.approx(unit(0.9 + 0.1 * math.sqrt(0.5), 0.1 * math.sqrt(0.5)))  # of (0, 1) and (1, 0)
    assert moved[1:] == [[0.0, 1.0], [-1.0, 0.0]]  # confirmed; shown by no patch


def test_the_order_of_patches_changes_nothing():
    tokens, labels = torch.randn(12, 5, dtype=torch.float64), torch.eye(3).repeat(4, 1)
    one, other = Prototypes(3, 5).double(), Prototypes(3, 5).double()
    order = torch.randperm(12)
    update(one, tokens, labels, "patches")
    update(other, tokens[order], labels[order], "patches")
    torch.testing.assert_close(one.vectors, other.vectors)


def test_prototypes_stay_unit_vectors():
    prototypes = with_vectors([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        update(prototypes, torch.randn(3, 3, generator=generator) * 28, torch.tensor([[1.0, 0], [1, 1], [0, 1]]))
    torch.testing.assert_close(prototypes.vectors.norm(dim=1), torch.ones(2))


def test_the_first_token_of_a_class_becomes_its_prototype():
    prototypes = Prototypes(3, 2)
    assert prototypes.seen.tolist() == [False, False, False]
    moved = update(prototypes, [[3.0, 4.0]], [[0.0, 1.0, 0.0]])
    assert moved[1] == pytest.approx([0.6, 0.8])
    assert moved[0] == moved[2] == [0.0, 0.0]
    assert prototypes.seen.tolist() == [False, True, False]


def test_an_image_without_label_moves_nothing():
    prototypes = with_vectors([[1.0, 0.0], [0.0, 1.0]])
    assert update(prototypes, [[0.3, 0.4]], [[0.0, 0.0]]) == [[1.0, 0.0], [0.0, 1.0]]


def test_renaming_the_classes_renames_the_prototypes():
    generator = torch.Generator().manual_seed(2)
    start = F.normalize(torch.randn(4, 3, generator=generator), dim=1)
    tokens, labels = torch.randn(5, 3, generator=generator), (torch.rand(5, 4, generator=generator) < 0.5).float()
    order = [2, 0, 3, 1]
    moved = update(with_vectors(start.tolist()), tokens, labels)
    renamed = update(with_vectors(start[order].tolist()), tokens, labels[:, order])
    torch.testing.assert_close(torch.tensor(renamed), torch.tensor(moved)[order])


def test_prototypes_keep_no_graph_and_are_not_trained():
    prototypes = Prototypes(2, 3)
    update(prototypes, torch.randn(2, 3, requires_grad=True), torch.eye(2))
    assert not prototypes.vectors.requires_grad
    assert list(prototypes.parameters()) == []
    assert set(prototypes.state_dict()) == {"vectors"}


def filled(reservoir: Reservoir) -> list[tuple[float, int]]:
    """The entries, oldest first, without the slots that nothing has been written to."""
    order = [(int(reservoir.cursor) + step) % len(reservoir.tags) for step in range(len(reservoir.tags))]
    entries = [(float(reservoir.keys[slot, 0]), int(reservoir.tags[slot])) for slot in order]
    return [entry for entry in entries if entry != (0.0, -1)]


@settings(deadline=None, max_examples=80)
@given(size=st.integers(1, 12), batches=st.lists(st.integers(0, 30), max_size=8))
def test_the_reservoir_is_a_first_in_first_out_queue_for_any_batch_sizes(size, batches):
    reservoir, reference, count = Reservoir(size, 2), deque(maxlen=size), 0
    for batch in batches:
        numbers = range(count + 1, count + batch + 1)
        keys = torch.tensor([[float(number), -float(number)] for number in numbers]).view(batch, 2)
        tags = torch.tensor([number % 5 - 1 for number in numbers], dtype=torch.int64)
        reservoir.enqueue(keys, tags)
        reference.extend(zip(keys[:, 0].tolist(), tags.tolist(), strict=True))
        count += batch
        assert filled(reservoir) == list(reference)
        assert torch.equal(reservoir.keys[:, 1], -reservoir.keys[:, 0])


@pytest.mark.parametrize("batch", [1, 3, 5, 7, 11])
def test_one_large_batch_is_the_same_as_many_small_ones(batch):
    keys, tags = torch.arange(1.0, 24).unsqueeze(1), torch.arange(23)
    whole, parts = Reservoir(7, 1), Reservoir(7, 1)
    whole.enqueue(keys, tags)
    for start in range(0, 23, batch):
        parts.enqueue(keys[start : start + batch], tags[start : start + batch])
    assert filled(whole) == filled(parts) == [(float(n), n - 1) for n in range(17, 24)]
    assert whole.cursor == parts.cursor


def test_unfilled_slots_carry_the_uncertain_tag():
    reservoir = Reservoir(6, 3)
    assert reservoir.tags.tolist() == [-1] * 6
    assert (reservoir.keys == 0).all()
    reservoir.enqueue(torch.ones(2, 3), torch.tensor([0, 4]))
    assert reservoir.tags.tolist() == [0, 4, -1, -1, -1, -1]


def test_the_reservoir_keeps_no_graph_and_the_batch_stays_as_it_is():
    reservoir = Reservoir(4, 2)
    keys: Tensor = torch.randn(3, 2, requires_grad=True)
    tags = torch.tensor([1, -1, 0])
    reservoir.enqueue(keys, tags)
    reservoir.tags.fill_(9)
    assert not reservoir.keys.requires_grad
    assert list(reservoir.parameters()) == []
    assert tags.tolist() == [1, -1, 0]


def test_half_precision_keys_are_stored_in_single():
    reservoir = Reservoir(4, 2)
    reservoir.enqueue(torch.ones(3, 2, dtype=torch.bfloat16), torch.zeros(3, dtype=torch.int64))
    assert reservoir.keys.dtype == torch.float32


def test_a_saved_reservoir_goes_on_where_it_was():
    first, second = Reservoir(5, 1), Reservoir(5, 1)
    first.enqueue(torch.arange(1.0, 8).unsqueeze(1), torch.arange(7))
    second.load_state_dict(first.state_dict())
    for reservoir in (first, second):
        reservoir.enqueue(torch.tensor([[8.0]]), torch.tensor([7]))
    assert filled(first) == filled(second) == [(float(n), n - 1) for n in range(4, 9)]
