"""Tables as CSV, for people and spreadsheets."""

from pathlib import Path

import pandas as pd

from seco.storage.atomic import atomic_write_text


def write_table(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame without its index: six significant digits, `inf`, and an empty cell for "not defined".

    Raises:
        SecoError: the file cannot be written; an older one survives.
    """
    atomic_write_text(path, frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
