"""What `seco prepare` writes: problems, manifest, masks and statistics."""

import csv
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from seco.data.prepare import link_masks, linked_folders, summarise
from seco.data.problems import Problem, refuse, write_problems
from seco.errors import SecoError
from seco.storage.manifest import read_manifest
from tests.data.trees import (
    add_voc_image,
    make_json,
    make_photos,
    mask_cache,
    prepared,
    write_list,
    written,
)


def test_the_first_twenty_problems_are_shown_and_the_rest_counted() -> None:
    with pytest.raises(SecoError) as told:
        refuse([Problem(Path("x"), f"fault {number}.") for number in range(23)], listing=Path("p/problems.csv"))
    lines = str(told.value).splitlines()
    assert lines[0] == "the data has 23 problems:"
    assert lines[20:] == [
        "  fault 19.",
        "  … and 3 more",
        "  (all in p/problems.csv; `seco prepare --skip-bad` leaves them out)",
    ]
    refuse([], listing=Path("p/problems.csv"))


def test_all_problems_are_written_with_their_files(tmp_path: Path) -> None:
    problems = [Problem(Path(f"a, {number}.jpg"), f'it is "{number}"') for number in range(30)]
    with write_problems(tmp_path, problems).open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["file", "problem"], *([f"a, {number}.jpg", f'it is "{number}"'] for number in range(30))]


def test_pairs_are_counted_with_their_lift(own: Path, tmp_path: Path) -> None:
    statistics = written(prepared(own, "csv"), own, tmp_path / "prepared")
    assert (tmp_path / "prepared/cooccurrence.csv").read_text().splitlines() == [
        "class,other,images_of_class,images_of_other,images_together,lift",
        "cat,dog,1,2,0,0",
        "cat,person,1,1,0,0",
        "dog,person,2,1,1,1.5",
    ]
    assert statistics.lifts[2, 3] == 3 * 1 / (2 * 1)


def test_the_summary_counts_images_labels_and_masks(voc: Path) -> None:
    add_voc_image(voc, "d", names=["cat"], mask_values=[1, 2])
    write_list(voc, "train_aug", ["a", "b", "d"])
    dataset = prepared(voc, "voc").dataset
    problems = [Problem(Path("x.jpg"), "x.jpg is empty")] * 5
    assert summarise(replace(dataset, problems=problems, unlabelled=Counter(train=3))) == {
        "images": {"train": 3, "val": 1},
        "images_without_mask": {"train": 0, "val": 1},
        "images_corrected": {"train": 0, "val": 0},
        "images_without_label": {"train": 0, "val": 0},
        "images_a_class": {"train": {"cat": 2, "dog": 2, "person": 1}, "val": {"cat": 0, "dog": 1, "person": 0}},
        "labels_an_image": {"train": {1: 1, 2: 2}, "val": {1: 1}},
        "images_with_unseen_labels": {"train": 1, "val": 0},
        "images_with_unnamed_classes": {"train": 1, "val": 0},
        "left_out_without_label": {"train": 3},
        "problems": 5,
    }


def test_drawn_masks_replace_old_ones(folder: Path) -> None:
    root, target = make_json(Path("own")), Path("prepared")
    (target / "masks").mkdir(parents=True)
    (target / "masks/old.png").write_text("old")
    found = prepared(root, "json")
    written(found, root, target)
    names = ["audit.csv", "classes.csv", "cooccurrence.csv", "digests.csv", "manifest.csv", "masks", "summary.json"]
    assert sorted(path.name for path in target.iterdir()) == names
    assert sorted(path.name for path in (target / "masks").iterdir()) == ["a.png", "b.png"]
    for before, after in zip(found.records, read_manifest(target).records, strict=True):
        assert before.mask is not None
        assert after.mask == target / "masks" / f"{before.id}.png"
        assert after.mask.read_bytes() == before.mask.read_bytes()
        assert replace(after, mask=None) == replace(before, mask=None)


def test_a_kill_leaves_no_manifest_beside_new_masks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, target = make_json(Path("own")), Path("prepared")
    written(prepared(root, "json"), root, target)

    def kill(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("seco.data.prepare.audit_labels", kill)
    with pytest.raises(KeyboardInterrupt):
        written(prepared(root, "json", classes=["dog", "cat"]), root, target)
    with pytest.raises(SecoError, match="run `seco prepare`"):
        read_manifest(target)


def test_digests_change_with_the_content_of_the_file_alone(voc: Path, tmp_path: Path) -> None:
    def digests() -> dict[str, tuple[str, str]]:
        written(prepared(voc, "voc"), voc, tmp_path / "prepared")
        with (tmp_path / "prepared/digests.csv").open(newline="") as file:
            return {row["id"]: (row["image"], row["mask"]) for row in csv.DictReader(file)}

    before = digests()
    image = voc / "JPEGImages/a.jpg"
    os.utime(image, (1, 1))
    assert digests() == before
    image.write_bytes(image.read_bytes() + b" ")
    after = digests()
    assert after["a"][0] != before["a"][0]
    assert {**after, "a": before["a"]} == before


def test_contexts_are_checked_and_copied_and_stale_ones_go(voc: Path, tmp_path: Path) -> None:
    contexts, copy = voc / "contexts.csv", tmp_path / "prepared/contexts.csv"
    contexts.write_text("id,split,contexts,biased\na,train,water,1\n")
    written(prepared(voc, "voc"), voc, tmp_path / "prepared")
    assert copy.read_text() == contexts.read_text()
    contexts.write_text("something else\n")
    with pytest.raises(SecoError, match=r"contexts\.csv"):
        written(prepared(voc, "voc"), voc, tmp_path / "prepared")
    contexts.unlink()
    written(prepared(voc, "voc"), voc, tmp_path / "prepared")
    assert not copy.exists()


def test_masks_of_the_data_stay_where_they_are_and_stale_ones_go(voc: Path, tmp_path: Path) -> None:
    images = prepared(voc, "voc").dataset.images
    (tmp_path / "prepared/masks").mkdir(parents=True)
    assert link_masks(images, cache=mask_cache(voc), folder=tmp_path / "prepared") == images
    assert list((tmp_path / "prepared").iterdir()) == []


def test_linked_folders_are_found_but_not_the_root_itself(tmp_path: Path) -> None:
    make_photos(tmp_path / "photographs")
    (tmp_path / "own").symlink_to("photographs")
    (tmp_path / "photographs/photos/sub").rename(tmp_path / "elsewhere")
    (tmp_path / "photographs/photos/sub").symlink_to(tmp_path / "elsewhere")
    found = prepared(tmp_path / "own", "csv")
    assert found.faults == []
    assert linked_folders(tmp_path / "own", found.dataset.images) == [tmp_path / "own/photos/sub"]
