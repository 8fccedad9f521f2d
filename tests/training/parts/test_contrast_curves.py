import math

import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torch.nn import functional as F

from seco.training.parts.contrast_curves import contrast_curves

TAU = 0.08


def curves(queries: Tensor, tags: Tensor, keys: Tensor, key_tags: Tensor) -> dict[str, float]:
    found = contrast_curves(queries, tags, keys, key_tags, temperature=TAU)
    return {name: float(total) / float(count) for name, (total, count) in found.items() if count}


def problem(seed: int = 0) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    queries = F.normalize(torch.randn(12, 6, generator=generator), dim=1)
    keys = F.normalize(torch.randn(40, 6, generator=generator), dim=1)
    tags, key_tags = (torch.randint(-1, 4, (size,), generator=generator) for size in (12, 40))
    return queries, tags, keys, key_tags


def test_embeddings_that_are_all_alike_show_as_chance():
    key_tags = torch.tensor([0] * 6 + [1] * 3 + [-1] * 5)
    found = curves(torch.ones(2, 1), torch.tensor([0, 1]), torch.ones(14, 1), key_tags)
    assert found["lil/class"] == pytest.approx(math.log(9), abs=1e-5)
    assert found["lil/background"] == pytest.approx(math.log(9), abs=1e-5)
    assert found["lil/chance"] == pytest.approx(math.log(9))
    assert found["lil/floor"] == pytest.approx((math.log(6) + math.log(3)) / 2)
    assert found["lil/background_pairs"] == pytest.approx(6 / 9)
    assert found["cosine/same"] == found["cosine/background"] == 1.0
    assert "cosine/other" not in found  # no entry of another class
    assert found["cosine/auc"] == 0.0  # nothing is more similar than anything else


def test_tags_that_are_apart_reach_the_floor():
    units = torch.eye(3)
    keys, key_tags = units.repeat_interleave(4, dim=0), torch.arange(3).repeat_interleave(4)
    found = curves(units, torch.arange(3), keys, key_tags)
    assert found["lil/class"] == pytest.approx(found["lil/floor"], abs=1e-4)
    assert found["cosine/auc"] == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_cosines_and_area_equal_those_of_every_pair(seed):
    queries, tags, keys, key_tags = problem(seed)
    found, similarity = curves(queries, tags, keys, key_tags), queries @ keys.T
    expected: dict[str, list[float]] = {"same": [], "other": [], "background": [], "auc": []}
    for row, tag in zip(similarity, tags.tolist(), strict=True):
        if tag <= 0:
            continue
        expected["same"] += row[key_tags == tag].tolist()
        expected["other"] += row[(key_tags > 0) & (key_tags != tag)].tolist()
        expected["background"] += row[key_tags == 0].tolist()
        chosen = (key_tags == tag) | (key_tags == 0)
        expected["auc"].append(float(roc_auc_score((key_tags == tag)[chosen], row[chosen])))
    for name, values in expected.items():
        assert found[f"cosine/{name}"] == pytest.approx(sum(values) / len(values), abs=1e-5), name


def test_without_tags_nothing_is_counted():
    queries, _, keys, _ = problem()
    nothing = torch.full((12,), -1), torch.full((40,), -1)
    assert curves(queries, nothing[0], keys, nothing[1]) == {}
