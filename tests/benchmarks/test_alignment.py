"""Gradients of the terms on patches beside that of the true masks."""

import math

import pytest
import torch

from benchmarks.alignment import WITHOUT, compare, order_of_tokens
from seco.errors import SecoError
from seco.training.crop_pass import Inputs
from tests.demo_data import demo_manifest
from tests.settings import PHASES, small_settings
from tests.tiny import tiny_inputs


def probe_with(mask: list[list[int]]) -> Inputs:
    """A batch of one image of class 3, whose mask has four blocks."""
    masks = torch.tensor([mask]).repeat_interleave(16, dim=1).repeat_interleave(16, dim=2)
    inside = torch.ones_like(masks, dtype=torch.bool)
    return tiny_inputs()._replace(masks=masks, inside=inside, class_ids=torch.tensor([[3]]))


def test_the_order_of_tokens_by_hand():
    maps = torch.tensor([[[[2.0, 0.0], [1.0, -1.0]]]], requires_grad=True)
    cost, area = order_of_tokens(maps, probe_with([[3, 3], [0, 5]]))  # on: 2 and 0; off: 1 and -1
    deviation = maps.detach().std().item()
    margins = [1.0, 3.0, -1.0, 1.0]
    assert cost.item() == pytest.approx(sum(math.log1p(math.exp(-m / deviation)) for m in margins) / 4, rel=1e-5)
    assert area.tolist() == [0.75]
    cost.backward()
    assert maps.grad is not None
    assert (maps.grad.flatten().sign() == torch.tensor([-1, -1, 1, 1])).all()  # descent raises the class


def test_tokens_that_nobody_knows_do_not_count_and_an_image_without_pairs_is_refused():
    maps = torch.tensor([[[[2.0, 9.0], [1.0, 9.0]]]])
    _, area = order_of_tokens(maps, probe_with([[3, 255], [0, 255]]))
    assert area.tolist() == [1.0]
    with pytest.raises(SecoError, match="take more batches"):
        order_of_tokens(maps, probe_with([[3, 3], [3, 255]]))


def test_every_variant_starts_from_the_same_network(tmp_path):
    changes = PHASES | {
        "train.steps": 20,
        "train.judge_tags": True,
        "patch_centres": "anywhere",
        "train.head_epochs": 1,
    }
    values = small_settings(**changes).model_dump()
    variants = {"without": WITHOUT, "": {}, "again": {}, "classified": {"weight_patch": 0.1}}
    found = dict(compare(values, variants, demo_manifest(tmp_path / "data"), steps=2, batches=2))
    assert found[""] == found["again"] != found["classified"]
    assert set(found["without"].cosines) == {"ptc"}
    assert set(found["classified"].cosines) == {"ptc", "lig", "lil", "patch"}
    assert all(-1 <= cosine <= 1 for each in found.values() for cosine in each.cosines.values())
    assert all(0 <= each.area <= 1 for each in found.values())
