import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seco.reporting.intervals import with_intervals
from seco.reporting.measurements import MaskSource, Measurement
from seco.reporting.tables import (
    class_table,
    context_table,
    headline_table,
    label_headline,
    label_table,
    most_together,
    numeric_columns,
    pair_table,
    shown_cells,
    side_by_side,
    to_markdown,
    write_frame,
)
from seco.scores.classification import score_labels
from seco.scores.confusion import ConfusionMatrix
from seco.scores.evaluation import Evaluation

CLASSES = ("train", "dog")
SEED = MaskSource("cam_seed", None, Path("seeds"), "export-masks", ("train",))
CRF = MaskSource("segmentation", "crf", Path("crf"), "predict", ("val",))
# truth in rows (background, train, dog); predictions in columns (background, train, dog, uncertain)
WITHOUT_RAILS = [[30, 1, 0, 0], [0, 10, 0, 0], [0, 0, 2, 0]]
WITH_RAILS = [[10, 8, 0, 0], [0, 4, 0, 0], [0, 6, 2, 0]]


def measured(source: MaskSource = SEED) -> Measurement:
    evaluation = Evaluation(2)
    for counts, contexts in ((WITHOUT_RAILS, []), (WITH_RAILS, ["rails"])):
        matrix = ConfusionMatrix(2)
        matrix.counts += np.array(counts)
        matrix.images, matrix.images_of_class = 1, np.array([1, 1, 1])
        evaluation.add("image", matrix, contexts)
    return Measurement(source, source.splits[0], evaluation)


def test_the_headline_has_a_row_of_means_for_each_source() -> None:
    row = headline_table([measured()]).iloc[0]
    assert (row["masks"], row["split"], row["images"]) == ("CAM seed", "train", 2)
    assert row["miou_percent"] == pytest.approx(100 * (40 / 49 + 14 / 29 + 4 / 10) / 3)
    assert row["confusion_ratio"] == pytest.approx((15 / 14 + 0 / 4) / 2)


def test_a_number_and_its_interval_share_a_cell_for_people() -> None:
    frame = pd.DataFrame(
        {
            "split": ["val", "train"],
            "miou_percent": [50.04, math.nan],
            "miou_low_percent": [49.0, math.nan],
            "miou_high_percent": [51.25, math.nan],
            "recall_percent": [1.5, 2.5],
            "confusion_ratio": [0.5, 0.25],
            "confusion_ratio_low": [0.125, math.nan],
            "confusion_ratio_high": [1.0, math.nan],
        }
    )
    shown = with_intervals(frame)
    assert list(shown.columns) == ["split", "miou_percent", "recall_percent", "confusion_ratio"]
    assert shown["miou_percent"].tolist() == ["50.0 (49.0 to 51.2)", "–"]
    assert shown["confusion_ratio"].tolist() == ["0.50 (0.12 to 1.00)", "0.25"]
    assert shown_cells(shown)[0] == ["split", "mIoU %", "recall %", "confusion ratio"]


def test_the_classifiers_scores_of_each_class() -> None:
    shown = np.array([[True, False], [True, False], [False, False]])
    labels = {"val": score_labels(shown, np.array([[0.9, 0.1], [0.2, 0.6], [0.5, 0.7]]))}
    frame = label_table(labels, class_names=CLASSES)
    assert frame["class"].tolist() == list(CLASSES)
    assert frame["images"].tolist() == [2, 0]
    assert frame["average_precision_percent"].tolist() == pytest.approx([100 * (1 + 2 / 3) / 2, math.nan], nan_ok=True)
    assert frame["f1_percent"].tolist() == pytest.approx([50, math.nan], nan_ok=True)
    (row,) = label_headline(labels).to_dict("records")
    assert (row["split"], row["images"], row["f1_percent"]) == ("val", 3, 50)
    assert row["mean_average_precision_percent"] == pytest.approx(100 * (1 + 2 / 3) / 2)


def test_the_class_table_has_background_first() -> None:
    frame = class_table([measured()], class_names=CLASSES)
    assert frame["class"].tolist() == ["background", "train", "dog"]
    assert frame["confusion_ratio"].tolist() == pytest.approx([0, 15 / 14, 0])
    assert frame["recall_percent"].tolist() == pytest.approx([100 * 40 / 49, 100, 40])


def test_the_pair_table_shows_the_truth_of_false_pixels_highest_ratio_first() -> None:
    pairs = np.array([[0, 0, 0], [0, 2, 1], [0, 1, 2]])
    frame = pair_table([measured()], class_names=CLASSES, pairs=pairs, num_images=4)
    rows = list(zip(frame["class"], frame["other"], frame["images_together"], frame["confusion_ratio"], strict=True))
    assert rows == [
        ("train", "background", 0, pytest.approx(9 / 14)),
        ("train", "dog", 1, pytest.approx(6 / 14)),
        ("dog", "train", 1, 0),
    ]
    assert frame["lift"].tolist()[1:] == [1, 1]


def test_the_context_table_compares_images_with_and_without_it() -> None:
    frame = context_table([measured()], class_names=CLASSES)
    assert frame["class"].tolist() == ["train", "dog"]
    row = frame.iloc[0]
    assert (row["context"], row["images_with"], row["images_without"]) == ("rails", 1, 1)
    assert row["confusion_with"] == pytest.approx(14 / 4)
    assert row["confusion_without"] == pytest.approx(1 / 10)
    assert row["difference"] == pytest.approx(3.4)


def test_the_context_table_leaves_out_the_class_itself_and_ratios_that_are_not_finite() -> None:
    item = measured()
    item.evaluation.by_context["train"] = item.evaluation.by_context.pop("rails")
    assert context_table([item], class_names=CLASSES)["class"].tolist() == ["dog"]
    item.evaluation.by_context["train"].counts[2, 2] = 0  # dog is predicted nowhere in the context
    assert context_table([item], class_names=CLASSES).empty


def test_without_contexts_the_table_is_empty_but_has_its_columns() -> None:
    frame = context_table([Measurement(SEED, "train", Evaluation(2))], class_names=CLASSES)
    assert frame.empty
    assert frame.columns[-1] == "difference"


def test_sources_stand_side_by_side_in_their_own_order() -> None:
    frame = class_table([measured(CRF), measured()], class_names=CLASSES)
    wide = side_by_side(frame, index=["class"], value="confusion_ratio")
    assert wide.columns.tolist() == ["class", "segmentation, crf (val)", "CAM seed (train)"]
    assert wide["class"].tolist() == ["background", "train", "dog"]


def test_pairs_are_ranked_by_how_often_they_meet_and_both_directions_stand_together() -> None:
    rows = [("a", "b", 5, 2.0), ("c", "d", 5, 2.0), ("b", "a", 5, 2.0), ("d", "c", 5, 2.0)]
    rows += [("a", "d", 9, 0.5), ("e", "f", 7, 3.0), ("a", "background", 0, math.nan), ("a", "e", 1, 9.0)]
    frame = pd.DataFrame(rows, columns=pd.Index(["class", "other", "images_together", "lift"]))
    chosen = most_together(frame.assign(masks="CAM seed", split="val", confusion_ratio=1.0), 3)
    assert (chosen["class"] + chosen["other"]).tolist() == ["ef", "ab", "ba", "cd", "dc"]


FRAME = pd.DataFrame({"a_class": ["x|y", "z,"], "iou_percent": [12.345, math.nan], "ratio": [math.inf, 1 / 8.1]})


def test_a_csv_has_six_digits_inf_and_empty_cells(tmp_path: Path) -> None:
    write_frame(tmp_path / "t.csv", FRAME)
    assert (tmp_path / "t.csv").read_text() == 'a_class,iou_percent,ratio\nx|y,12.345,inf\n"z,",,0.123457\n'


def test_a_csv_holds_no_formula(tmp_path: Path) -> None:
    write_frame(tmp_path / "t.csv", pd.DataFrame({"class": ["=1+1", "a\rb"], "difference": [-0.5, 1.0]}))
    assert (tmp_path / "t.csv").read_bytes() == b'class,difference\n\'=1+1,-0.5\n"a\rb","1"\n'


def test_markdown_shows_infinite_and_undefined_as_signs() -> None:
    assert to_markdown(FRAME).splitlines() == [
        "| a class | IoU % | ratio |",
        "| --- | --: | --: |",
        "| x\\|y | 12.3 | ∞ |",
        "| z, | – | 0.12 |",
    ]


def test_the_cells_that_people_read() -> None:
    assert shown_cells(FRAME) == [["a class", "IoU %", "ratio"], ["x|y", "12.3", "∞"], ["z,", "–", "0.12"]]
    assert numeric_columns(FRAME) == [False, True, True]
