from pathlib import Path

import numpy as np
import pytest

from seco.errors import SecoError
from seco.scores.counts_file import CountsKey, read_counts, write_counts
from seco.scores.image_counts import ImageCounts
from tests.names import HOSTILE


def counts_of(*ids: str) -> ImageCounts:
    counts = ImageCounts(len(HOSTILE))
    size = len(HOSTILE) + 1
    for number, image_id in enumerate(ids, start=1):
        matrix = np.zeros((size, size + 1), np.int64)
        matrix[number % size, size] = 7 * number
        scores = np.full(size, np.nan)
        scores[number % size] = 0.5
        counts.add(image_id, matrix, scores)
    return counts


def test_the_counts_of_every_kind_of_masks_survive_the_round_trip(tmp_path: Path) -> None:
    wanted = {
        CountsKey("cam_seed", "train", ""): counts_of(*HOSTILE),
        CountsKey("segmentation", "väl|_$<b>", "crf"): counts_of("a/b"),
        CountsKey("segmentation", "empty", "crf"): counts_of(),
    }
    write_counts(tmp_path / "counts.npz", wanted, data="0123456789abcdef", class_names=HOSTILE)
    found = read_counts(tmp_path / "counts.npz")
    assert (found.data, found.class_names) == ("0123456789abcdef", HOSTILE)
    assert list(found.counts) == list(wanted)
    for key, counts in found.counts.items():
        assert counts.ids == wanted[key].ids
        assert counts.data == found.data
        for part in ("cells", "outlines"):
            for ours, theirs in zip(getattr(counts, part)(), getattr(wanted[key], part)(), strict=True):
                assert np.array_equal(ours, theirs)
                assert ours.dtype == theirs.dtype


def test_the_same_counts_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_counts(tmp_path / name, {CountsKey("refined", "val", ""): counts_of("x")}, data="d", class_names=HOSTILE)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(("content", "fault"), [(None, "is missing: run"), (b"PK", "is damaged: run `seco evaluate`")])
def test_counts_that_cannot_be_read_are_one_sentence(tmp_path: Path, content: bytes | None, fault: str) -> None:
    path = tmp_path / "counts.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SecoError, match=rf"counts\.npz {fault}"):
        read_counts(path)


def test_counts_of_another_version_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "counts.npz", format=np.array(99))
    with pytest.raises(SecoError, match="was written by another version: run `seco evaluate` again"):
        read_counts(tmp_path / "counts.npz")
