from pathlib import Path

import pytest

from seco.errors import SecoError
from seco.storage.contexts import ImageContexts, read_contexts, write_contexts

HEADER = "id,split,contexts,biased\n"


def test_contexts_are_written_and_read_with_the_bias_as_one_of_them(tmp_path: Path) -> None:
    path = tmp_path / "contexts.csv"
    images = [("a", "train", ("room", "chair", "sofa"), True), ("b", "val", ("sky",), False), ("c", "val", (), False)]
    write_contexts(path, [ImageContexts(*image) for image in images])
    assert path.read_text() == HEADER + "a,train,room;chair;sofa,1\nb,val,sky,0\nc,val,,0\n"
    assert read_contexts(path) == {"a": ("room", "chair", "sofa", "biased"), "b": ("sky",), "c": ()}


def test_a_data_set_without_the_file_knows_no_contexts(tmp_path: Path) -> None:
    assert read_contexts(tmp_path / "contexts.csv") == {}


def test_a_damaged_file_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "contexts.csv").write_text(HEADER + "a,train\n")
    with pytest.raises(SecoError, match=r"contexts\.csv, line 2: 2 cells instead of 4"):
        read_contexts(tmp_path / "contexts.csv")
