import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from seco.errors import SecoError
from seco.method.permutohedral import PermutohedralLattice


def cloud(count: int, dimensions: int, *, spread: float, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, dimensions, generator=generator, dtype=torch.float64) * spread


def kernel(features: Tensor) -> Tensor:
    return (-0.5 * torch.cdist(features, features).square()).exp()


def as_matrix(features: Tensor) -> Tensor:
    return PermutohedralLattice(features).filter(torch.eye(len(features), dtype=features.dtype))


@pytest.mark.parametrize("dimensions", [1, 2, 3, 5])
def test_filtering_a_cloud_comes_close_to_the_exact_sum(dimensions):
    features = cloud(1500, dimensions, spread=4.0)
    values = cloud(1500, 3, spread=1.0, seed=1)
    exact, filtered = kernel(features) @ values, PermutohedralLattice(features).filter(values)
    assert F.cosine_similarity(exact.flatten(), filtered.flatten(), dim=0) > 0.99
    assert abs(filtered.sum() / exact.sum() - 1) < 0.06


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_the_filter_is_a_symmetric_matrix(dimensions):
    matrix = as_matrix(cloud(60, dimensions, spread=3.0))
    torch.testing.assert_close(matrix, matrix.T, rtol=1e-12, atol=1e-14)


def test_the_filter_is_positive_semidefinite_and_nonnegative():
    matrix = as_matrix(cloud(80, 5, spread=3.0))
    assert torch.linalg.eigvalsh(matrix).min() > -1e-10
    assert matrix.min() > -1e-12


def test_two_scalar_products_agree():
    features, a, b = cloud(300, 5, spread=5.0), cloud(300, 1, spread=1.0, seed=1), cloud(300, 1, spread=1.0, seed=2)
    lattice = PermutohedralLattice(features)
    torch.testing.assert_close((a * lattice.filter(b)).sum(), (lattice.filter(a) * b).sum(), rtol=1e-12, atol=0)


def test_distant_groups_do_not_see_each_other():
    near, far = cloud(40, 3, spread=1.0), cloud(40, 3, spread=1.0, seed=1) + 30
    matrix = as_matrix(torch.cat([near, far]))
    assert (matrix[:40, 40:] == 0).all()
    torch.testing.assert_close(matrix[:40, :40], as_matrix(near))


def test_sets_share_a_lattice_and_nothing_else():
    one, other = cloud(60, 3, spread=2.0), cloud(60, 3, spread=2.0, seed=1)
    sets, values = torch.stack([one, one, other]), cloud(180, 2, spread=1.0, seed=2).view(3, 60, 2)
    filtered = PermutohedralLattice(sets).filter(values)
    alone = [PermutohedralLattice(features).filter(own) for features, own in zip(sets, values, strict=True)]
    torch.testing.assert_close(filtered, torch.stack(alone), rtol=1e-12, atol=1e-14)


def test_barycentric_weights_are_a_partition():
    weights = PermutohedralLattice(cloud(500, 5, spread=20.0)).weights
    torch.testing.assert_close(weights.sum(1), torch.ones(500, dtype=torch.float64))
    assert weights.min() > -1e-12


def test_neighbours_are_mutual():
    lattice = PermutohedralLattice(cloud(200, 4, spread=3.0))
    missing = lattice.next.shape[1] - 1
    for following, preceding in zip(lattice.next, lattice.previous, strict=True):
        own = torch.arange(missing)
        there = following[:-1] != missing
        assert there.any()
        assert torch.equal(preceding[following[:-1][there]], own[there])


def test_the_order_of_the_points_does_not_matter():
    features, values = cloud(200, 5, spread=4.0), cloud(200, 2, spread=1.0, seed=1)
    order = torch.randperm(200, generator=torch.Generator().manual_seed(2))
    shuffled = PermutohedralLattice(features[order]).filter(values[order])
    torch.testing.assert_close(shuffled, PermutohedralLattice(features).filter(values)[order])


def test_one_point_and_equal_points():
    assert PermutohedralLattice(torch.zeros(1, 5)).filter(torch.ones(1, 1)) > 0.3
    many = PermutohedralLattice(torch.zeros(10, 5)).filter(torch.ones(10, 1))
    torch.testing.assert_close(many, many[:1].expand(10, 1))


def test_a_span_that_cannot_be_numbered_is_refused():
    with pytest.raises(SecoError, match="raise the kernel's sigma"):
        PermutohedralLattice(cloud(10, 5, spread=1e6))
