"""Two sections of a page, from measurements by hand."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seco.reporting.blocks import Chart, Points, Section, Table
from seco.reporting.measurements import MaskSource, Measurement
from seco.reporting.quality import how_good, how_sure, reliability_table
from seco.reporting.report import Report
from seco.reporting.tables import class_table, headline_table, label_headline
from seco.scores.calibration import count_levels
from seco.scores.classification import score_labels
from seco.scores.confusion import ConfusionMatrix
from seco.scores.evaluation import Evaluation
from tests.names import HOSTILE

SOURCE = MaskSource("segmentation", "multi_scale", Path("multi"), "predict", ("val",))
SURE, WRONG = 15, 8  # levels of the right and of the wrong pixels


def measured(split: str, *, images: int = 3, sure: bool = True) -> Measurement:
    """Return images that show all classes, a pixel each; every fourth pixel is taken for the first class."""
    evaluation, size = Evaluation(len(HOSTILE)), len(HOSTILE) + 1
    truth = np.arange(size, dtype=np.uint8)[None]
    guess = np.where(truth % 4 == 3, 1, truth).astype(np.uint8)
    for number in range(images):
        matrix = ConfusionMatrix(len(HOSTILE))
        matrix.update(truth, guess)
        levels = np.where(truth == guess, SURE, WRONG).astype(np.uint8)
        counted = count_levels(truth, guess, levels) if sure else None
        evaluation.add(str(number), matrix, [], boundaries=np.full(size, 0.5), levels=counted)
    return Measurement(SOURCE, split, evaluation)


def blocks_of(section: Section, kind: type) -> list:
    return [block for block in section.blocks if isinstance(block, kind)]


def test_how_good_shows_every_class_by_its_name_and_every_split_with_its_interval() -> None:
    labels = {"val": score_labels(np.eye(len(HOSTILE), dtype=bool), np.eye(len(HOSTILE)))}
    main, other = measured("val"), measured("_test")
    empty = pd.DataFrame()
    report = Report(
        headline=headline_table([main, other]),
        classes=class_table([main, other], class_names=HOSTILE),
        **dict.fromkeys(("pairs", "together", "correlations", "contexts", "surroundings"), empty),
        notes=("a note",),
        labels=label_headline(labels),
        labels_of_classes=empty,
        metrics={},
    )
    section = how_good(report, main)
    headline, classes, means = (table.frame for table in blocks_of(section, Table))
    assert headline["split"].tolist() == ["val", "_test"]
    assert headline["boundary_f_percent"].tolist() == ["50.0 (50.0 to 50.0)"] * 2
    assert classes["class"].tolist() == ["background", *HOSTILE]
    assert means["f1_percent"].tolist() == ["100.0 (100.0 to 100.0)"]
    assert blocks_of(section, Points) == [Points(("a note",))]
    (chart,) = blocks_of(section, Chart)
    values = [row["value"] for row in json.loads(json.dumps(chart.spec, allow_nan=False))["data"]["values"]]
    assert values == sorted(values, reverse=True)


def test_how_sure_has_a_row_for_each_level_and_the_error() -> None:
    item = measured("val")
    right = sum(class_id % 4 != 3 for class_id in range(len(HOSTILE) + 1)) / (len(HOSTILE) + 1)
    levels = reliability_table([item])
    assert levels["confidence_percent"].tolist() == [100 * (WRONG + 0.5) / 16, 100 * (SURE + 0.5) / 16]
    assert levels["accuracy_percent"].tolist() == [0, 100]
    assert levels["pixels_percent"].tolist() == pytest.approx([100 * (1 - right), 100 * right])
    section = how_sure([item, measured("train", sure=False)])
    errors, shown = (table.frame for table in blocks_of(section, Table))
    error = 100 * ((1 - right) * (WRONG + 0.5) / 16 + right * 0.5 / 16)
    assert errors.to_dict("records") == [
        {**item.key, "calibration_error_percent": f"{error:.1f} ({error:.1f} to {error:.1f})"}
    ]
    assert len(shown) == 2
    (chart,) = blocks_of(section, Chart)
    json.dumps(chart.spec, allow_nan=False)


def test_without_confidence_how_sure_names_the_command() -> None:
    (prose,) = how_sure([measured("val", sure=False)]).blocks
    assert "`seco predict`" in prose.text
