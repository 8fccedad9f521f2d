from pathlib import Path

import pytest

from seco.data.candidates import Candidate, Reading
from seco.data.sifting import found_classes, image_ids, sift
from seco.errors import SecoError


def reading(*label_sets: tuple[str, ...], class_names: tuple[str, ...] = ()) -> Reading:
    candidates = [
        Candidate(None, Path(f"photos/{number}.jpg"), f"list, line {number}", labels, "train")
        for number, labels in enumerate(label_sets)
    ]
    return Reading(candidates, class_names=[*class_names])


@pytest.mark.parametrize(
    ("images", "ids"),
    [
        (["photos/a.jpg", "photos/b.c.png"], ["a", "b.c"]),
        (["photos/a.jpg", "photos/sub/a.jpg"], ["a", "sub/a"]),
        (["cat/1.jpg", "dog/1.jpg"], ["cat/1", "dog/1"]),
        (["photos/a.jpg", "photos/a.png", "photos/b.jpg"], ["a.jpg", "a.png", "b"]),
        (["photos/a.jpg", "photos/a.jpg"], ["a", "a"]),
        (["photos/a.jpg"], ["a"]),
        (["/x/photos/a.jpg", "/y/b.jpg"], ["x/photos/a", "y/b"]),
        ([], []),
    ],
)
def test_ids_are_paths_below_the_common_folder(images: list[str], ids: list[str]) -> None:
    assert image_ids([Path(image) for image in images]) == ids


def test_labels_come_in_class_order_and_once() -> None:
    found = sift(reading(("dog", "cat", "dog")), class_names=["dog", "bird", "cat"])
    assert found.candidates[0].labels == ("dog", "cat")
    assert found.class_names == ["dog", "bird", "cat"]


def test_an_image_at_fault_is_no_candidate() -> None:
    found = sift(reading(("dog",), ("dgo", "cta"), ("cat",)), class_names=["cat", "dog"])
    assert [candidate.id for candidate in found.candidates] == ["0", "2"]
    (problem,) = found.problems
    assert problem.sentence == (
        "list, line 1: the class 'cta' is unknown: did you mean 'cat'?; the class 'dgo' is unknown: did you mean 'dog'?"
    )
    assert problem.file == Path("photos/1.jpg")


def test_a_backslash_is_no_part_of_an_id() -> None:
    images = Reading([Candidate(None, Path("photos/a\\b.jpg"), "list", ("dog",), "train")])
    (problem,) = sift(images, class_names=["dog"]).problems
    assert problem.sentence == "list: 'a\\\\b' cannot be an image's id: rename the file"


def test_classes_are_found_by_the_alphabet_in_the_most_frequent_spelling() -> None:
    assert found_classes(reading(("dog",), ("Dog", "Cat"), ("dog",))) == ("Cat", "dog")


def test_the_order_that_the_data_gives_comes_first() -> None:
    assert found_classes(reading(("dog",), class_names=("dog", "cat"))) == ("dog", "cat")


@pytest.mark.parametrize(("count", "told"), [(0, "no class"), (255, "255 classes")])
def test_masks_tell_254_classes_apart(count: int, told: str) -> None:
    with pytest.raises(SecoError, match=f"the data has {told}, but it takes from 1 to 254"):
        sift(reading(("0",)), class_names=[str(number) for number in range(count)])
    assert sift(reading(("0",)), class_names=[str(number) for number in range(254)]).problems == []


def test_a_class_name_must_fit_into_a_list_of_labels() -> None:
    with pytest.raises(SecoError, match="the class 'cat;dog' holds a semicolon"):
        sift(reading(("cat;dog",)), class_names=["cat;dog"])
