from pathlib import Path

import numpy as np
import pytest

from seco.errors import SecoError
from seco.storage.pairs import lift, read_pairs, write_pairs

CLASSES = ["cat", "traffic light, red", "cow"]
COUNTS = np.array([[0, 0, 0, 0], [0, 4, 2, 0], [0, 2, 6, 0], [0, 0, 0, 0]])
LINES = [
    "class,other,images_of_class,images_of_other,images_together,lift",
    'cat,"traffic light, red",4,6,2,0.833333',
    "cat,cow,4,0,0,",
    '"traffic light, red",cow,6,0,0,',
]


def write(folder: Path) -> Path:
    write_pairs(folder, class_names=CLASSES, counts=COUNTS, lifts=lift(COUNTS, num_images=10))
    return folder / "cooccurrence.csv"


def test_a_row_for_each_pair_with_an_empty_cell_where_lift_is_not_defined(tmp_path: Path) -> None:
    assert write(tmp_path).read_text().splitlines() == LINES


def test_counts_survive_the_round_trip(tmp_path: Path) -> None:
    write(tmp_path)
    assert np.array_equal(read_pairs(tmp_path, class_names=CLASSES), COUNTS)


def test_a_single_class_has_no_pair(tmp_path: Path) -> None:
    write_pairs(tmp_path, class_names=["cat"], counts=np.array([[0, 0], [0, 5]]), lifts=np.full((2, 2), np.nan))
    assert not read_pairs(tmp_path, class_names=["cat"]).any()


@pytest.mark.parametrize(
    ("number", "line", "sentence"),
    [
        (0, "class,other", r"cooccurrence\.csv, line 1: the columns must be"),
        (2, "cat,dog,4,0,0,", "does not hold the pairs of the classes"),
        (2, "cat,cow,4,many,0,", r"no whole number \(.*'many'.*\): run `seco prepare` again"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, number: int, line: str, sentence: str) -> None:
    write(tmp_path).write_text("\n".join([*LINES[:number], line, *LINES[number + 1 :]]) + "\n")
    with pytest.raises(SecoError, match=sentence):
        read_pairs(tmp_path, class_names=CLASSES)


def test_lift_worked_out_by_hand() -> None:
    result = lift(np.array([[0, 0, 0, 0], [0, 3, 2, 0], [0, 2, 2, 0], [0, 0, 0, 0]]), num_images=4)
    assert result[1, 2] == result[2, 1] == pytest.approx(4 * 2 / (3 * 2))
    assert np.isnan(result[[1, 1, 3, 0], [1, 3, 3, 1]]).all()


def test_independent_classes_have_lift_one() -> None:
    assert lift(np.array([[0, 0, 0], [0, 2, 1], [0, 1, 2]]), num_images=4)[1, 2] == 1
