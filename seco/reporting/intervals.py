"""Numbers with their 95 % intervals, in three columns of a frame and in one cell of a table."""

import math

import pandas as pd

INTERVAL = ("", "_low", "_high")
"""What follows the name of a mean: its value, and the ends of its 95 % interval."""


def with_intervals(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame for people: each number that has an interval with it in one cell, "52.0 (49.1 to 54.3)"."""
    shown = frame.copy()
    for column in map(str, frame.columns):
        suffix = "_percent" * column.endswith("_percent")
        name = column.removesuffix("_percent")
        ends = [f"{name}{end}{suffix}" for end in INTERVAL]
        if {*ends} <= {*frame.columns}:
            shown[column] = interval_cells(frame, name, suffix=suffix, decimals=1 if suffix else 2)
            shown = shown.drop(columns=ends[1:])
    return shown


def interval_cells(table: pd.DataFrame, name: str, *, suffix: str = "", decimals: int = 1) -> list[str]:
    """Return, for each row, a value and its interval as "12.3 (8.1 to 16.0)"; – where it is not defined."""
    ends = (table[f"{name}{end}{suffix}"] for end in INTERVAL)
    return [interval_cell(*values, decimals=decimals) for values in zip(*ends, strict=True)]


def interval_cell(value: float, low: float, high: float, *, decimals: int) -> str:
    """Return a number and its interval, where it has one, in one cell."""
    shown, *ends = ("–" if math.isnan(number) else f"{number:.{decimals}f}" for number in (value, low, high))
    return shown if "–" in ends else f"{shown} ({ends[0]} to {ends[1]})"
