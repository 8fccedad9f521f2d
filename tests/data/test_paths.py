from pathlib import Path

import pytest

from seco.data.paths import names_in, path_below
from seco.errors import SecoError


@pytest.mark.parametrize("text", ["a.jpg", "sub/a.jpg", "./a.jpg", "sub/../a.jpg", "..a.jpg", "sub/..a"])
def test_a_path_below_stays_relative_to_the_root(text: str) -> None:
    root = Path("data/own")
    assert path_below(root, text, outside_root=False).is_relative_to(root)
    assert ".." not in path_below(root, text, outside_root=False).parts


def test_an_absolute_path_below_the_root_becomes_relative_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert path_below(Path("own"), str(tmp_path / "own/a.jpg"), outside_root=False) == Path("own/a.jpg")


@pytest.mark.parametrize("text", ["../a.jpg", "/etc/passwd", "sub/../../a.jpg", ".."])
def test_a_path_that_leads_out_is_refused_unless_asked_for(text: str, tmp_path: Path) -> None:
    with pytest.raises(SecoError, match="leads out of"):
        path_below(tmp_path / "own", text, outside_root=False)
    path = path_below(tmp_path / "own", text, outside_root=True)
    assert path.is_absolute()
    assert ".." not in path.parts


def test_a_neighbour_whose_name_begins_alike_is_outside(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match="leads out of"):
        path_below(tmp_path / "own", "../own-other/a.jpg", outside_root=False)


@pytest.mark.parametrize("text", ["", "a\0.jpg"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(SecoError, match="is no path: name a file"):
        path_below(Path("own"), text, outside_root=True)


def test_names_come_in_order_and_a_missing_folder_has_none(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).touch()
    assert names_in(tmp_path) == ["a", "b"]
    assert names_in(tmp_path / "missing") == []
    with pytest.raises(SecoError, match="cannot be read: Not a directory"):
        names_in(tmp_path / "a")
