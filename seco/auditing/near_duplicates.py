"""Photographs that are nearly the same, from their perceptual hashes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from seco.auditing.hashes import BITS, Hashes
from seco.storage.manifest import TRAIN, Record

MOST_DIFFERENT = 64
"""Bits, of 256, in which near-duplicates differ at most: docs/auditing-labels.md says what that finds and spares."""
_ROWS = 1000  # hashes that are compared with all others at once


class DuplicateGroup(NamedTuple):
    """Photographs each of which is nearly the same as another of the group."""

    records: tuple[Record, ...]
    """In the order of the manifest, those of `train` first."""
    distances: tuple[int, ...]
    """Bits in which each differs from the first, mirrored or not."""

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that it lies in; a score of one is too good where the network has learned from another."""
        return tuple(dict.fromkeys(record.split for record in self.records))

    @property
    def labels_differ(self) -> bool:
        """Whether one has other labels than another; labels that are not known do not count."""
        known = {frozenset(record.labels) for record in self.records if record.labels or record.split == TRAIN}
        return len(known) > 1


def near_duplicates(records: Sequence[Record], hashes: Hashes) -> list[DuplicateGroup]:
    """Return the groups of near-duplicates: first those across splits, then those whose labels differ.

    Two photographs are near-duplicates if their hashes differ in `MOST_DIFFERENT` bits or fewer, one of them mirrored
    or not. All are compared with all, as products of matrices.

    Args:
        records: the photographs.
        hashes: of each.
    """
    if not records:
        return []
    # Copies have the same hash: compared once, a thousand empty images are no million pairs.
    _, first, same = np.unique(np.packbits(hashes.plain, axis=1), axis=0, return_index=True, return_inverse=True)
    edges = _edges(hashes.plain[first], hashes.mirrored[first])
    count = len(first)
    linked = coo_array((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), shape=(count, count))
    _, label = connected_components(linked, directed=False)
    of_image = label[same.ravel()]
    order = np.argsort(of_image, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(of_image[order])) + 1)
    groups = [_group(records, hashes, index) for index in members if len(index) > 1]
    position = {record.id: index for index, record in enumerate(records)}
    return sorted(
        groups,
        key=lambda group: (
            len(group.splits) == 1 or TRAIN not in group.splits,
            len(group.splits) == 1,
            not group.labels_differ,
            position[group.records[0].id],
        ),
    )


def distances(some: NDArray[np.bool_], others: NDArray[np.bool_]) -> NDArray[np.int16]:
    """Return the bits ``[N, M]`` in which hashes ``[N, 256]`` and ``[M, 256]`` differ."""
    return ((BITS - _signs(some) @ _signs(others).T) / 2).astype(np.int16)  # exact: sums of 256 ones


def _edges(plain: NDArray[np.bool_], mirrored: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the pairs ``[E, 2]`` of near-duplicates."""
    found = [np.empty((0, 2), np.int64)]
    sides = [_signs(bits) for bits in (plain, mirrored)]
    for start in range(0, len(plain), _ROWS):
        block = sides[0][start : start + _ROWS]
        products = np.maximum(*(block @ side[start:].T for side in sides))  # [rows, those from the first row on]
        rows, columns = np.nonzero(products >= BITS - 2 * MOST_DIFFERENT)
        found.append(np.stack([rows, columns], axis=1)[rows < columns] + start)
    return np.concatenate(found)


def _signs(bits: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return -1 and 1: the product of two hashes is the bits in which they agree less the others."""
    return 2 * bits.astype(np.float32) - 1


def _group(records: Sequence[Record], hashes: Hashes, members: NDArray[np.int64]) -> DuplicateGroup:
    ordered = sorted(members.tolist(), key=lambda index: (records[index].split != TRAIN, index))
    to_first = (distances(hashes.plain[ordered], side[ordered[:1]])[:, 0] for side in (hashes.plain, hashes.mirrored))
    least = np.minimum(*to_first)
    least[0] = 0
    return DuplicateGroup(tuple(records[index] for index in ordered), tuple(least.tolist()))
