from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.datasets.checking import Candidate, Problem, check, refuse, unknown_classes
from seco.errors import SecoError
from tests.datasets.voc_tree import CLASSES, HEIGHT, WIDTH, make_tree


def _candidates(root: Path) -> list[Candidate]:
    masks = root / "SegmentationClassAug"
    return [
        Candidate("a", root / "JPEGImages/a.jpg", masks / "a.png", ("dog", "person"), "train"),
        Candidate("b", root / "JPEGImages/b.jpg", masks / "b.png", ("cat", "dog"), "train"),
        Candidate("c", root / "JPEGImages/c.jpg", None, ("dog",), "val"),
    ]


def test_sizes_are_found_and_unseen_labels_noted(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    checked = check(_candidates(make_tree(tmp_path)), class_names=CLASSES, progress=lambda *step: steps.append(step))
    assert [(item.record.width, item.record.height) for item in checked] == [(WIDTH, HEIGHT)] * 3
    assert [item.unseen_labels for item in checked] == [(), ("dog",), ()]
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    candidates = _candidates(make_tree(tmp_path))
    jpeg = tmp_path / "JPEGImages/a.jpg"
    jpeg.write_bytes(jpeg.read_bytes()[:-120])
    Image.fromarray(np.full((HEIGHT, WIDTH), 4, np.uint8)).save(tmp_path / "SegmentationClassAug/a.png")
    Image.fromarray(np.zeros((WIDTH, HEIGHT), np.uint8)).save(tmp_path / "SegmentationClassAug/b.png")
    with pytest.raises(SecoError) as told:
        check(
            candidates,
            class_names=CLASSES,
            problems=[Problem(tmp_path / "list.txt", "list.txt: told before")],
        )
    lines = str(told.value).splitlines()
    assert lines[0] == "the data has 4 problems:"
    assert "told before" in lines[1]
    assert "a.jpg is truncated or damaged" in lines[2]
    assert "a.png holds the value 4" in lines[3]
    assert f"b.png is {HEIGHT}x{WIDTH} pixels but its image is {WIDTH}x{HEIGHT}" in lines[4]


def test_the_first_twenty_problems_are_shown_and_the_rest_counted() -> None:
    problems = [Problem(Path("x"), f"fault {number}.") for number in range(23)]
    with pytest.raises(SecoError) as told:
        refuse(problems)
    lines = str(told.value).splitlines()
    assert len(lines) == 22
    assert lines[20] == "  fault 19."
    assert lines[21] == "  … and 3 more"


def test_no_problem_is_no_fault() -> None:
    refuse([])


def test_an_unknown_class_gets_a_hint() -> None:
    problem = unknown_classes(Path("a.xml"), ["Dogg", "zebra"], CLASSES)
    assert problem.sentence == (
        "a.xml: the class 'Dogg' is unknown: did you mean 'dog'?; "
        "the class 'zebra' is unknown: the classes are cat, dog, person"
    )
