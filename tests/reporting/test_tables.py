import io
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from seco.data.cooccurrence import count_pairs
from seco.reporting.headline import headline_metrics, notes
from seco.reporting.page import most_together
from seco.reporting.sources import Measured, Source
from seco.reporting.tables import (
    across,
    class_table,
    context_table,
    headline_table,
    pair_table,
    to_markdown,
    to_terminal,
)
from seco.scores.confusion import ConfusionMatrix
from seco.scores.evaluation import Evaluation

CLASSES = ("train", "dog")
SEED = Source("cam_seed", None, Path("seeds"), "export-masks", ("train",))
CRF = Source("segmentation", "crf", Path("crf"), "predict", ("val",))
# truth in rows (background, train, dog); predictions in columns (background, train, dog, uncertain)
WITHOUT_RAILS = [[30, 1, 0, 0], [0, 10, 0, 0], [0, 0, 2, 0]]
WITH_RAILS = [[10, 8, 0, 0], [0, 4, 0, 0], [0, 6, 2, 0]]


def _matrix(counts: list[list[int]]) -> ConfusionMatrix:
    matrix = ConfusionMatrix(2)
    matrix.counts += np.array(counts)
    return matrix


def _measured(source: Source = SEED) -> Measured:
    evaluation = Evaluation(2)
    evaluation.add(_matrix(WITHOUT_RAILS), [])
    evaluation.add(_matrix(WITH_RAILS), ["rails"])
    return Measured(source, source.splits[0], evaluation)


def test_the_headline_is_in_percent_in_tables_and_in_fractions_in_metrics() -> None:
    row = headline_table([_measured()]).iloc[0]
    iou = [40 / 49, 14 / 29, 4 / 10]
    assert (row["masks"], row["split"], row["images"]) == ("CAM seed", "train", 2)
    assert row["miou_percent"] == pytest.approx(100 * sum(iou) / 3)
    assert row["confusion_ratio"] == pytest.approx((15 / 14 + 0 / 4) / 2)
    metrics = headline_metrics([_measured(), _measured(CRF)])
    assert metrics["cam_seed"]["train"]["miou"] == pytest.approx(sum(iou) / 3)
    assert set(metrics["segmentation"]["val"]["crf"]) == {"miou", "precision", "recall", "confusion_ratio"}


def test_the_class_table_has_background_first() -> None:
    frame = class_table([_measured()], class_names=CLASSES)
    assert frame["class"].tolist() == ["background", "train", "dog"]
    assert frame["confusion_ratio"].tolist() == pytest.approx([0, 15 / 14, 0])
    assert frame["recall_percent"].tolist() == pytest.approx([100 * 40 / 49, 100, 40])


def test_the_pair_table_says_what_the_false_pixels_show_costliest_first() -> None:
    pairs = count_pairs([(1, 2), (1,), (2,), ()], num_classes=2)
    frame = pair_table([_measured()], class_names=CLASSES, pairs=pairs, num_images=4)
    rows = list(zip(frame["class"], frame["other"], frame["images_together"], frame["confusion_ratio"], strict=True))
    assert rows == [
        ("train", "background", 0, pytest.approx(9 / 14)),
        ("train", "dog", 1, pytest.approx(6 / 14)),
        ("dog", "train", 1, 0),
    ]
    assert frame["lift"].tolist()[1:] == [1, 1]


def test_the_context_table_compares_images_with_and_without_it() -> None:
    frame = context_table([_measured()], class_names=CLASSES)
    assert frame["class"].tolist() == ["train", "dog"]
    row = frame.iloc[0]
    assert (row["context"], row["images_with"], row["images_without"]) == ("rails", 1, 1)
    assert row["confusion_with"] == pytest.approx(14 / 4)
    assert row["confusion_without"] == pytest.approx(1 / 10)
    assert row["difference"] == pytest.approx(3.4)


def test_without_contexts_the_table_is_empty_but_has_its_columns() -> None:
    frame = context_table([Measured(SEED, "train", Evaluation(2))], class_names=CLASSES)
    assert frame.empty
    assert frame.columns[-1] == "difference"


def test_notes_name_infinite_and_missed_classes_and_images_without_truth() -> None:
    evaluation = Evaluation(2)
    evaluation.add(_matrix([[9, 1, 0, 0], [1, 0, 0, 0], [3, 0, 0, 0]]), [])
    evaluation.without_truth = 4
    assert notes([Measured(SEED, "train", evaluation)], class_names=CLASSES) == [
        "CAM seed (train): the confusion ratio is infinite for train; the mean leaves them out",
        "CAM seed (train): the confusion ratio is not defined (nothing predicted) for dog; the mean leaves them out",
        "CAM seed (train): 4 images have no truth mask and were skipped",
    ]


def test_a_class_that_is_nowhere_gets_no_note() -> None:
    evaluation = Evaluation(2)
    evaluation.add(_matrix([[9, 1, 0, 0], [0, 5, 0, 0], [0, 0, 0, 0]]), [])
    assert notes([Measured(SEED, "train", evaluation)], class_names=CLASSES) == []


def test_sources_stand_side_by_side_in_their_own_order() -> None:
    frame = class_table([_measured(CRF), _measured()], class_names=CLASSES)
    wide = across(frame, index=["class"], value="confusion_ratio")
    assert wide.columns.tolist() == ["class", "segmentation, crf (val)", "CAM seed (train)"]
    assert wide["class"].tolist() == ["background", "train", "dog"]


def test_pairs_are_ranked_by_how_often_they_meet_and_both_directions_stand_together() -> None:
    rows = [("a", "b", 5, 2.0), ("c", "d", 5, 2.0), ("b", "a", 5, 2.0), ("d", "c", 5, 2.0)]
    rows += [("a", "d", 9, 0.5), ("e", "f", 7, 3.0), ("a", "background", 0, math.nan), ("a", "e", 1, 9.0)]
    frame = pd.DataFrame(rows, columns=pd.Index(["class", "other", "images_together", "lift"]))
    frame = frame.assign(masks="CAM seed", split="val", confusion_ratio=1.0)
    chosen = most_together(frame, 3)
    assert list(zip(chosen["class"], chosen["other"], strict=True)) == [
        ("e", "f"),
        ("a", "b"),
        ("b", "a"),
        ("c", "d"),
        ("d", "c"),
    ]


FRAME = pd.DataFrame({"a_class": ["x|y", "z"], "iou_percent": [12.345, math.nan], "ratio": [math.inf, 0.126]})


def test_markdown_shows_infinite_and_undefined_as_signs() -> None:
    assert to_markdown(FRAME).splitlines() == [
        "| a class | IoU % | ratio |",
        "| --- | --: | --: |",
        "| x\\|y | 12.3 | ∞ |",
        "| z | – | 0.13 |",
    ]


def test_the_terminal_shows_the_same_cells() -> None:
    text = io.StringIO()
    Console(file=text, width=60).print(to_terminal(FRAME, title="Scores"))
    assert "12.3" in text.getvalue()
    assert "∞" in text.getvalue()
    assert "Scores" in text.getvalue()
