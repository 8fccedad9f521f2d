from pathlib import Path

import numpy as np
import pytest

from seco.reporting.examples import choose_examples, common_columns, example_pictures, legend_of
from seco.storage.manifest import Record
from seco.storage.masks import mask_path
from tests.reporting.run_tree import HEIGHT, WIDTH, make_run


def _record(image_id: str, *labels: str) -> Record:
    return Record(image_id, Path("x"), None, labels, "val", 1, 1)


def test_images_of_many_classes_come_first_and_classes_take_turns() -> None:
    records = [_record("1", "cat"), _record("2", "cat", "dog"), _record("3", "cat", "dog"), _record("4", "cow")]
    assert [record.id for record in choose_examples(records, 3)] == ["2", "4", "3"]


def test_no_more_images_are_chosen_than_there_are() -> None:
    assert [record.id for record in choose_examples([_record("1", "cat")], 5)] == ["1"]


@pytest.fixture
def run(tmp_path: Path) -> tuple[Path, list[Record]]:
    manifest, _ = make_run(tmp_path)
    return tmp_path, list(manifest.records)


def test_an_image_has_a_picture_of_each_thing_that_was_made_of_it(run: tuple[Path, list[Record]]) -> None:
    root, records = run
    masks = {"CAM seed": root / "seeds", "refined": root / "refined", "prediction": root / "nowhere"}
    pictures, shown = example_pictures(records[1], cams=root / "cams", masks=masks, num_classes=3)
    assert list(pictures) == ["photograph", "CAM", "CAM seed", "refined", "truth"]
    assert {picture.shape for picture in pictures.values()} == {(HEIGHT, WIDTH, 3)}
    assert shown == {2, 3}


def test_an_image_without_cam_and_truth_has_no_such_column(run: tuple[Path, list[Record]]) -> None:
    root, records = run
    bare = Record("b", records[1].image, None, ("dog",), "train", WIDTH, HEIGHT)
    pictures, _ = example_pictures(bare, cams=root / "nowhere", masks={"CAM seed": root / "seeds"}, num_classes=3)
    assert list(pictures) == ["photograph", "CAM seed"]


def test_rows_keep_the_columns_they_share(run: tuple[Path, list[Record]]) -> None:
    root, records = run
    mask_path(root / "seeds", "b").unlink()
    masks = {"CAM seed": root / "seeds"}
    rows = [example_pictures(record, cams=root / "cams", masks=masks, num_classes=3)[0] for record in records[:2]]
    assert [list(row) for row in common_columns(rows)] == [["photograph", "CAM", "truth"]] * 2


def test_the_legend_names_the_classes_that_are_shown_and_the_white() -> None:
    entries = legend_of({3, 1, 255}, ("cat", "dog", "person"))
    names, colours = zip(*entries, strict=True)
    assert names == ("cat", "person", "uncertain or ignored")
    assert colours[2] == (1.0, 1.0, 1.0)
    assert all(0 <= part <= 1 for colour in colours for part in colour)
    assert len(np.unique(colours, axis=0)) == 3


def test_a_class_may_have_the_name_of_the_white() -> None:
    names, _ = zip(*legend_of({1, 255}, ("uncertain or ignored",)), strict=True)
    assert names == ("uncertain or ignored", "uncertain or ignored")


def test_a_large_image_is_shown_smaller_with_all_of_its_classes(
    run: tuple[Path, list[Record]], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, records = run
    monkeypatch.setattr("seco.reporting.examples._SHOWN", HEIGHT * WIDTH / 4)
    masks = {"CAM seed": root / "seeds", "refined": root / "refined"}
    pictures, shown = example_pictures(records[1], cams=root / "cams", masks=masks, num_classes=3)
    assert {picture.shape for picture in pictures.values()} == {(HEIGHT // 2, WIDTH // 2, 3)}
    assert shown == {2, 3}
