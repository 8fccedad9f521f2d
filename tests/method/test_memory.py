import math
from collections import deque

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
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


@pytest.mark.parametrize("mode", ["adaptive", "single"])
def test_many_images_update_the_prototypes_one_after_the_other(mode):
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


def test_the_length_of_an_embedding_does_not_matter():
    short, long = (update(with_vectors([[1.0, 0], [0.6, 0.8]]), [[3.0 * n, 4.0 * n]], [[1.0, 1]]) for n in (0.1, 10))
    torch.testing.assert_close(torch.tensor(short), torch.tensor(long))


def test_patches_update_a_class_once_by_their_mean_direction():
    prototypes = with_vectors([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    tags = [[1.0, 0, 0], [1.0, 0, 0], [0, 0, 0], [0, 1.0, 0]]
    moved = update(prototypes, [[0.0, 7.0], [1.0, 0.0], [-5.0, 5.0], [0.0, 2.0]], tags, "patches")
    assert moved[0] == pytest.approx(unit(0.9 + 0.1 * math.sqrt(0.5), 0.1 * math.sqrt(0.5)))  # of (0, 1) and (1, 0)
    assert moved[1:] == [[0.0, 1.0], [-1.0, 0.0]]  # confirmed; shown by no patch


def test_the_order_of_patches_does_not_matter():
    tokens, labels = torch.randn(12, 5, dtype=torch.float64), torch.eye(3).repeat(4, 1)
    one, other = Prototypes(3, 5).double(), Prototypes(3, 5).double()
    order = torch.randperm(12)
    update(one, tokens, labels, "patches")
    update(other, tokens[order], labels[order], "patches")
    torch.testing.assert_close(one.vectors, other.vectors)


def test_the_first_embedding_of_a_class_becomes_its_prototype():
    prototypes = Prototypes(3, 2)
    moved = update(prototypes, [[3.0, 4.0], [1.0, 0.0]], [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    assert moved[1] == pytest.approx([0.6, 0.8])
    assert moved[0] == moved[2] == [0.0, 0.0]
    assert prototypes.seen.tolist() == [False, True, False]


def test_renaming_the_classes_renames_the_prototypes():
    generator = torch.Generator().manual_seed(2)
    start = F.normalize(torch.randn(4, 3, generator=generator), dim=1)
    tokens, labels = torch.randn(5, 3, generator=generator), (torch.rand(5, 4, generator=generator) < 0.5).float()
    order = [2, 0, 3, 1]
    moved = update(with_vectors(start.tolist()), tokens, labels)
    renamed = update(with_vectors(start[order].tolist()), tokens, labels[:, order])
    torch.testing.assert_close(torch.tensor(renamed), torch.tensor(moved)[order])


def test_prototypes_and_reservoir_have_no_gradient_and_change_no_argument():
    prototypes, reservoir = Prototypes(2, 3), Reservoir(4, 3)
    embeddings, tags = torch.randn(2, 3, requires_grad=True), torch.tensor([1, -1])
    update(prototypes, embeddings, torch.eye(2))
    reservoir.enqueue(embeddings, tags)
    reservoir.tags.fill_(9)
    assert tags.tolist() == [1, -1]
    for module in (prototypes, reservoir):
        assert list(module.parameters()) == []
        assert not any(buffer.requires_grad for buffer in module.buffers())


def filled(reservoir: Reservoir) -> list[tuple[float, int]]:
    """The entries, oldest first, without empty slots."""
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


def test_empty_slots_have_the_uncertain_tag():
    reservoir = Reservoir(6, 3)
    assert reservoir.tags.tolist() == [-1] * 6
    assert (reservoir.keys == 0).all()
    reservoir.enqueue(torch.ones(2, 3), torch.tensor([0, 4]))
    assert reservoir.tags.tolist() == [0, 4, -1, -1, -1, -1]


def test_keys_in_bf16_are_stored_in_float32():
    reservoir = Reservoir(4, 2)
    reservoir.enqueue(torch.ones(3, 2, dtype=torch.bfloat16), torch.zeros(3, dtype=torch.int64))
    assert reservoir.keys.dtype == torch.float32


def test_a_restored_reservoir_continues_at_its_cursor():
    first, second = Reservoir(5, 1), Reservoir(5, 1)
    first.enqueue(torch.arange(1.0, 8).unsqueeze(1), torch.arange(7))
    second.load_state_dict(first.state_dict())
    for reservoir in (first, second):
        reservoir.enqueue(torch.tensor([[8.0]]), torch.tensor([7]))
    assert filled(first) == filled(second) == [(float(n), n - 1) for n in range(4, 9)]


@pytest.mark.parametrize("mode", ["adaptive", "single", "patches"])
def test_images_of_nothing_move_no_prototype(mode):
    prototypes = Prototypes(1, 2)
    prototypes.update(torch.tensor([[3.0, 4.0]]), torch.tensor([[1.0]]), momentum=0.5, mode=mode)
    before = prototypes.vectors.clone()
    prototypes.update(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0]]), momentum=0.5, mode=mode)
    assert torch.equal(prototypes.vectors, before)
    torch.testing.assert_close(before, torch.tensor([[0.6, 0.8]]))
