import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from seco.losses.segmentation import pixel_log_probabilities
from seco.losses.supervision import supervised_loss
from seco.storage.label_map import IGNORE


def loss_of(logits: Tensor, masks: Tensor) -> Tensor:
    return supervised_loss(pixel_log_probabilities(logits, masks.shape[-2:]), masks)


def test_three_pixels_by_hand_and_an_ignored_one():
    logits = torch.zeros(1, 3, 1, 4)
    logits[0, 0, 0, 0] = 1.0
    logits[0, 1, 0, 1] = 2.0
    masks = torch.tensor([[[0, 1, 2, IGNORE]]])
    expected = (math.log(math.e + 2) - 1 + math.log(math.exp(2) + 2) - 2 + math.log(3)) / 3
    assert loss_of(logits, masks).item() == pytest.approx(expected, rel=1e-6)


def test_the_loss_is_the_mean_over_all_pixels_at_the_size_of_the_masks():
    generator = torch.Generator().manual_seed(0)
    logits, masks = torch.randn(2, 3, 2, 2, generator=generator), torch.randint(3, (2, 4, 4), generator=generator)
    masks[1, 1:] = IGNORE  # 4 pixels beside 16
    first, second = (loss_of(logits[[i]], masks[[i]]).item() for i in range(2))
    resized = F.interpolate(logits, size=(4, 4), mode="bilinear")
    assert first == pytest.approx(F.cross_entropy(resized[:1], masks[:1]).item(), rel=1e-6)
    assert loss_of(logits, masks).item() == pytest.approx((16 * first + 4 * second) / 20, rel=1e-6)


def test_without_labelled_pixels_the_loss_is_0_with_a_graph():
    logits = torch.zeros(1, 3, 2, 2, requires_grad=True)
    loss = loss_of(logits, torch.full((1, 4, 4), IGNORE))
    loss.backward()
    assert loss == 0
    assert logits.grad is not None
    assert (logits.grad == 0).all()
