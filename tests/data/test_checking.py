from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.data.candidates import Candidate
from seco.data.checking import CheckedRecord, check
from seco.data.known_files import KnownFiles
from seco.data.problems import Problem
from tests.data.voc_tree import CLASSES, HEIGHT, WIDTH, make_tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "data")


def candidates(root: Path) -> list[Candidate]:
    masks = root / "SegmentationClassAug"
    return [
        Candidate("a", root / "JPEGImages/a.jpg", "list, line 1", ("dog", "person"), "train", masks / "a.png"),
        Candidate("b", root / "JPEGImages/b.jpg", "list, line 2", ("cat", "dog"), "train", masks / "b.png"),
        Candidate("c", root / "JPEGImages/c.jpg", "list, line 3", ("dog",), "val"),
    ]


def examine(root: Path, **extra: object) -> tuple[list[CheckedRecord], list[Problem]]:
    known = KnownFiles(root.parent / "known", subject="data")
    return check(candidates(root), class_names=CLASSES, known=known, **extra)


def test_sizes_and_shown_classes_are_found(root: Path) -> None:
    steps: list[tuple[int, int]] = []
    checked, problems = examine(root, progress=lambda *step: steps.append(step))
    assert problems == []
    assert [(item.record.width, item.record.height) for item in checked] == [(WIDTH, HEIGHT)] * 3
    assert [item.shown for item in checked] == [("dog", "person"), ("cat",), None]
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_all_problems_are_found_at_once_with_the_place_that_lists_them(root: Path) -> None:
    jpeg = root / "JPEGImages/a.jpg"
    jpeg.write_bytes(jpeg.read_bytes()[:-120])
    Image.fromarray(np.full((HEIGHT, WIDTH), 4, np.uint8)).save(root / "SegmentationClassAug/a.png")
    Image.fromarray(np.zeros((WIDTH, HEIGHT), np.uint8)).save(root / "SegmentationClassAug/b.png")
    checked, problems = examine(root)
    assert [item.record.id for item in checked] == ["c"]
    assert [problem.file.name for problem in problems] == ["a.jpg", "a.png", "b.png"]
    told = [problem.sentence for problem in problems]
    assert told[0].startswith(f"list, line 1: {jpeg} is truncated or damaged")
    assert "a.png holds the value 4" in told[1]
    assert f"b.png is {HEIGHT}x{WIDTH} pixels but its image is {WIDTH}x{HEIGHT}" in told[2]


def test_a_second_run_opens_no_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = examine(root)
    monkeypatch.setattr(Image, "open", None)
    assert examine(root) == first


def test_a_changed_file_is_opened_again(root: Path) -> None:
    examine(root)
    (root / "JPEGImages/c.jpg").write_bytes(b"no photograph")
    assert "c.jpg is not an image" in examine(root)[1][0].sentence


def test_a_bad_file_is_never_remembered_as_good(root: Path) -> None:
    (root / "JPEGImages/c.jpg").write_bytes(b"no photograph")
    assert examine(root)[1] == examine(root)[1] != []


def test_other_classes_are_judged_without_opening_files_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examine(root)
    monkeypatch.setattr(Image, "open", None)
    known = KnownFiles(root.parent / "known", subject="data")
    unlabelled = [Candidate("a", root / "JPEGImages/a.jpg", "x", (), "val", root / "SegmentationClassAug/a.png")]
    _, problems = check(unlabelled, class_names=CLASSES[:2], known=known)
    assert "a.png holds the value 3, but class ids are 0..2" in problems[0].sentence


def test_what_was_found_is_kept_when_the_run_is_broken_off(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examine(root, progress=stop)
    kept = KnownFiles(root.parent / "known", subject="data")
    assert kept.facts(root / "JPEGImages/a.jpg", "image", lambda path: ()) == (WIDTH, HEIGHT)
