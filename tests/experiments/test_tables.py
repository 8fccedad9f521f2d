import math

import pytest

from seco.experiments.scores import Measures, biased_classes
from seco.experiments.tables import class_table, cost_table, scores_table, spread
from tests.experiments.rows import row

MEASURES = Measures("train", "val", ("boat", "person"))


def two_variants():
    return [
        row("baseline", 0, miou=0.30, cam=0.2, confusion=2.0, changes="method=baseline seed=0"),
        row("baseline", 1, miou=0.40, cam=0.3, confusion=3.0, changes="method=baseline seed=1"),
        row("SeCo", 0, miou=0.42, cam=0.5, confusion=1.0),
        row("SeCo", 1, miou=0.50, cam=0.6, confusion=1.5),
    ]


def test_scores_are_means_with_deviations_and_paired_differences():
    table = scores_table(two_variants(), MEASURES).set_index("variant")
    assert table.loc["baseline"].to_dict() == {
        "seeds": 2,
        "CAM mIoU %": "25.0 ± 7.1",
        "mIoU %": "35.0 ± 7.1",
        "precision %": "45.0 ± 7.1",
        "recall %": "55.0 ± 7.1",
        "confusion": "2.50 ± 0.71",
        "confusion, biased": "2.50 ± 0.71",
        "Δ mIoU": "-11.0 [-12.0, -10.0]",
        "Δ confusion, biased": "+1.25 [1.00, 1.50]",
    }
    assert table.loc["SeCo", "Δ mIoU"] == ""


def test_one_seed_has_neither_deviation_nor_interval():
    table = scores_table([rows for rows in two_variants() if rows.seed == 0], MEASURES).set_index("variant")
    assert table.loc["baseline", "mIoU %"] == "30.0"
    assert table.loc["baseline", "Δ mIoU"] == "-12.0"


def test_a_reference_that_did_not_run_leaves_a_dash():
    table = scores_table([row("baseline", 0)], MEASURES)
    assert table.loc[0, "Δ mIoU"] == "–"


def test_the_most_refined_segmentation_counts():
    less = row("SeCo", 0, miou=0.4)
    metrics = {name: value for name, value in less.metrics.items() if "crf" not in name}
    assert MEASURES.segmentation(less, "miou") == 0.4
    assert MEASURES.segmentation(less._replace(metrics=metrics), "miou") == pytest.approx(0.3)


def test_classes_have_iou_and_confusion_a_column_a_variant():
    rows = [row("SeCo", 0, miou=0.4, confusion=1.0, boat=0.5), row("SeCo", 1, miou=0.6, confusion=1.0, boat=0.9)]
    table = class_table(rows, MEASURES).set_index("class")
    assert table["SeCo"].to_dict() == {
        "boat": "50.0 ± 14.1 (0.70 ± 0.28)",
        "person": "50.0 ± 14.1 (1.00 ± 0.00)",
        "biased classes": "50.0 ± 14.1 (0.85 ± 0.14)",
        "all classes": "50.0 ± 14.1 (1.00 ± 0.00)",
    }


def test_an_infinite_ratio_is_left_out_of_the_mean():
    assert MEASURES.biased_confusion(row("SeCo", 0, confusion=2.0, boat=math.inf)) == 2.0
    none = MEASURES._replace(classes=("boat",))
    assert math.isnan(none.biased_confusion(row("SeCo", 0, boat=math.inf)))


def test_cost_is_minutes_and_the_share_of_full_supervision():
    rows = [
        row("SeCo", 0, miou=0.45, seconds=90),
        row("full supervision", 0, miou=0.6, seconds=30, changes="method=full seed=0"),
    ]
    table = cost_table(rows, MEASURES).set_index("variant")
    assert table.loc["SeCo"].to_dict() == {
        "training, minutes": "1.50",
        "mIoU %": "45.0",
        "of full supervision": "75.0 %",
    }
    assert cost_table(rows[:1], MEASURES).loc[0, "of full supervision"] == "–"


def test_nothing_that_is_defined_is_a_dash():
    assert spread([math.nan, math.inf], 100) == "–"


def test_the_biased_classes_of_the_demo_are_those_that_are_tied_to_a_context():
    assert set(biased_classes([row("SeCo", 0)])) == {
        *("aeroplane", "boat", "train", "chair", "sofa", "person", "horse"),
    }
    assert biased_classes([]) == ()
