from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seco.reporting.cooccurrence import (
    Cooccurrence,
    answer,
    cooccurrence,
    shares_with_intervals,
    tied_pairs,
    tied_rows,
    verdict,
)
from seco.reporting.measurements import MaskSource, Measurement, metrics_of
from seco.scores.confusion import ConfusionMatrix
from seco.scores.evaluation import Evaluation

SEED = MaskSource("cam_seed", None, Path("seeds"), "export", ("train",))
CLASSES = ("horse", "rider", "cat")
TOGETHER = np.array([[0, 0, 0, 0], [0, 30, 20, 1], [0, 20, 40, 5], [0, 1, 5, 50]])  # of 100 images
BOTH = {(0, 0): 60, (0, 1): 20, (1, 1): 10, (2, 1): 5, (2, 2): 15}
ALONE = {(0, 0): 90, (0, 1): 10, (1, 1): 30}


def found_of(*images: dict[tuple[int, int], int], most: int = 5) -> Cooccurrence:
    evaluation = Evaluation(len(CLASSES))
    for image in images:
        matrix = ConfusionMatrix(len(CLASSES))
        for place, pixels in image.items():
            matrix.counts[place] = pixels
        matrix.images = 1
        evaluation.add("image", matrix, [])
    measured: Sequence[Measurement] = [Measurement(SEED, "train", evaluation)]
    return cooccurrence(measured, class_names=CLASSES, together=TOGETHER, num_images=100, most=most)


def cooccurrence_of(*images: dict[tuple[int, int], int]) -> pd.DataFrame:
    return tied_rows(found_of(*images).pairs)


def test_pairs_above_chance_come_in_both_directions_the_most_frequent_first():
    assert tied_pairs(TOGETHER, num_images=100, most=5) == [(1, 2), (2, 1)]  # the lifts: 1.67, 0.07 and 0.25
    assert tied_pairs(TOGETHER, num_images=10_000, most=2) == [(1, 2), (2, 1), (2, 3), (3, 2)]


def test_a_pair_has_counts_shares_and_intervals():
    table = cooccurrence_of(BOTH, BOTH, ALONE)
    assert table[["class", "other", "images_both", "images_alone"]].to_numpy().tolist() == [
        ["horse", "rider", 2, 1],
        ["rider", "horse", 2, 0],
    ]
    horse = table.iloc[0]
    assert horse["lift"] == pytest.approx(20 * 100 / (30 * 40))
    assert horse[["on_other_percent", "on_background_percent", "on_background_alone_percent"]].tolist() == [25, 25, 10]
    assert horse["gap_percent"] == pytest.approx(15)
    page = shares_with_intervals(table)
    assert page.iloc[0, -1] == "15.0 (15.0 to 15.0)"
    assert page.iloc[1, -1] == "–"
    assert answer(table) == (
        "In 1 of 1 rows the gap is above 0 with its whole interval: horse with rider (CAM seed, train)."
    )


def test_metrics_hold_the_means_over_pairs():
    evaluation = Evaluation(len(CLASSES))
    metrics = metrics_of([Measurement(SEED, "train", evaluation)], cooccurrence_of(BOTH, ALONE), {})
    assert metrics["cam_seed"]["train"]["pair_confusion"] == pytest.approx(0.125)
    assert metrics["cam_seed"]["train"]["context_gap"] == pytest.approx(0.15)


def test_without_images_of_both_there_is_no_row():
    table = cooccurrence_of(ALONE)
    assert table.empty
    assert (
        answer(table)
        == "Too few images show the classes of a pair together and alone to measure a gap with its interval."
    )


def test_the_table_has_the_pairs_that_meet_or_are_confused_the_tied_ones_first():
    cat = {(3, 3): 50, (3, 1): 1}  # 1 of horse's 26 false pixels shows a cat, and no image shows both
    pairs = found_of(BOTH, cat).pairs
    assert list(zip(pairs["class"], pairs["other"], pairs["tied"], strict=True)) == [
        ("horse", "rider", 1),
        ("rider", "horse", 1),
        ("horse", "cat", 0),
    ]
    horse_cat = pairs.iloc[2]
    assert horse_cat[["images_both", "images_other_alone", "images_together"]].tolist() == [0, 1, 1]
    assert horse_cat["of_false_other_alone_percent"] == pytest.approx(100 / 26)
    assert horse_cat["confusion_percent"] == pytest.approx(100 / 51)
    assert found_of(BOTH, {(3, 3): 50, (3, 1): 1, (0, 1): 1000}).pairs["other"].tolist() == ["rider", "horse"]


@pytest.mark.parametrize(
    ("value", "low", "high", "begins"),
    [
        (0.4, 0.1, 0.6, "Yes: the more often two classes share images, the more pixels"),
        (-0.4, -0.6, -0.1, "No, the opposite: the more often two classes share images, the fewer pixels"),
        (0.1, -0.2, 0.3, "Not measurably: how often two classes share images does not tell"),
        (np.nan, np.nan, np.nan, "Whether what goes together gets confused cannot be said of 6 pairs"),
    ],
)
def test_a_sentence_answers_from_the_correlation_of_the_last_masks(value, low, high, begins):
    rows = [
        {"masks": "CAM seed", "split": "val", "pairs": 6, "lift": 0.9, "lift_low": 0.8, "lift_high": 1.0},
        {"masks": "segmentation", "split": "val", "pairs": 6, "lift": value, "lift_low": low, "lift_high": high},
    ]
    sentence = verdict(pd.DataFrame(rows))
    assert sentence.startswith(begins)
    assert "segmentation, val" in sentence
    assert np.isnan(value) or f"{value:.2f} ({low:.2f} to {high:.2f}) over 6 ordered pairs" in sentence
