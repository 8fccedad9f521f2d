import math

from seco.studies.scores import Measures
from seco.studies.tables import class_table, cost_table, scores_table, spread
from tests.studies.rows import row

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


def test_one_seed_has_neither_deviation_nor_interval():
    table = scores_table([rows for rows in two_variants() if rows.seed == 0], MEASURES).set_index("variant")
    assert table.loc["baseline", "mIoU %"] == "30.0"
    assert table.loc["baseline", "Δ mIoU"] == "-12.0"


def test_a_reference_that_did_not_run_leaves_a_dash():
    table = scores_table([row("baseline", 0)], MEASURES)
    assert table.loc[0, "Δ mIoU"] == "–"


def test_classes_have_iou_and_confusion_a_column_a_variant():
    rows = [row("SeCo", 0, miou=0.4, confusion=1.0, boat=0.5), row("SeCo", 1, miou=0.6, confusion=1.0, boat=0.9)]
    table = class_table(rows, MEASURES).set_index("class")
    assert table["SeCo"].to_dict() == {
        "boat": "50.0 ± 14.1 (0.70 ± 0.28)",
        "person": "50.0 ± 14.1 (1.00 ± 0.00)",
        "biased classes": "50.0 ± 14.1 (0.85 ± 0.14)",
        "all classes": "50.0 ± 14.1 (1.00 ± 0.00)",
    }


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


def test_what_is_not_defined_is_a_dash_and_what_is_infinite_is_counted():
    assert spread([math.nan, math.nan], 100) == "–"
    assert spread([math.nan, math.inf], 1) == "1 × ∞"
    assert spread([0.5, 0.9, math.inf, math.inf], 1) == "0.70 ± 0.28, 2 × ∞"


def test_infinite_ratios_have_a_column_of_their_own_as_no_mean_holds_them():
    rows = [row("baseline", 0, boat=math.inf), row("baseline", 1), row("SeCo", 0)]
    assert list(scores_table(rows, MEASURES)["infinite, biased"]) == ["1 of 4", "0 of 2"]
    assert "infinite, biased" not in scores_table(two_variants(), MEASURES).columns


def test_what_was_measured_in_no_run_has_no_column():
    bare = scores_table(two_variants(), MEASURES._replace(classes=()))
    assert not {"confusion, biased", "Δ confusion, biased", "tag purity %"} & set(bare.columns)
    rows = [row("baseline", 0), row("SeCo", 0, purity=0.875)]
    assert list(scores_table(rows, MEASURES)["tag purity %"]) == ["–", "87.5"]
