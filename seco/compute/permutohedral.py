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
        self.dimensions = features.shape[1]
        cells, rank, weights = _enclosing_simplices(features)
        numbers, steps = _number(cells, sets=self.shape.numel() // self.shape[-1])
        del cells  # of a large image, a gigabyte; so are the others
        self.weights = weights.T.contiguous()
        corners = _corners(numbers, rank, steps)
        del rank, weights
        ordered, order = corners.flatten().sort()
        points, index, sizes = torch.unique_consecutive(ordered, return_inverse=True, return_counts=True)
        if ring:
            occupied, around = points, points[:, None]
            points = torch.unique(torch.cat([points, (around + steps).flatten(), (around - steps).flatten()]))
            place = torch.searchsorted(points, occupied)
            index, sizes = place.index_select(0, index), sizes.new_zeros(len(points)).scatter_(0, place, sizes)
        self.next, self.previous = _neighbours(points, steps)
        self.corners = torch.empty_like(index).scatter_(0, order, index).view_as(corners).int()
        # Positions grouped by lattice point: summing groups is ten times as fast as scattering.
        self.splat_rows = (order // (self.dimensions + 1)).int()
        self.splat_weights = self.weights.flatten().index_select(0, order)
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
        The remainder-0 corner, divided by d + 1, ``int64 [d + 1, N]``; the rank of each coordinate's distance
        from it, largest first, ``int64 [d + 1, N]``; the barycentric weights of the corners ``[d + 1, N]``.
    """
    dimensions = features.shape[1]
    position = _hyperplane_basis(features) @ features.T * math.sqrt(2 / 3)  # in units of d + 1: [d + 1, N]
    nearest = position.round()
    distance = position - nearest
    rank = _ranks(distance) + nearest.sum(0).to(torch.int8)
    # Rounding leaves the plane of sum 0: the coordinates nearest to their rounding border go the other way.
    wrap = (rank < 0).to(torch.int8) - (rank > dimensions).to(torch.int8)
    rank, distance = (rank + wrap * (dimensions + 1)).long(), distance - wrap
    ordered = torch.zeros_like(distance).scatter_(0, rank, distance)
    gaps = (ordered[:-1] - ordered[1:]).flip(0)
    weights = torch.cat([1 - ordered[:1] + ordered[-1:], gaps])
    return nearest.long() + wrap, rank, weights


def _ranks(rows: Tensor) -> Tensor:
    """Return the rank of each value in its column, largest first, in a tenth of the time of ``argsort`` twice."""
    rank = torch.zeros_like(rows, dtype=torch.int8)
    for row, values in enumerate(rows):
        rank[:row] += values > rows[:row]
        rank[row + 1 :] += values >= rows[row + 1 :]  # of equal values, the first comes first
    return rank


def _corners(numbers: Tensor, rank: Tensor, steps: Tensor) -> Tensor:
    """Return the numbers of the corners of each simplex, ``[N, d + 1]``.

    Corner k is reached from corner 0 by the steps of the k coordinates that come last.
    """
    dimensions = len(rank) - 1
    towards = torch.empty_like(rank, dtype=steps.dtype).scatter_(0, dimensions - rank, steps[:, None].expand_as(rank))
    return torch.cat([numbers[None], towards[:-1]]).cumsum(0, dtype=steps.dtype).T.contiguous()


def _hyperplane_basis(like: Tensor) -> Tensor:
    """Return orthonormal columns ``[d + 1, d]`` that span the plane of coordinate sum 0."""
    dimensions = like.shape[1]
    index = torch.arange(1, dimensions + 1, dtype=like.dtype, device=like.device)
    basis = torch.ones(dimensions + 1, dimensions, dtype=like.dtype, device=like.device).triu()
    basis[1:] -= torch.diag(index)
    return basis / (index * (index + 1)).sqrt()


def _number(cells: Tensor, *, sets: int) -> tuple[Tensor, Tensor]:
    """Number lattice points so that a step along direction j adds a fixed amount to the number.

    A point's coordinates x have the sum 0 and the same remainder by d + 1, so that the digits x_0 and
    ``(x_i - x_0) / (d + 1)``, for 0 < i < d, name it.

    Args:
        cells: remainder-0 points, divided by d + 1, ``int64 [d + 1, N]``.
        sets: how many sets of the same size they belong to, which come one after the other.

    Returns:
        The points' numbers ``[N]`` and the steps ``[d + 1]``: +1 on every coordinate, -d on coordinate j. They are
        int32 if that is enough, since they are sorted in half the time then.
    """
    dimensions = len(cells) - 1
    digits = torch.cat([cells[:1] * (dimensions + 1), cells[1:-1] - cells[:1]])
    # Corners, ring and their neighbours are three steps off; no digit may overflow.
    reach = constant([3 * dimensions] + [3] * (dimensions - 1), cells)
    low = digits.amin(1) - reach
    radices = (digits.amax(1) + reach + 1 - low).tolist()
    first, *others = strides = [math.prod(radices[:axis]) for axis in range(dimensions)]
    points_of_set = math.prod(radices)
    if points_of_set * sets > LARGEST_KEY:
        raise SecoError("Gaussian filter: the positions spread over too many kernel widths; raise the kernel's sigma")
    numbers = ((digits - low[:, None]) * constant(strides, cells)[:, None]).sum(0)
    # The number of the set is one digit more, in front, which no step reaches.
    numbers += torch.arange(sets, device=cells.device).repeat_interleave(len(numbers) // sets) * points_of_set
    steps = constant([sum(others) - dimensions * first, *(first - other for other in others), first], cells)
    dtype = torch.int32 if points_of_set * sets < 2**31 else torch.int64
    return numbers.to(dtype), steps.to(dtype)


def _neighbours(points: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
    """Return the index of each point's next and previous neighbour per direction, ``[d + 1, M + 1]`` each.

    A missing neighbour has index M, and so have the neighbours of row M.
    """
    missing = len(points)
    own = torch.arange(missing + 1, device=points.device)
    # One sort finds which numbers are equal, in half the time that a CPU takes to search for each. (`torch.unique` does
    # the same, but a GPU would be waited for.)
    numbers, order = torch.cat([points[None], points + steps[:, None]]).flatten().sort()
    groups = F.pad(numbers[1:] != numbers[:-1], (1, 0)).cumsum(0)
    group = torch.empty_like(order).scatter_(0, order, groups).view(-1, missing)  # [1 + d + 1, M]
    index = torch.full_like(order, missing).scatter_(0, group[0], own[:-1])  # of the point of a group
    following = F.pad(index[group[1:]], (0, 1), value=missing)
    preceding = torch.full_like(following, missing).scatter_(1, following, own.expand_as(following))
    preceding[:, missing] = missing
    return following, preceding


def _kernel_scale(dimensions: int) -> float:
    """Return the factor that gives the lattice kernel, averaged over positions, the integral of the Gaussian.

    A value spread over the plane reaches ``4^(d+1)`` lattice points' worth after 2 (d + 1) doublings; a point
    fills a volume of ``(3/2)^(d/2) / √(d+1)`` in feature units; the Gaussian integrates to ``(2π)^(d/2)``.
    """
    return (4 * math.pi / 3) ** (dimensions / 2) * math.sqrt(dimensions + 1) / 4 ** (dimensions + 1)
