import math
from pathlib import Path

import pandas as pd

from seco.reporting.csv_table import write_table


def test_a_table_shows_infinite_as_inf_and_undefined_as_empty(tmp_path: Path) -> None:
    frame = pd.DataFrame({"class": ["a,b", "c", "d"], "ratio": [1 / 3, math.inf, math.nan]})
    write_table(tmp_path / "t.csv", frame)
    assert (tmp_path / "t.csv").read_text() == 'class,ratio\n"a,b",0.333333\nc,inf\nd,\n'
