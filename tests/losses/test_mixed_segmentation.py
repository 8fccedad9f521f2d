import pytest
import torch
from torch import Tensor

from seco.losses.mixed_segmentation import mixed_segmentation_loss
from seco.losses.segmentation import segmentation_loss
from seco.losses.supervision import supervised_loss
from seco.storage.label_map import IGNORE


def problem() -> tuple[Tensor, Tensor, Tensor]:
    """Log-probabilities, pseudo labels and true masks of four images."""
    generator = torch.Generator().manual_seed(0)
    log_probabilities = torch.randn(4, 4, 6, 5, generator=generator).log_softmax(dim=1)
    values = torch.tensor([0, 1, 3, IGNORE])
    labels, masks = (values[torch.randint(4, (4, 6, 5), generator=generator)] for _ in range(2))
    return log_probabilities, labels, masks


def loss_and_gradient(
    log_probabilities: Tensor, labels: Tensor | None, masks: Tensor, flags: list[bool], weight: float = 1.0
):
    leaf = log_probabilities.clone().requires_grad_()
    loss = mixed_segmentation_loss(leaf, labels, masks, torch.tensor(flags), mask_weight=weight)
    loss.backward()
    assert leaf.grad is not None
    return loss.detach(), leaf.grad


def test_without_a_true_mask_loss_and_gradient_are_those_of_pseudo_labels_bit_by_bit():
    log_probabilities, labels, masks = problem()
    leaf = log_probabilities.clone().requires_grad_()
    expected = segmentation_loss(leaf, labels)
    expected.backward()
    loss, gradient = loss_and_gradient(log_probabilities, labels, masks, [False] * 4)
    assert torch.equal(loss, expected)
    assert leaf.grad is not None
    assert torch.equal(gradient, leaf.grad)


@pytest.mark.parametrize("begun", [True, False])
def test_with_true_masks_of_all_images_it_is_the_loss_of_full_supervision_times_the_weight(begun):
    log_probabilities, labels, masks = problem()
    loss, _ = loss_and_gradient(log_probabilities, labels if begun else None, masks, [True] * 4, weight=2.5)
    assert loss.item() == pytest.approx(2.5 * supervised_loss(log_probabilities, masks).item(), rel=1e-6)


def test_each_image_counts_alike_and_the_kinds_do_not_mix():
    log_probabilities, labels, masks = problem()
    loss, _ = loss_and_gradient(log_probabilities, labels, masks, [False, True, False, False], weight=2.0)
    others = [0, 2, 3]
    pseudo, true = (
        segmentation_loss(log_probabilities[others], labels[others]),
        supervised_loss(log_probabilities[1:2], masks[1:2]),
    )
    assert loss.item() == pytest.approx(0.75 * pseudo.item() + 2.0 * 0.25 * true.item(), rel=1e-6)


def test_before_pseudo_labels_begin_only_images_with_a_true_mask_have_a_gradient():
    log_probabilities, _, masks = problem()
    loss, gradient = loss_and_gradient(log_probabilities, None, masks, [False, True, False, False])
    assert loss.item() == pytest.approx(0.25 * supervised_loss(log_probabilities[1:2], masks[1:2]).item(), rel=1e-6)
    assert [image.any().item() for image in gradient] == [False, True, False, False]
    nothing, gradient = loss_and_gradient(log_probabilities, None, masks, [False] * 4)
    assert nothing.item() == 0
    assert not gradient.any()
