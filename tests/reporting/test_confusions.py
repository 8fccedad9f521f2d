import numpy as np

from seco.reporting.blocks import Chart, Prose, Table
from seco.reporting.confusions import confusion_section, matrix_rows, worst_confusions, worst_misses
from seco.reporting.measurements import MaskSource, Measurement
from seco.scores.confusion import ConfusionMatrix
from seco.scores.evaluation import Evaluation

# Rows: background, cat, dog; the last column is "uncertain".
COUNTS = np.array([[90, 10, 0, 0], [30, 60, 7, 3], [0, 123, 800, 77]])


def _matrix(counts: np.ndarray = COUNTS) -> ConfusionMatrix:
    matrix = ConfusionMatrix(len(counts) - 1)
    matrix.counts = counts
    return matrix


def _section(counts: np.ndarray, tmp_path, names: tuple[str, ...]):
    evaluation = Evaluation(len(names))
    evaluation.whole = _matrix(counts)
    source = MaskSource("segmentation", "crf", tmp_path, "predict", ("val",))
    return confusion_section(Measurement(source, "val", evaluation), class_names=names)


def test_the_largest_confusions_are_shares_of_the_true_class() -> None:
    found = worst_confusions(_matrix(), class_names=("cat", "dog"))
    assert found.round(6).to_numpy().tolist() == [["dog", "cat", 12.3, 123], ["cat", "dog", 7.0, 7]]
    assert worst_misses(_matrix(), class_names=("cat", "dog")).to_numpy().tolist() == [["cat", "background", 30.0, 30]]


def test_the_section_says_it_in_words(tmp_path) -> None:
    text, table, chart = _section(COUNTS, tmp_path, ("cat", "dog")).blocks
    assert isinstance(text, Prose)
    assert "12.3 % of the pixels of dog are called cat" in text.text
    assert isinstance(table, Table)
    assert table.frame["confusion"].iloc[1] == "7.0 % of the pixels of cat are called dog"
    assert isinstance(chart, Chart)
    # The least found class comes first, below the background.
    assert chart.spec["layer"][0]["encoding"]["y"]["sort"] == ["background", "cat", "dog"]


def test_one_class_that_is_found_everywhere_has_no_confusion(tmp_path) -> None:
    text, chart = _section(np.array([[5, 0, 0], [0, 5, 0]]), tmp_path, ("cat",)).blocks
    assert isinstance(text, Prose)
    assert text.text == "segmentation, crf, val: no class is called another."
    assert isinstance(chart, Chart)


def test_cells_of_a_large_matrix_are_few_and_the_diagonal_of_classes_that_occur_stays() -> None:
    counts = np.zeros((81, 82), np.int64)
    counts[np.arange(80), np.arange(80)] = 10_000
    counts[3, 4], counts[3, 5] = 6, 4  # 0.06 % and 0.04 %
    counts[7] = 0
    counts[7, 81] = 10
    rows = matrix_rows(_matrix(counts), class_names=[f"c{index}" for index in range(1, 81)])
    assert len(rows) == 80 + 1 + 1
    assert {"y": "c3", "x": "c4", "value": 0.06} in rows
    assert {"y": "c7", "x": "(uncertain)", "value": 100.0} in rows
    assert {"y": "c7", "x": "c7", "value": 0.0} in rows
