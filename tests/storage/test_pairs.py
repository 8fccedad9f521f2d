from pathlib import Path

import numpy as np

from seco.storage.pairs import write_pairs


def test_a_row_for_each_pair_with_an_empty_cell_where_lift_is_not_defined(tmp_path: Path) -> None:
    counts = np.array([[0, 0, 0, 0], [0, 4, 2, 0], [0, 2, 6, 0], [0, 0, 0, 0]])
    lifts = np.full((4, 4), np.nan)
    lifts[1, 2] = 1 / 3
    write_pairs(tmp_path, class_names=["cat", "traffic light, red", "cow"], counts=counts, lifts=lifts)
    assert (tmp_path / "cooccurrence.csv").read_text().splitlines() == [
        "class,other,images_of_class,images_of_other,images_together,lift",
        'cat,"traffic light, red",4,6,2,0.333333',
        "cat,cow,4,0,0,",
        '"traffic light, red",cow,6,0,0,',
    ]
