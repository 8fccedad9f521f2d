import itertools
import math

import numpy as np
import pandas as pd
import pytest

from seco.errors import SecoError
from seco.studies.results import Row
from seco.studies.study_tables import (
    class_scores_table,
    cost_table,
    paired_difference,
    scores_table,
    spread,
    study_scores,
)
from tests.studies.rows import row

BIASED = ("boat", "person")


def scores_of(*rows: Row, split: str = "val", biased: tuple[str, ...] = BIASED) -> pd.DataFrame:
    return study_scores(rows, seed_split="train", split=split, biased=biased)


def without(text: str, found: Row) -> Row:
    return {name: value for name, value in found.items() if text not in name}


TWO = (
    row("baseline", 0, miou=0.30, cam=0.2, confusion=2.0, changes="method=baseline seed=0"),
    row("baseline", 1, miou=0.40, cam=0.3, confusion=3.0, changes="method=baseline seed=1"),
    row("SeCo", 0, miou=0.42, cam=0.5, confusion=1.0),
    row("SeCo", 1, miou=0.50, cam=0.6, confusion=1.5),
)


def test_the_most_refined_segmentation_counts():
    full = row("SeCo", 0, miou=0.4)
    coarse = {"class/segmentation/multi_scale/val/boat/iou": 0.2, "class/segmentation/single_scale/val/boat/iou": 0.1}
    for found, miou, boat in ((full, 40, 40), (without("crf", full) | coarse, 30, 20)):
        scores = scores_of(found)
        assert (scores.loc[0, "mIoU %"], scores.loc[0, "IoU %, boat"]) == pytest.approx((miou, boat))


@pytest.mark.parametrize(
    ("split", "seed_split", "message"),
    [
        ("test", "train", "no segmentation was scored on 'test': choose one of val"),
        ("val", "val", "no cam seed was scored on 'val': choose one of train"),
    ],
)
def test_a_split_that_was_not_scored_is_refused_with_those_that_were(split, seed_split, message):
    with pytest.raises(SecoError, match=message):
        study_scores([row("SeCo", 0)], seed_split=seed_split, split=split, biased=())
    with pytest.raises(SecoError, match=r"no cam seed was scored on '\w+': it needs masks"):
        study_scores([without("/", row("SeCo", 0))], seed_split=seed_split, split=split, biased=())


def test_full_supervision_trains_no_classifier_whose_cams_could_be_scored():
    scores = scores_of(row("full", 0, cam=0.3, changes="method=full seed=0"), row("SeCo", 0, cam=0.3))
    assert [*scores["CAM mIoU %"]] == pytest.approx([math.nan, 30], nan_ok=True)
    assert [*scores["mask mIoU %"]] == pytest.approx([math.nan, 35], nan_ok=True)


def test_scores_are_means_with_deviations_and_paired_differences():
    table = scores_table(scores_of(*TWO), BIASED).set_index("variant")
    assert table.loc["baseline"].to_dict() == {
        "seeds": 2,
        "CAM mIoU %": "25.0 ± 7.1",
        "mask mIoU %": "30.0 ± 7.1",
        "mIoU %": "35.0 ± 7.1",
        "precision %": "45.0 ± 7.1",
        "recall %": "55.0 ± 7.1",
        "confusion": "2.50 ± 0.71",
        "confusion, biased": "2.50 ± 0.71",
        "Δ mIoU": "-11.0 [-12.0, -10.0]",
        "Δ confusion, biased": "+1.25 [1.00, 1.50]",
    }
    assert table.loc["SeCo", "Δ mIoU"] == ""


def test_one_seed_has_neither_deviation_nor_interval_and_a_missing_reference_is_a_dash():
    table = scores_table(scores_of(TWO[0], TWO[2]), BIASED).set_index("variant")
    assert (table.loc["baseline", "mIoU %"], table.loc["baseline", "Δ mIoU"]) == ("30.0", "-12.0")
    assert scores_table(scores_of(TWO[0]), BIASED).loc[0, "Δ mIoU"] == "–"


def test_infinite_ratios_are_left_out_of_the_mean_and_counted():
    rows = (row("baseline", 0, confusion=2.0, boat=math.inf), row("baseline", 1, confusion=2.0, boat=4.0))
    table = scores_table(scores_of(*rows, row("SeCo", 0)), BIASED)
    assert [*table["confusion, biased"]] == ["2.50 ± 0.71", "1.00"]
    assert [*table["infinite, biased"]] == ["1 of 4", "0 of 2"]
    assert "infinite, biased" not in scores_table(scores_of(*TWO), BIASED)


def test_what_was_measured_in_no_run_has_no_column():
    bare = scores_table(scores_of(*TWO, biased=()), ())
    assert not {"confusion, biased", "Δ confusion, biased", "tag purity %"} & set(bare.columns)
    table = scores_table(scores_of(row("baseline", 0), row("SeCo", 0, purity=0.875)), BIASED)
    assert [*table["tag purity %"]] == ["–", "87.5"]


def test_classes_have_iou_and_confusion_a_column_a_variant():
    rows = [row("SeCo", 0, miou=0.4, confusion=1.0, boat=0.5), row("SeCo", 1, miou=0.6, confusion=1.0, boat=0.9)]
    assert class_scores_table(scores_of(*rows), BIASED).set_index("class")["SeCo"].to_dict() == {
        "boat": "50.0 ± 14.1 (0.70 ± 0.28)",
        "person": "50.0 ± 14.1 (1.00 ± 0.00)",
        "biased classes": "50.0 ± 14.1 (0.85 ± 0.14)",
        "all classes": "50.0 ± 14.1 (1.00 ± 0.00)",
    }
    assert [*class_scores_table(scores_of(*rows, biased=()), ())["class"]] == ["all classes"]


def test_cost_is_minutes_and_the_share_of_full_supervision():
    rows = [row("SeCo", 0, miou=0.45, seconds=90), row("full", 0, miou=0.6, changes="method=full seed=0")]
    table = cost_table(scores_of(*rows)).set_index("variant")
    assert [*table.loc["SeCo"]] == ["1.50", "45.0", "75.0 %"]
    assert cost_table(scores_of(rows[0])).loc[0, "of full supervision"] == "–"


@pytest.mark.parametrize(
    ("values", "title", "text"),
    [
        ([math.nan, math.nan], "mIoU %", "–"),
        ([math.nan, math.inf], "confusion", "1 × ∞"),
        ([0.5, 0.9, math.inf, math.inf], "confusion", "0.70 ± 0.28, 2 × ∞"),
        ([1.0, 2.0, 6.0], "mIoU %", f"3.0 ± {math.sqrt((4 + 1 + 9) / 2):.1f}"),
    ],
)
def test_what_is_not_defined_is_a_dash_and_what_is_infinite_is_counted(values, title, text):
    assert spread(pd.Series(values, name=title)) == text


def test_a_difference_is_taken_seed_by_seed():
    # The seeds differ far more than the variants: unpaired, nothing would be seen.
    values, reference = {0: 11.0, 1: 52.0, 2: 93.0, 7: 1.0}, {2: 90.0, 1: 50.0, 0: 10.0, 8: 5.0}
    mean, low, high = paired_difference(pd.Series(values), pd.Series(reference))
    assert mean == 2.0
    assert 1.0 <= low < high <= 3.0
    assert paired_difference(pd.Series({0: 3.0}), pd.Series({0: 1.0, 1: 5.0})) == pytest.approx(
        (2.0, math.nan, math.nan), nan_ok=True
    )


def test_the_interval_is_that_of_all_resamples():
    pairs = pd.Series([1.0, 2.0, 6.0])
    every = [sum(draw) / 3 for draw in itertools.product(pairs, repeat=3)]
    low, high = np.quantile(every, [0.025, 0.975], method="inverted_cdf")  # of 27, of which each is drawn in 3.7 %
    found = paired_difference(pairs, 0 * pairs)
    assert found[1:] == pytest.approx((low, high)) == (1.0, 6.0)
    assert found == paired_difference(pairs, 0 * pairs), "the same numbers give the same interval"
