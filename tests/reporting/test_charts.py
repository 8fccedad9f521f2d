import json
import math

import pytest

from seco.reporting.charts import curves, interval_bars, matrix

BARS = [{"label": "cat", "value": 40.0, "low": 30.0, "high": math.inf}, {"label": "dog\u202e\n", "value": math.nan}]
CHARTS = {
    "bars": lambda: interval_bars(BARS, value="IoU, %"),
    "groups": lambda: interval_bars([row | {"group": "CAM"} for row in BARS] + [{**BARS[0], "group": "b"}], value="x"),
    "curves": lambda: curves(
        [{"x": 1, "y": 2.0, "curve": "a"}, {"x": 2, "y": 0.0, "curve": "a"}], x="s", y="l", log=True
    ),
    "matrix": lambda: matrix([{"y": "a", "x": "b", "value": 3.0}], y="truth", x="called", value="%", order=["a", "b"]),
    "no rows": lambda: curves([], x="s", y="l"),
}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_plain_json_as_wide_as_its_place_and_always_the_same(name: str) -> None:
    spec = CHARTS[name]()
    assert json.dumps(spec, allow_nan=False) == json.dumps(CHARTS[name]())
    assert spec["width"] == "container"
    assert "config" not in spec


def test_what_is_not_finite_is_null_and_names_are_in_one_line() -> None:
    first, second = interval_bars(BARS, value="IoU, %")["data"]["values"]
    assert (first["high"], second["value"]) == (None, None)
    assert second["label"] == "dog\\u202e\\n"


def test_a_logarithmic_axis_leaves_out_what_it_cannot_show() -> None:
    assert CHARTS["curves"]()["data"]["values"] == [{"x": 1, "y": 2.0, "curve": "a"}]


def test_many_classes_have_cells_without_numbers_and_room_to_scroll() -> None:
    names = [f"class {index}" for index in range(80)]
    rows = [{"y": a, "x": b, "value": 1.0} for a in names for b in names]
    spec = matrix(rows, y="truth", x="called", value="%", order=names)
    assert len(spec["data"]["values"]) == 6400
    assert len(spec["layer"]) == 1
    assert spec["usermeta"]["minWidth"] > 960
