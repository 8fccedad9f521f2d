"""Signs that a data set is not what its lists say: told with counts, or refused where nothing could be right."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.data.checks import CheckedDataset, CheckedImage
from seco.data.plausibility import oddities, require_usable
from seco.errors import SecoError
from seco.storage.manifest import Record
from tests.data.trees import add_mask, add_photo, prepared, write_table, written


def data_set(*images: tuple[str, str | None], classes: str = "abc", split: str = "train") -> CheckedDataset:
    """Return images by (labels, classes shown or None), each class a letter."""
    return CheckedDataset(
        [
            CheckedImage(
                Record(str(number), Path("x"), None, tuple(labels), split, 1, 1),
                None if shown is None else tuple(shown),
                ("", ""),
            )
            for number, (labels, shown) in enumerate(images)
        ],
        [],
        {},
        tuple(classes),
    )


SOUND = (("ab", None), ("b", None), ("c", None), ("ac", None))


def test_a_sound_data_set_has_no_oddity() -> None:
    require_usable(data_set(*SOUND))
    assert oddities(data_set(*SOUND)) == []
    assert oddities(data_set(*(("ab", "a"), ("b", "b"), ("c", "c"), ("ac", "a"), ("", "")))) == []


@pytest.mark.parametrize(
    ("images", "told"),
    [
        ([("a", "b")] * 4 + [("b", "b")] * 9, "no mask shows 'a', though labels name it"),
        ([("a", "ab")] * 4 + [("a", "a"), ("c", "c")], "masks show 'b', but no label names it"),
        ([("a", "b"), ("b", "a")] * 2, "4 of 4 masks show no class that the labels name: are they the right masks?"),
        ([("a", None), ("b", None)], "train: no image shows 'c', so it cannot be learnt"),
        ([("ab", None), ("a", None), ("ac", None), ("a", None)], "train: every image shows 'a', so nothing tells it"),
        (
            [("ab", None)] * 4 + [("c", None)],
            "train: 'a' and 'b' are in the same 4 images, so nothing",
        ),
    ],
)
def test_what_images_give_away_is_told(images: list[tuple[str, str | None]], told: str) -> None:
    assert [note for note in oddities(data_set(*images)) if note.startswith(told)]


@pytest.mark.parametrize("name", ["no defect", "No_Defect", "non-defect", "weed-free", "good", "OK", "normal"])
def test_a_class_that_seems_to_mean_nothing_is_told_unless_it_comes_with_others(name: str) -> None:
    def told(*labels: tuple[str, ...]) -> list[str]:
        records = [Record(str(place), Path("x"), None, found, "train", 1, 1) for place, found in enumerate(labels)]
        images = [CheckedImage(record, None, ("", "")) for record in records]
        return [note for note in oddities(CheckedDataset(images, [], {}, ("defect", name))) if "shows nothing" in note]

    assert told(("defect",), (name,), (name,)) == [
        f"train: {name!r} seems to say that an image shows nothing: give such images no label (formats of class "
        "folders: a folder named none), so that they teach what is background"
    ]
    assert told(("defect",), (name,), ("defect", name)) == []
    assert told((name,)) == []  # the one class there is


def test_one_class_in_every_image_is_told_and_images_of_nothing_cure_it() -> None:
    everywhere = data_set(*[("a", None)] * 4, classes="a")
    require_usable(everywhere)
    assert oddities(everywhere) == [
        "train: every image shows 'a', so nothing tells it from its surroundings: add images without it, with other "
        "labels or none"
    ]
    assert oddities(data_set(*[("a", None)] * 4, ("", None), classes="a")) == []
    with pytest.raises(SecoError, match="no image of the split 'train' has a label, so there is nothing to learn"):
        require_usable(data_set(*[("", None)] * 4, classes="a"))


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("traffic light", "traffic_light"), "the classes 'traffic light' and 'traffic_light' may be one"),
        (("Dog", "dog"), "the classes 'Dog' and 'dog' may be one"),
        (("dogs", "dog"), "the classes 'dogs' and 'dog' may be one"),
        (("cafe\u0301", "caf\u00e9"), "may be one: give them one name"),
        (("cat", "nan"), "the class 'nan' looks like an empty cell"),
        (("cat", "dog", "cat dog"), "the class 'cat dog' looks like a list of 'cat' and 'dog': separate labels by ;"),
        (("cat", "dog", "cat_dog"), "the class 'cat_dog' looks like a list of 'cat' and 'dog'"),
        (("cat", "dog", "dog + cat"), "the class 'dog + cat' looks like a list of 'dog' and 'cat'"),
        (("cat", "dog", "dog and cat"), "the class 'dog and cat' looks like a list of 'dog' and 'cat'"),
        (("cat", "dog", "dog/cat"), "the class 'dog/cat' looks like a list of 'dog' and 'cat'"),
    ],
)
def test_names_that_are_alike_or_look_like_lists_are_told(names: tuple[str, ...], told: str) -> None:
    assert [note for note in oddities(CheckedDataset([], [], {}, names)) if told in note]


@pytest.mark.parametrize("names", [("cat", "car", "hot dog", "dog", "bus", "traffic light"), ("person", "persona")])
def test_other_names_are_not(names: tuple[str, ...]) -> None:
    assert not [note for note in oddities(CheckedDataset([], [], {}, names)) if "train:" not in note]


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (data_set(("a", None), split="val"), "no image is in the split 'train'"),
        (data_set(("", None), ("", "")), "no image of the split 'train' has a label"),
        (
            data_set(("a", ""), ("b", ""), ("", None)),
            "no mask shows a class: all 2 masks hold 0 .background. and 255",
        ),
        (data_set(("a", ""), ("", None)), "no mask shows a class: the mask hold"),
    ],
)
def test_what_nothing_can_be_learnt_from_is_refused(found: CheckedDataset, fault: str) -> None:
    with pytest.raises(SecoError, match=fault):
        require_usable(found)


def test_masks_of_black_and_white_are_refused_before_anything_is_written(own: Path, tmp_path: Path) -> None:
    add_mask(own / "masks/a.png", [0, 255])
    write_table(own, "image,labels,split,mask", "photos/a.jpg,dog,train,", "photos/b.png,dog,val,masks/a.png")
    with pytest.raises(SecoError, match="no mask shows a class"):
        written(prepared(own, "csv", classes=["dog"]), own, tmp_path / "prepared")
    assert not (tmp_path / "prepared").exists()


def test_masks_with_a_palette_each_are_told(own: Path) -> None:
    for name, first, second in (("a", (255, 0, 0), (0, 0, 255)), ("b", (0, 0, 255), (255, 0, 0))):
        mask = Image.fromarray(np.tile(np.array([0, 1, 2], np.uint8), (8, 4)))
        mask.putpalette([0, 0, 0, *first, *second])
        (own / "masks").mkdir(exist_ok=True)
        mask.save(own / f"masks/{name}.png")
    lines = ("photos/a.jpg,dog;cat,masks/a.png", "photos/b.png,cat;dog,masks/b.png")
    write_table(own, "image,labels,mask", *lines)
    told = "the colour (255, 0, 0) has the value 1 in own/masks/a.png and 2 in own/masks/b.png"
    assert [note for note in oddities(prepared(own, "csv", classes=["cat", "dog"]).dataset) if note.startswith(told)]
    write_table(own, "image,labels,mask", *lines[:1])
    assert not [note for note in oddities(prepared(own, "csv", classes=["cat", "dog"]).dataset) if "colour" in note]


def test_dark_images_of_16_bits_are_told(own: Path) -> None:
    Image.fromarray(np.full((8, 12), 4095, np.uint16)).save(own / "photos/b.png")
    (note,) = [note for note in oddities(prepared(own, "csv").dataset) if "16 bits" in note]
    assert note.startswith("all images of 16 bits (1) are dark: at most 15 of 255")
    Image.fromarray(np.full((8, 12), 65535, np.uint16)).save(own / "photos/b.png")
    assert not any("16 bits" in note for note in oddities(prepared(own, "csv").dataset))


def test_images_of_nothing_teach_every_format(own: Path) -> None:
    add_photo(own / "none.jpg")
    write_table(own, "image,labels", "photos/a.jpg,dog", "none.jpg,")
    assert prepared(own, "csv").labels == {"photos/a": ("dog",), "none": ()}
