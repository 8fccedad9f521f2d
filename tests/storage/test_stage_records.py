import json
from pathlib import Path

import pytest

from seco.storage.stage_records import STAGE_RECORDS, read_stage_records, recorded


@recorded("refine")
def work(result: int) -> int:
    if result < 0:
        raise ValueError
    return result


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RANK", raising=False)
    return tmp_path


def test_a_stage_that_ends_well_leaves_a_record_and_its_result() -> None:
    assert work(3) == 3
    (record,) = read_stage_records(STAGE_RECORDS, ["prepare", "refine"])
    assert record.stage == "refine"
    assert 0 <= record.seconds < 5
    assert record.cores > 0
    assert record.processor


def test_a_stage_that_fails_and_other_ranks_leave_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        work(-1)
    monkeypatch.setenv("RANK", "1")
    work(1)
    assert read_stage_records(STAGE_RECORDS, ["refine"]) == []


def test_a_place_that_cannot_be_written_costs_the_record_alone(folder: Path) -> None:
    (folder / ".seco").write_text("a file")
    assert work(1) == 1


@pytest.mark.parametrize("content", ["no JSON", "{}", json.dumps({"stage": "refine", "weather": 1})])
def test_a_damaged_record_is_left_out(content: str) -> None:
    STAGE_RECORDS.mkdir(parents=True)
    (STAGE_RECORDS / "refine.json").write_text(content)
    assert read_stage_records(STAGE_RECORDS, ["refine"]) == []
