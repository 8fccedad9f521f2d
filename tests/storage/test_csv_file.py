from pathlib import Path

import pytest

from seco.errors import SecoError
from seco.storage.csv_file import read_csv, write_csv
from tests.names import HOSTILE

COLUMNS = ("id", "name")


def test_any_text_comes_back_in_its_place(tmp_path: Path) -> None:
    rows = [(str(index), name) for index, name in enumerate([*HOSTILE, "\r\n", "a\rb", ""])]
    write_csv(tmp_path / "t.csv", rows, columns=COLUMNS)
    found = read_csv(tmp_path / "t.csv", columns=COLUMNS, stage="prepare")
    assert [(row["id"], row["name"]) for _, row in found] == rows


def test_no_cell_begins_as_a_formula(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", [("0", "=1+1"), ("1", "a=1")], columns=COLUMNS)
    assert (tmp_path / "t.csv").read_text() == "id,name\n0,'=1+1\n1,a=1\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"id\n1\n", "line 1: the columns must be id,name; run `seco prepare` again"),
        (b"id,name\n1\n", "line 2: 1 cells instead of 2; run `seco prepare` again"),
        (b'id,name\n1,"' + b"x" * 200_000 + b'"\n', "line 2: is no CSV (field larger than field limit (131072))"),
        (b"id,name\n1,caf\xe9\n", "cannot be read"),
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(SecoError) as error:
        read_csv(tmp_path / "t.csv", columns=COLUMNS, stage="prepare")
    assert sentence in str(error.value)
