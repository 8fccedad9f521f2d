"""The queue's order and its reasons in words."""

from pathlib import Path

import numpy as np
import pytest

from seco.review.collect import Candidate
from seco.review.ranking import rank
from seco.review.signals import COMPARED, Comparison
from seco.storage.manifest import Manifest, Record

CLASSES = ("cat", "horse")
GOOD = 8  # images that nothing is said of


def candidate(name: str, *labels: str) -> Candidate:
    return Candidate(Record(name, Path(f"{name}.jpg"), None, labels, "train", 10, 10), Path(f"masks/{name}.png"))


def comparison(
    area: tuple[float, float, float] = (0.6, 0.4, 0),
    seen: tuple[float, float] = (1, 0),
    *,
    signal: str = "decoder",
    missing: tuple[float, float, float] = (0, 0, 0),
    excess: tuple[float, float, float] = (0, 0, 0),
) -> Comparison:
    both = np.zeros((2, len(COMPARED), 3), np.float32)
    both[:, COMPARED.index(signal)] = missing, excess
    return Comparison(both[0], both[1], np.array(area, np.float32), np.array(seen, np.float32))


@pytest.mark.parametrize(
    ("labels", "compared", "reason"),
    [
        (
            ("cat",),
            comparison(missing=(0, 0.2, 0), excess=(0.2, 0, 0)),
            "two segmentations disagree about the cat; it may be larger than the mask says",
        ),
        (
            ("cat",),
            comparison(signal="mirror", missing=(0.3, 0, 0), excess=(0, 0.3, 0)),
            "in the mirrored photograph the network sees the cat elsewhere; it may be smaller than the mask says",
        ),
        (
            ("cat",),
            comparison(signal="confidence", missing=(0, 0.2, 0), excess=(0, 0.2, 0)),
            "the network is unsure about the cat",
        ),
        (("cat",), comparison((1, 0, 0)), "the mask lacks the cat, which is a label"),
        (("cat",), comparison(seen=(1, 0.9)), "the network sees the horse, which is no label"),
        (("cat",), comparison(seen=(0.1, 0)), "the network hardly recognises the cat that the mask shows"),
        (("cat", "horse"), comparison((0.5, 0.4, 0.1), (1, 1)), "few images show the horse"),
    ],
)
def test_what_stands_out_comes_first_and_is_said(labels: tuple[str, ...], compared: Comparison, reason: str) -> None:
    candidates = [*(candidate(f"good {index}", "cat") for index in range(GOOD)), candidate("odd", *labels)]
    found = rank(candidates, [*[comparison()] * GOOD, compared], Manifest((), CLASSES))
    assert found[0].candidate.record.id == "odd"
    assert found[0].reason == reason
    assert found[0].score > found[1].score >= 0
    assert {one.candidate for one in found} == set(candidates)


def test_where_nothing_stands_out_nothing_is_said() -> None:
    (only,) = rank([candidate("a")], [comparison((1, 0, 0), (0, 0))], Manifest((), CLASSES))
    assert (only.score, only.reason) == (0, "nothing stands out")
