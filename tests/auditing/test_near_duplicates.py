"""Groups of near-duplicates: on hashes by hand, on noise, and on photographs where there are any."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageOps

from benchmarks.near_duplicates import compressed, cropped, shrunk
from seco.auditing.hashes import BITS, Hashes, as_bits, hash_image
from seco.auditing.near_duplicates import MOST_DIFFERENT, distances, near_duplicates
from seco.storage.images import read_image
from tests.auditing.photographs import noise, record

VOC = os.environ.get("SECO_VOC_ROOT")


def ids(groups):
    return [[item.id for item in group.records] for group in groups]


def by_hand(*flipped: int) -> Hashes:
    """Return hashes of which each differs from the one before in so many bits, always others."""
    rows = [np.random.default_rng(0).random(BITS) < 0.5]
    start = 0
    for count in flipped:
        row = rows[-1].copy()
        row[start : start + count] ^= True
        start += count
        rows.append(row)
    plain = np.array(rows)
    return Hashes(plain, np.random.default_rng(1).random(plain.shape) < 0.5)


def test_distances_are_the_bits_that_differ():
    rng = np.random.default_rng(3)
    some, others = rng.random((7, BITS)) < 0.5, rng.random((4, BITS)) < 0.3
    assert np.array_equal(distances(some, others), (some[:, None] != others[None]).sum(axis=2))


def test_the_most_different_ones_are_just_near_and_chains_are_one_group():
    records = [record(name) for name in "abcde"]
    hashes = by_hand(MOST_DIFFERENT, MOST_DIFFERENT, MOST_DIFFERENT + 1, 0)
    (chain, same) = near_duplicates(records, hashes)
    assert ids([chain, same]) == [["a", "b", "c"], ["d", "e"]]
    assert chain.distances == (0, MOST_DIFFERENT, 2 * MOST_DIFFERENT)
    assert same.distances == (0, 0)
    assert near_duplicates([], Hashes(hashes.plain[:0], hashes.mirrored[:0])) == []


def test_those_across_splits_come_first_and_unknown_labels_do_not_differ():
    records = [
        *(record("a"), record("b")),
        *(record("c"), record("d", labels=())),
        *(record("e", split="val"), record("f", split="test")),
        *(record("g", split="val", labels=()), record("h")),
    ]
    alike = by_hand(*[0, 80] * 3, 0)
    groups = near_duplicates(records, alike)
    assert ids(groups) == [["h", "g"], ["e", "f"], ["c", "d"], ["a", "b"]]
    assert [group.splits for group in groups][:2] == [("train", "val"), ("val", "test")]
    assert [group.labels_differ for group in groups] == [False, False, True, False]


def test_copies_that_were_edited_are_found_in_any_block_of_the_comparison(monkeypatch):
    monkeypatch.setattr("seco.auditing.near_duplicates._ROWS", 2)
    images = [noise(seed) for seed in range(5)]
    edited = [ImageOps.mirror(images[0]), compressed(shrunk(images[3], 0.5), 50)]
    records = [record(str(number)) for number in range(7)]
    hashes = as_bits([hash_image(image) for image in (*images, *edited)])
    assert ids(near_duplicates(records, hashes)) == [["0", "5"], ["3", "6"]]


@pytest.mark.skipif(VOC is None, reason="SECO_VOC_ROOT names no photographs")
def test_photographs_have_no_near_duplicates_and_their_copies_are_found():
    files = sorted(Path(str(VOC)).rglob("JPEGImages/*.jpg"))[:150]
    images = [read_image(file) for file in files]
    records = [record(file.stem) for file in files]
    hashes = [hash_image(image) for image in images]
    assert near_duplicates(records, as_bits(hashes)) == []
    copies = [hash_image(ImageOps.mirror(compressed(cropped(shrunk(image, 0.5), 0.02, 0.02), 60))) for image in images]
    both = [*records, *(record(f"copy of {file.stem}", split="val") for file in files)]
    found = near_duplicates(both, as_bits([*hashes, *copies]))
    assert sorted(ids(found)) == [[file.stem, f"copy of {file.stem}"] for file in files]
