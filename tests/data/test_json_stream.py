import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seco.data import json_stream
from seco.data.json_stream import JsonStream, read_element
from seco.errors import SecoError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json") / "x.json"


@settings(deadline=None)
@given(st.dictionaries(st.text(), VALUES, max_size=4), st.booleans(), st.sampled_from([None, 1]), st.integers(1, 40))
def test_elements_are_those_of_the_whole_file_however_it_is_cut(
    path: Path, content: dict[str, Any], ascii_only: bool, indent: int | None, chunk: int
) -> None:
    data = json.dumps(content, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    try:
        content = json.loads(data)
    except UnicodeDecodeError:  # half a surrogate pair is no text
        return
    path.write_bytes(data)
    found: dict[str, list[Any]] = {}
    with pytest.MonkeyPatch.context() as patch, path.open("rb") as file:
        patch.setattr(json_stream, "_CHUNK", chunk)
        stream = JsonStream(path)
        for element in stream:
            found.setdefault(element.key, []).append(element.value)
            assert read_element(file, element.offset, element.length) == element.value
    assert found == {
        key: value if isinstance(value, list) else [value] for key, value in content.items() if value != []
    }
    assert stream.digest == hashlib.sha256(data).hexdigest()
    assert stream.size == len(data)


def test_a_byte_order_mark_is_passed_over(path: Path) -> None:
    path.write_text('\ufeff{"a": [1]}', encoding="utf-8")
    (element,) = JsonStream(path)
    assert (element.key, element.value, element.offset, element.length) == ("a", 1, 10, 1)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", 0),
        ("[1]", 0),
        ("<html>", 0),
        ('{"a"', 1),
        ('{"a": [1, ', 10),
        ('{"a": [1 2]}', 9),
        ('{"a": 1}}', 8),
        ('{"a": 1,}', 8),
        ('{"a": NaN}', 6),
        ("{1: 2}", 2),
        ('{"a": ' + "[" * 100_000, 7),
        ('{"a": "\udcff"}', 9),
    ],
)
def test_what_is_no_json_object_is_told_with_its_place(path: Path, text: str, place: int) -> None:
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SecoError, match=rf"x\.json is not the JSON it should be, near byte {place} \(.+\): export it"):
        list(JsonStream(path))


def test_an_element_without_end_is_not_collected(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_CHUNK", 100)
    monkeypatch.setattr(json_stream, "_LONGEST", 1000)
    path.write_text('{"a": ["' + "x" * 100_000)
    with pytest.raises(SecoError, match="a value does not end as it should"):
        list(JsonStream(path))


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match=r"x\.json does not exist: restore it"):
        list(JsonStream(tmp_path / "x.json"))
    with pytest.raises(SecoError, match="cannot be read: Is a directory"):
        list(JsonStream(tmp_path))
