"""Gaussian filtering in many dimensions on the permutohedral lattice (Adams, Baek and Davis 2010)."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from seco.compute.device import constant
from seco.errors import SecoError

LARGEST_KEY = 2**62


class PermutohedralLattice:
    """The lattice points around a set of positions: values are splatted onto the corners of the enclosing simplices.

    Several sets of positions, such as those of a batch of images, share one lattice but none of its points.

    Args:
        features: positions ``[N, d]``, N ≥ 1, already divided by the kernel's widths; ``[G, N, d]`` for G sets.
        ring: whether the neighbours of the occupied points are points of the lattice too.

    Raises:
        SecoError: the positions span more lattice points than can be numbered.
    """

    def __init__(self, features: Tensor, *, ring: bool) -> None:
        self.shape = features.shape[:-1]
        features = features.flatten(0, -2)  # [N, d]; from here on N counts the positions of all sets
        count, self.dimensions = features.shape
        cells, rank, self.weights = _enclosing_simplices(features)
        numbers, steps = _number(cells, sets=self.shape.numel() // self.shape[-1])
        towards = torch.zeros_like(rank).scatter_(1, self.dimensions - rank, steps.expand(count, -1))
        # Corner k is reached from corner 0 by the steps of its k highest coordinates. [N, d + 1]
        corners = numbers[:, None] + F.pad(towards.cumsum(1)[:, :-1], (1, 0))
        del cells, rank, towards  # of a large image, a gigabyte
        ordered, order = corners.flatten().sort()
        points, index, sizes = torch.unique_consecutive(ordered, return_inverse=True, return_counts=True)
        if ring:
            occupied, around = points, points[:, None]
            points = torch.unique(torch.cat([points, (around + steps).flatten(), (around - steps).flatten()]))
            place = torch.searchsorted(points, occupied)
            index, sizes = place[index], sizes.new_zeros(len(points)).scatter_(0, place, sizes)
        self.next, self.previous = _neighbours(points, steps)
        self.corners = torch.empty_like(index).scatter_(0, order, index).view_as(corners).int()
        # Positions grouped by lattice point: summing groups is ten times as fast as scattering.
        self.splat_rows = (order // (self.dimensions + 1)).int()
        self.splat_weights = self.weights.flatten()[order]
        self.splat_starts = F.pad(sizes.cumsum(0), (1, 0)).int()

    def splat(self, values: Tensor) -> Tensor:
        """Return the values ``[M + 1, C]`` of the M lattice points and, in the last row, 0 for all that are missing.

        Args:
            values: ``[…, N, C]``, of the dtype of the features.
        """
        return F.embedding_bag(
            self.splat_rows,
            values.flatten(0, -2),
            self.splat_starts,
            mode="sum",
            per_sample_weights=self.splat_weights,
        )

    def read(self, lattice: Tensor) -> Tensor:
        """Return the values ``[…, N, C]`` at the positions, of values ``[M + 1, C]`` at the points."""
        found = F.embedding_bag(self.corners, lattice, mode="sum", per_sample_weights=self.weights)
        return found.view(*self.shape, -1)


class SymmetricFilter(PermutohedralLattice):
    """The matrix ``F_ij = exp(-½ |f_i - f_j|²)``, as a form that is symmetric and positive semi-definite.

    The blur along the d + 1 lattice directions is a product ``H`` of factors ``1 + shift`` followed by its transpose,
    so that with the splat ``S``, ``F = (H S)ᵀ (H S)``. The ring around the occupied points keeps what the blur would
    lose in the gaps between them.
    """

    def __init__(self, features: Tensor) -> None:
        super().__init__(features, ring=True)
        self.scale = _kernel_scale(self.dimensions)

    def filter(self, values: Tensor) -> Tensor:
        """Return ``F v``, ``[…, N, C]``, of values ``v`` ``[…, N, C]`` (the dtype of the features)."""
        lattice = self.splat(values)
        moved = torch.empty_like(lattice)  # reused: a lattice is large, and new memory costs as much as the sums
        for neighbour in (*self.next, *self.previous.flip(0)):
            lattice += torch.index_select(lattice, 0, neighbour, out=moved)
        return self.scale * self.read(lattice)


class NormalisedFilter(PermutohedralLattice):
    """The matrix ``D^-½ F D^-½``, D the row sums of F: the Gaussian filter of dense CRFs.

    The blur is that of Adams, Baek and Davis: ``½, 1, ½`` along one direction after the other, between occupied points
    alone. Without a ring the lattice is a fraction of the size. What is lost in gaps is lost in D as well, so that it
    cancels where the values are even.
    """

    def __init__(self, features: Tensor) -> None:
        super().__init__(features, ring=False)
        own = torch.arange(self.next.shape[1], device=features.device).expand_as(self.next)
        stencils = torch.stack([own, self.next, self.previous], dim=2).int()
        self.stencils = stencils.unbind()  # d + 1 of [M + 1, 3]
        self.taps = constant((1, 0.5, 0.5), features).repeat(len(own[0]), 1)  # [M + 1, 3]
        del self.next, self.previous
        ones = features.new_ones(*self.shape, 1)
        factors = (self.filter(ones).flatten() + 1e-20).rsqrt()  # D^-½ [N]
        self.weights *= factors[:, None]
        self.splat_weights *= factors[self.splat_rows]

    def filter(self, values: Tensor) -> Tensor:
        """Return the filtered values ``[…, N, C]`` of ``values`` ``[…, N, C]`` (the dtype of the features)."""
        lattice = self.splat(values)
        for stencil in self.stencils:
            lattice = F.embedding_bag(stencil, lattice, mode="sum", per_sample_weights=self.taps)
        return self.read(lattice)


def _enclosing_simplices(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Find the simplex around each position.

    Returns:
        The remainder-0 corner, divided by d + 1, ``int64 [N, d + 1]``; the rank of each coordinate's distance
        from it, largest first, ``int64 [N, d + 1]``; the barycentric weights of the corners ``[N, d + 1]``.
    """
    dimensions = features.shape[1]
    position = features @ _hyperplane_basis(features).T * math.sqrt(2 / 3)  # in units of d + 1: [N, d + 1]
    nearest = position.round()
    distance = position - nearest
    rank = distance.argsort(1, descending=True).argsort(1) + nearest.sum(1, keepdim=True).long()
    # Rounding leaves the plane of sum 0: the coordinates nearest to their rounding border go the other way.
    wrap = (rank < 0).long() - (rank > dimensions).long()
    rank, distance = rank + wrap * (dimensions + 1), distance - wrap
    ordered = torch.zeros_like(distance).scatter_(1, rank, distance)
    gaps = (ordered[:, :-1] - ordered[:, 1:]).flip(1)
    weights = torch.cat([1 - gaps.sum(1, keepdim=True), gaps], dim=1)
    return nearest.long() + wrap, rank, weights


def _hyperplane_basis(like: Tensor) -> Tensor:
    """Return orthonormal columns ``[d + 1, d]`` that span the plane of coordinate sum 0."""
    dimensions = like.shape[1]
    index = torch.arange(1, dimensions + 1, dtype=like.dtype, device=like.device)
    basis = torch.ones(dimensions + 1, dimensions, dtype=like.dtype, device=like.device).triu()
    basis[1:] -= torch.diag(index)
    return basis / (index * (index + 1)).sqrt()


def _number(cells: Tensor, *, sets: int) -> tuple[Tensor, Tensor]:
    """Number lattice points so that a step along direction j adds a fixed amount to the number.

    Args:
        cells: remainder-0 points, divided by d + 1, ``int64 [N, d + 1]``.
        sets: how many sets of the same size they belong to, which come one after the other.

    Returns:
        The points' numbers ``[N]`` and the steps ``[d + 1]``: +1 on every coordinate, -d on coordinate j.
    """
    dimensions = cells.shape[1] - 1
    points = cells[:, :-1] * (dimensions + 1)  # the last coordinate follows from the sum
    reach = 3 * dimensions  # corners, ring and their neighbours lie that far off; no digit may overflow
    low = points.amin(0) - reach
    radices = (points.amax(0) + reach + 1 - low).tolist()
    strides = [math.prod(radices[:axis]) for axis in range(dimensions)]
    if math.prod(radices) * sets > LARGEST_KEY:
        raise SecoError("Gaussian filter: the positions spread over too many kernel widths; raise the kernel's sigma")
    stride = constant([*strides, 0], cells)
    # The number of the set is one digit more, in front, which no step reaches.
    first = torch.arange(sets, device=cells.device).repeat_interleave(len(cells) // sets) * math.prod(radices)
    return first + ((points - low) * stride[:-1]).sum(1), sum(strides) - (dimensions + 1) * stride


def _neighbours(points: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
    """Return the index of each point's next and previous neighbour per direction, ``[d + 1, M + 1]`` each.

    A missing neighbour has index M, and so have the neighbours of row M.
    """
    missing = len(points)
    wanted = points + steps[:, None]  # [d + 1, M]
    found = torch.searchsorted(points, wanted).clamp_(max=missing - 1)
    following = F.pad(found.where(points[found] == wanted, missing), (0, 1), value=missing)
    own = torch.arange(missing + 1, device=points.device).expand_as(following)
    preceding = torch.full_like(following, missing).scatter_(1, following, own)
    preceding[:, missing] = missing
    return following, preceding


def _kernel_scale(dimensions: int) -> float:
    """Return the factor that gives the lattice kernel, averaged over positions, the integral of the Gaussian.

    A value spread over the plane reaches ``4^(d+1)`` lattice points' worth after 2 (d + 1) doublings; a point
    fills a volume of ``(3/2)^(d/2) / √(d+1)`` in feature units; the Gaussian integrates to ``(2π)^(d/2)``.
    """
    return (4 * math.pi / 3) ** (dimensions / 2) * math.sqrt(dimensions + 1) / 4 ** (dimensions + 1)
