import math

import pytest
import torch
from torch import Tensor

from seco.losses.segmentation import pixel_log_probabilities, segmentation_loss
from seco.storage.label_map import IGNORE


def problem(*, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, 4, 6, 5, generator=generator)
    names = torch.tensor([0, 1, 3, IGNORE])
    return logits, names[torch.randint(4, (2, 6, 5), generator=generator)]


def loss_of(logits: Tensor, labels: Tensor) -> Tensor:
    return segmentation_loss(pixel_log_probabilities(logits, labels.shape[-2:]), labels)


def by_definition(logits: Tensor, labels: Tensor) -> float:
    groups: dict[bool, list[float]] = {True: [], False: []}
    for image, names in zip(logits.double(), labels, strict=True):
        for y in range(names.shape[0]):
            for x in range(names.shape[1]):
                name = int(names[y, x])
                if name != IGNORE:
                    scores = image[:, y, x].tolist()
                    total = sum(math.exp(score) for score in scores)
                    groups[name > 0].append(-math.log(math.exp(scores[name]) / total))
    return sum(0.5 * sum(costs) / len(costs) for costs in groups.values() if costs)


def test_one_background_and_two_foreground_pixels_by_hand():
    logits = torch.zeros(1, 3, 1, 4)
    logits[0, :, 0, 0] = torch.tensor([1.0, 0.0, 0.0])
    logits[0, :, 0, 1] = torch.tensor([0.0, 2.0, 0.0])
    labels = torch.tensor([[[0, 1, 2, IGNORE]]])
    background = math.log(math.e + 2) - 1
    foreground = (math.log(math.exp(2) + 2) - 2 + math.log(3)) / 2
    assert loss_of(logits, labels).item() == pytest.approx((background + foreground) / 2, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_means_over_background_and_foreground_weigh_the_same(seed):
    logits, labels = problem(seed=seed)
    assert loss_of(logits, labels).item() == pytest.approx(by_definition(logits, labels), rel=1e-5)


def test_logits_are_resized_to_the_labels():
    labels = torch.zeros(1, 4, 4, dtype=torch.int64)
    labels[:, :, 2:] = 1
    logits = torch.tensor([[[[1.0, 0.0]], [[0.0, 1.0]]]])
    # Bilinear, pixel centres: the difference of the two scores runs 1, 0.5, -0.5, -1 over the four columns.
    cost = (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-0.5))) / 2
    assert loss_of(logits, labels).item() == pytest.approx(cost, rel=1e-6)


def test_ignored_pixels_have_no_gradient():
    logits, labels = problem()
    logits.requires_grad_()
    loss_of(logits, labels).backward()
    assert logits.grad is not None
    ignored = (labels == IGNORE).unsqueeze(1).expand_as(logits)
    assert (logits.grad[ignored] == 0).all()
    assert (logits.grad[~ignored] != 0).all()


def test_the_names_of_classes_do_not_matter():
    logits, labels = problem()
    renamed = torch.where(labels == 1, 3, torch.where(labels == 3, 1, labels))
    loss = loss_of(logits, labels)
    assert loss_of(logits[:, [0, 3, 2, 1]], renamed).item() == pytest.approx(loss.item(), rel=1e-6)


@pytest.mark.parametrize("labels", [[IGNORE, IGNORE], [0, IGNORE], [IGNORE, 1]])
def test_a_mean_over_no_pixels_is_0_without_nan(labels):
    logits = torch.zeros(1, 2, 1, 2, requires_grad=True)
    loss = loss_of(logits, torch.tensor([[labels]]))
    loss.backward()
    assert loss.item() == pytest.approx(0.0 if labels == [IGNORE, IGNORE] else 0.5 * math.log(2))
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
