import math

import pytest
import torch

from seco.losses.classification import image_classification, patch_classification


def cost(logit: float, shown: bool) -> float:
    return math.log(1 + math.exp(-logit if shown else logit))


def test_images_by_hand():
    logits, labels = torch.tensor([[2.0, -1.0], [0.5, 0.0]]), torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    expected = (cost(2.0, True) + cost(-1.0, False) + cost(0.5, True) + cost(0.0, True)) / 4
    assert image_classification(logits, labels).item() == pytest.approx(expected, rel=1e-6)


def test_a_background_patch_shows_no_class_and_an_uncertain_one_is_left_out():
    logits = torch.tensor([[2.0, -1.0], [0.5, 1.5], [9.0, 9.0]], requires_grad=True)
    found = patch_classification(logits, torch.tensor([0, 2, -1]), labels="all")
    expected = (cost(2.0, False) + cost(-1.0, False) + cost(0.5, False) + cost(1.5, True)) / 4
    assert found.item() == pytest.approx(expected, rel=1e-6)
    found.backward()
    assert logits.grad is not None
    assert torch.equal(logits.grad[2], torch.zeros(2))
    assert (logits.grad[0] > 0).all()  # descent makes every class less likely where there is none


def test_without_tagged_patches_the_loss_is_0_with_a_graph():
    logits = torch.randn(3, 4, requires_grad=True)
    found = patch_classification(logits, torch.full((3,), -1), labels="all")
    found.backward()
    assert found.item() == 0
    assert logits.grad is not None
    assert torch.equal(logits.grad, torch.zeros(3, 4))


def test_bf16_logits_are_compared_in_float32():
    logits, tags = torch.randn(5, 3), torch.tensor([0, 1, 3, -1, 2])
    exact = patch_classification(logits.bfloat16().float(), tags, labels="all")
    assert patch_classification(logits.bfloat16(), tags, labels="all").item() == pytest.approx(exact.item(), rel=1e-6)


def test_absent_labels_teach_what_a_patch_does_not_show():
    logits = torch.tensor([[2.0, -1.0], [0.5, 1.5], [9.0, 9.0]], requires_grad=True)
    found = patch_classification(logits, torch.tensor([0, 2, -1]), labels="absent")
    expected = (cost(2.0, False) + cost(-1.0, False) + cost(0.5, False)) / 4
    assert found.item() == pytest.approx(expected, rel=1e-6)
    found.backward()
    assert logits.grad is not None
    assert logits.grad[1, 1] == 0
    assert (logits.grad[0] > 0).all()
    assert logits.grad[1, 0] > 0
