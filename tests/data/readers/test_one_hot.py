from pathlib import Path

import pytest

from tests.data.trees import faults_of, prepared, write_table


def test_columns_of_ones_and_zeros_are_labels(own: Path) -> None:
    write_table(own, "filename, dog, cat, traffic light,split", "photos/a.jpg,1,0,1.0,train", "b.png, 0,True,false,val")
    (own / "photos/b.png").rename(own / "b.png")
    found = prepared(own, "one_hot", source="images.csv")
    assert found.faults == []
    assert found.dataset.class_names == ("dog", "cat", "traffic light"), "in the order of the columns"
    assert found.labels == {"photos/a": ("dog", "traffic light"), "b": ("cat",)}
    assert found.splits == {"photos/a": "train", "b": "val"}


def test_a_row_of_zeros_shows_nothing(own: Path) -> None:
    write_table(own, "image,dog", "photos/a.jpg,1", "photos/b.png,0")
    assert prepared(own, "one_hot", source="images.csv").labels == {"a": ("dog",), "b": ()}


@pytest.mark.parametrize("value", ["", "2", "-1", "u", "yes"])
def test_another_value_is_reported(own: Path, value: str) -> None:
    write_table(own, "image,dog,cat", f"photos/a.jpg,1,{value}", "photos/b.png,0,1")
    found = prepared(own, "one_hot", source="images.csv")
    assert found.faults == [
        f"own/images.csv, line 2: the column 'cat' holds {value!r}: write 1 where the image shows the class, else 0"
    ]
    assert list(found.labels) == ["b"]


@pytest.mark.parametrize("header", ["dog,cat", "image", "image,split"])
def test_a_header_without_image_or_classes_is_refused(own: Path, header: str) -> None:
    write_table(own, header, "1,0")
    fault = "own/images.csv, line 1: the first line must be image and the name of each class"
    assert faults_of(own, "one_hot", source="images.csv") == [fault]
