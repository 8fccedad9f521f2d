from dataclasses import replace
from pathlib import Path

import pytest

from seco.data import drawing
from seco.data.candidates import Candidate
from seco.data.drawing import draw_masks, place_masks
from seco.data.reading import read_dataset
from seco.errors import SecoError
from tests.data.own_tree import make_json, write_json
from tests.data.preparation import prepared


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_json(tmp_path / "own")
    return tmp_path / "own"


def draw(root: Path, *, classes: tuple[str, ...] = ("cat", "dog")) -> tuple[list[Candidate], list[str]]:
    listed = read_dataset(root, data_format="json", classes=classes, lists=None, source="images.json")
    drawn, problems = draw_masks(listed.candidates, class_names=classes, store=root.parent / "store")
    return drawn, [problem.sentence for problem in problems]


def paths(drawn: list[Candidate]) -> list[Path]:
    return [candidate.mask for candidate in drawn if candidate.mask is not None]


def test_masks_are_drawn_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = draw(root)
    assert all(path.is_file() for path in paths(first))
    monkeypatch.setattr(drawing, "draw", None)
    assert paths(draw(root)[0]) == paths(first)


def test_an_interrupted_run_draws_what_is_missing_and_what_is_empty(root: Path) -> None:
    first, second = paths(draw(root)[0])
    whole = second.read_bytes()
    first_time = first.stat().st_mtime_ns
    second.write_bytes(b"")
    draw(root)
    assert second.read_bytes() == whole
    assert first.stat().st_mtime_ns == first_time


def test_other_outlines_or_classes_are_drawn_anew(root: Path) -> None:
    first = paths(draw(root)[0])
    assert set(paths(draw(root, classes=("dog", "cat"))[0])).isdisjoint(first)
    content = make_json(root)
    content["annotations"][0]["segmentation"] = [[0, 0, 5, 0, 5, 5]]
    write_json(root, content)
    assert set(paths(draw(root)[0])).isdisjoint(first)


def test_many_masks_are_drawn_by_processes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = [path.read_bytes() for path in paths(draw(root)[0])]
    for path in paths(draw(root)[0]):
        path.unlink()
    monkeypatch.setattr(drawing, "_FEW", 1)
    assert [path.read_bytes() for path in paths(draw(root)[0])] == alone


def test_an_outline_at_fault_takes_its_image_out_and_no_other(root: Path) -> None:
    content = make_json(root)
    content["annotations"].append({"id": 8, "image_id": 3, "category_id": 1, "segmentation": [[1]]})
    write_json(root, content)
    drawn, faults = draw(root)
    assert [candidate.id for candidate in drawn] == ["a"]
    (fault,) = faults
    assert fault.startswith(f"{root}/images.json: the image 'photos/b.png': the outline of annotation 8 does not fit")


def test_a_store_that_cannot_be_written_is_told(root: Path) -> None:
    (root.parent / "store").write_text("a file")
    with pytest.raises(SecoError, match="cannot write"):
        draw(root)


def test_drawn_masks_take_the_place_of_old_ones(root: Path, tmp_path: Path) -> None:
    found = prepared(root, "json", source="images.json")
    store, folder = tmp_path / "own-cache/masks", tmp_path / "prepared"
    (folder / "masks").mkdir(parents=True)
    (folder / "masks/old.png").write_text("old")
    placed = place_masks(found.checked, store=store, folder=folder)
    assert sorted(path.name for path in (folder / "masks").iterdir()) == ["a.png", "b.png"]
    assert [item.record.mask for item in placed] == [folder / "masks/a.png", folder / "masks/b.png"]
    for before, after in zip(found.checked, placed, strict=True):
        assert before.record.mask is not None
        assert after.record.mask is not None
        assert after.record.mask.read_bytes() == before.record.mask.read_bytes()
        assert replace(after.record, mask=None) == replace(before.record, mask=None)
    assert [path.name for path in folder.iterdir()] == ["masks"]


def test_masks_of_the_data_stay_where_they_are_and_stale_ones_go(root: Path, tmp_path: Path) -> None:
    found = prepared(root, "json", source="images.json")
    folder = tmp_path / "prepared"
    (folder / "masks").mkdir(parents=True)
    assert place_masks(found.checked, store=tmp_path / "another store", folder=folder) == found.checked
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(root: Path, tmp_path: Path) -> None:
    found = prepared(root, "json", source="images.json")
    (tmp_path / "prepared").write_text("a file")
    with pytest.raises(SecoError, match="cannot write"):
        place_masks(found.checked, store=tmp_path / "own-cache/masks", folder=tmp_path / "prepared")
