import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from seco.compute.permutohedral import NormalisedFilter, SymmetricFilter, _ranks
from seco.errors import SecoError


def cloud(count: int, dimensions: int, *, spread: float, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, dimensions, generator=generator, dtype=torch.float64) * spread


def kernel(features: Tensor) -> Tensor:
    return (-0.5 * torch.cdist(features, features).square()).exp()


def as_matrix(features: Tensor) -> Tensor:
    return SymmetricFilter(features).filter(torch.eye(len(features), dtype=features.dtype))


@pytest.mark.parametrize("dimensions", [1, 2, 3, 5])
def test_the_filter_is_close_to_the_exact_sum(dimensions):
    features = cloud(1500, dimensions, spread=4.0)
    values = cloud(1500, 3, spread=1.0, seed=1)
    exact, filtered = kernel(features) @ values, SymmetricFilter(features).filter(values)
    assert F.cosine_similarity(exact.flatten(), filtered.flatten(), dim=0) > 0.99
    assert abs(filtered.sum() / exact.sum() - 1) < 0.06


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_the_filter_is_a_symmetric_positive_semidefinite_nonnegative_matrix(dimensions):
    matrix = as_matrix(cloud(80, dimensions, spread=3.0))
    torch.testing.assert_close(matrix, matrix.T, rtol=1e-12, atol=1e-14)
    assert torch.linalg.eigvalsh(matrix).min() > -1e-10
    assert matrix.min() > -1e-12


@pytest.mark.parametrize("distance", [30, 30_000], ids=["numbers of 32 bits", "of 64"])
def test_distant_groups_do_not_mix(distance):
    near, far = cloud(40, 3, spread=1.0), cloud(40, 3, spread=1.0, seed=1) + distance
    matrix = as_matrix(torch.cat([near, far]))
    assert (matrix[:40, 40:] == 0).all()
    torch.testing.assert_close(matrix[:40, :40], as_matrix(near))


def test_sets_are_filtered_independently():
    one, other = cloud(60, 3, spread=2.0), cloud(60, 3, spread=2.0, seed=1)
    sets, values = torch.stack([one, one, other]), cloud(180, 2, spread=1.0, seed=2).view(3, 60, 2)
    filtered = SymmetricFilter(sets).filter(values)
    alone = [SymmetricFilter(features).filter(own) for features, own in zip(sets, values, strict=True)]
    torch.testing.assert_close(filtered, torch.stack(alone), rtol=1e-12, atol=1e-14)


def test_ranks_are_those_of_two_sorts_and_the_first_of_equal_values_comes_first():
    rows = torch.tensor([[0.3, 0.1, 0.5], [0.1, 0.1, 0.5], [0.2, 0.4, 0.5]])
    assert _ranks(rows).tolist() == [[0, 1, 0], [2, 2, 1], [1, 0, 2]]
    many = cloud(6, 200, spread=1.0)
    assert torch.equal(_ranks(many).long(), many.argsort(0, descending=True).argsort(0))


def test_the_order_of_the_points_does_not_matter():
    features, values = cloud(200, 5, spread=4.0), cloud(200, 2, spread=1.0, seed=1)
    order = torch.randperm(200, generator=torch.Generator().manual_seed(2))
    shuffled = SymmetricFilter(features[order]).filter(values[order])
    torch.testing.assert_close(shuffled, SymmetricFilter(features).filter(values)[order])


def test_equal_points_have_equal_values():
    assert SymmetricFilter(torch.zeros(1, 5)).filter(torch.ones(1, 1)) > 0.3
    many = SymmetricFilter(torch.zeros(10, 5)).filter(torch.ones(10, 1))
    torch.testing.assert_close(many, many[:1].expand(10, 1))


def test_positions_too_far_apart_are_refused():
    with pytest.raises(SecoError, match="raise the kernel's sigma"):
        SymmetricFilter(cloud(10, 5, spread=1e6))


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_the_normalised_filter_is_close_to_the_exact_one(dimensions):
    features, values = cloud(1500, dimensions, spread=3.0), cloud(1500, 3, spread=1.0, seed=1)
    gauss = kernel(features)
    norm = gauss.sum(1, keepdim=True).rsqrt()
    exact, found = norm * (gauss @ (norm * values)), NormalisedFilter(features).filter(values)
    assert (found - exact).abs().max() < 0.1 * exact.max()
    assert abs(found.sum() / exact.sum() - 1) < 0.01


@pytest.mark.parametrize("filter_of", [SymmetricFilter, NormalisedFilter])
def test_float32_finds_what_float64_finds(filter_of):
    features, values = cloud(300, 5, spread=3.0), cloud(300, 2, spread=1.0, seed=1)
    single = filter_of(features.float()).filter(values.float())
    torch.testing.assert_close(single.double(), filter_of(features).filter(values), rtol=1e-3, atol=1e-4)
