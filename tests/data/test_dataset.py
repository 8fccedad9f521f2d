from pathlib import Path

import pytest

from seco.data.dataset import find_classes, make_ids, with_ids_and_labels
from seco.data.listing import ListedImage, Listing
from seco.errors import SecoError
from tests.data.trees import add_photo, faults_of, prepared, write_table


def listing(*label_sets: tuple[str, ...], class_names: tuple[str, ...] = ()) -> Listing:
    images = [
        ListedImage(None, Path(f"photos/{number}.jpg"), f"list, line {number}", labels, "train")
        for number, labels in enumerate(label_sets)
    ]
    return Listing(images, class_names=[*class_names])


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
    assert make_ids([Path(image) for image in images]) == ids


def test_labels_come_in_class_order_and_once() -> None:
    found = with_ids_and_labels(listing(("dog", "cat", "dog")), class_names=["dog", "bird", "cat"])
    assert found.images[0].labels == ("dog", "cat")
    assert found.class_names == ["dog", "bird", "cat"]


def test_an_image_with_unknown_classes_becomes_a_problem() -> None:
    found = with_ids_and_labels(listing(("dog",), ("dgo", "cta"), ("cat",)), class_names=["cat", "dog"])
    assert [image.id for image in found.images] == ["0", "2"]
    (problem,) = found.problems
    assert problem.sentence == (
        "list, line 1: the class 'cta' is unknown: did you mean 'cat'?; the class 'dgo' is unknown: did you mean 'dog'?"
    )
    assert problem.file == Path("photos/1.jpg")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("photos/b.png,dinningtable", "the class 'dinningtable' is unknown: did you mean 'diningtable'?"),
        ("photos/b.png,Dog", "the class 'Dog' is unknown: did you mean 'dog'?"),
    ],
)
def test_labels_and_ids_at_fault_are_reported(own: Path, line: str, fault: str) -> None:
    write_table(own, "image,labels", "photos/a.jpg,dog", line)
    assert faults_of(own, "csv", classes="voc") == [f"own/images.csv, line 3: {fault}"]


def test_classes_are_found_in_alphabetical_order_in_the_most_frequent_spelling(own: Path) -> None:
    found = listing(("dog",), ("Dog", "Cat"), ("dog",))
    assert find_classes(found) == ("Cat", "dog")
    assert with_ids_and_labels(found, class_names=find_classes(found)).problems[0].sentence.endswith("mean 'dog'?")


def test_the_order_that_the_data_gives_comes_first() -> None:
    assert find_classes(listing(("dog",), class_names=("dog", "cat"))) == ("dog", "cat")


@pytest.mark.parametrize(
    ("class_names", "fault"),
    [
        ([], "the data has no class, but it takes from 1 to 254: check the labels"),
        ([str(number) for number in range(255)], "the data has 255 classes, but it takes from 1 to 254"),
        (["cat;dog"], "the class 'cat;dog' holds a semicolon, which separates labels: rename it"),
        (["cat", "Background"], "the class 'Background' is no class but what no class covers"),
        (["cat", " "], "the class ' ' is empty"),
    ],
)
def test_classes_that_masks_or_lists_cannot_hold_are_refused(class_names: list[str], fault: str) -> None:
    with pytest.raises(SecoError, match=fault):
        with_ids_and_labels(listing(("0",)), class_names=class_names)
    assert not with_ids_and_labels(listing(("0",)), class_names=[str(number) for number in range(254)]).problems


def test_a_split_is_made_where_there_is_none(own: Path) -> None:
    for number in range(10):
        add_photo(own / f"photos/{number}.jpg")
    lines = (f"photos/{number}.jpg,{'dog' if number < 5 else 'cat'}" for number in range(10))
    write_table(own, "image,labels", *lines)

    def splits(seed: int) -> dict[str, str]:
        return prepared(own, "csv", validation_share=0.2, split_seed=seed).splits

    first = splits(0)
    assert sorted(first.values()) == ["train"] * 8 + ["val"] * 2
    held_out = {image_id for image_id, split in first.items() if split == "val"}
    assert len(held_out & set("01234")) == 1, "one of each class"
    assert first == splits(0)
    assert any(splits(seed) != first for seed in range(1, 9))


def test_a_mask_cannot_have_the_name_of_a_folder(own: Path) -> None:
    lines = []
    for name in ("a.jpg", "A.PNG/b.jpg", "c.jpg", "c.npz/d.jpg", "e.jpg", "e/f.jpg"):
        add_photo(own / "photos" / name)
        lines.append(f"photos/{name},dog")
    write_table(own, "image,labels", *lines)
    fault = "its mask would have the name of the folder of other images, {0}.png or .npz: rename the folder"
    found = prepared(own, "csv")
    assert found.faults == [f"own/images.csv, line {line}: {fault.format(name)}" for line, name in ((2, "a"), (4, "c"))]
    assert [record.id for record in found.records] == ["A.PNG/b", "c.npz/d", "e", "e/f"]


def test_names_of_files_that_results_cannot_have_are_problems(own: Path) -> None:
    long = "x" * 251
    for name in (f"{long}.jpg", f"{long}.png", "a.jpg"):
        add_photo(own / "photos" / name)
    write_table(own, "image,labels", *(f"photos/{name},dog" for name in (f"{long}.jpg", f"{long}.png", "a.jpg")))
    assert [fault.partition("' is ")[2] for fault in faults_of(own, "csv")] == [
        "too long for the name of its mask: shorten each part to 251 bytes, suffix not counted"
    ] * 2
