import json
import math
from pathlib import Path

import numpy as np
import pytest

from seco.errors import SecoError
from seco.storage.json_file import read_metrics, write_metrics


def test_numbers_of_every_kind_survive(tmp_path: Path) -> None:
    write_metrics(tmp_path / "m.json", {"b": np.float32(0.5), "a": {"n": np.int64(3), "l": np.arange(2), "s": "x"}})
    metrics = read_metrics(tmp_path / "m.json", stage="evaluate")
    assert metrics == {"a": {"l": [0, 1], "n": 3, "s": "x"}, "b": 0.5}
    assert (tmp_path / "m.json").read_text().index('"a"') < (tmp_path / "m.json").read_text().index('"b"')


def test_a_number_that_is_not_finite_is_null_with_a_note(tmp_path: Path) -> None:
    metrics = {"cam": {"dog": math.inf, "cat": np.float64(math.nan)}, "list": [1.0, -math.inf]}
    write_metrics(tmp_path / "m.json", metrics, notes=["3 images have no mask"])
    content = json.loads((tmp_path / "m.json").read_text(), parse_constant=pytest.fail)
    assert content["cam"] == {"dog": None, "cat": None}
    assert content["list"] == [1.0, None]
    assert content["notes"] == [
        "3 images have no mask",
        "cam.cat is not defined",
        "cam.dog is infinite",
        "list.1 is infinite",
    ]


def test_missing_or_damaged_metrics_name_the_command(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    with pytest.raises(SecoError, match=r"m\.json is missing: run `seco evaluate`"):
        read_metrics(path, stage="evaluate")
    path.write_text('{"a": ')
    with pytest.raises(SecoError, match="is not readable JSON"):
        read_metrics(path, stage="evaluate")
    path.write_text("[1]")
    with pytest.raises(SecoError, match="holds no JSON object"):
        read_metrics(path, stage="evaluate")
