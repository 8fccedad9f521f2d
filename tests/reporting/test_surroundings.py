from pathlib import Path

import pytest

from seco.reporting.measurements import MaskSource, Measurement
from seco.reporting.surroundings import surroundings_sentences, surroundings_table
from seco.scores.confusion import ConfusionMatrix
from seco.scores.evaluation import Evaluation

SEED = MaskSource("cam_seed", None, Path("seeds"), "export", ("val",))
CONTEXTS = {
    **{f"rails {number}": ("rails", "train", "biased") for number in range(20)},
    **{f"sky {number}": ("sky",) for number in range(20)},
}


def test_a_class_is_seen_on_the_background_that_comes_with_it():
    evaluation = Evaluation(2)
    for name, contexts in CONTEXTS.items():
        matrix = ConfusionMatrix(2)
        matrix.counts[0, 0], matrix.counts[0, 1], matrix.images = 90, 9 if "rails" in contexts else 1, 1
        evaluation.add(name, matrix, contexts)
    measured = [Measurement(SEED, "val", evaluation)]
    table = surroundings_table(measured, class_names=("train", "boat"), contexts=CONTEXTS)
    assert table[["class", "context", "images"]].to_numpy().tolist() == [["train", "rails", 20], ["train", "sky", 20]]
    assert table["of_false_percent"].tolist() == [90, 10]
    assert table["of_background_percent"].tolist() == pytest.approx([100 * 1980 / 3800, 100 * 1820 / 3800])
    assert surroundings_sentences(table) == [
        "train: 90 % of its false positives on background lie in images with rails, which hold 52 % of all background "
        "(CAM seed, val)."
    ]
