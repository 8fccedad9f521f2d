import pytest

from seco.storage.names import class_fault, file_parts, id_fault, split_fault
from tests.names import HOSTILE


@pytest.mark.parametrize(
    "name", ["background", "Background", "BACKGROUND", "_background_", "__background__", "back-ground"]
)
def test_background_is_no_class(name: str) -> None:
    assert "leave it out (an image that shows none of the classes has no label)" in (class_fault(name) or "")


@pytest.mark.parametrize(
    ("name", "fault"), [("", "is empty"), (" \n", "is empty"), ("a;b", "semicolon"), ("\udce9", "UTF-8")]
)
def test_a_class_needs_a_name_that_a_list_of_labels_can_hold(name: str, fault: str) -> None:
    assert fault in (class_fault(name) or "")


@pytest.mark.parametrize("name", [*HOSTILE, "background noise", "foreground", "dog 1"])
def test_other_names_of_classes_are_fine(name: str) -> None:
    assert class_fault(name) is None


@pytest.mark.parametrize("name", ["train", "val_unbiased", "2024-05.1", "тест", "x" * 60])
def test_a_split_may_be_any_word(name: str) -> None:
    assert split_fault(name) is None


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "a\\b", ".hidden", "a b", "x" * 61, "[red]", "a\n", "$x"])
def test_a_split_is_one_word(name: str) -> None:
    assert "is no name: write train" in (split_fault(name) or "")


@pytest.mark.parametrize(
    ("image_id", "fault"),
    [
        *((image_id, "cannot be an image's id") for image_id in ("", ".", "/a", "a/../b", "a\\b", "a\0b")),
        ("caf\udce9", "is not written in UTF-8"),
        ("x" * 252, "is too long for the name of its mask: shorten each part to 251 bytes"),
        ("ü" * 126, "is too long"),
        ("x" * 252 + "/a", "is too long"),
        ("/".join(["x" * 200] * 16), "is too long"),
    ],
)
def test_an_id_that_no_file_can_be_named_after_is_refused(image_id: str, fault: str) -> None:
    assert fault in (id_fault(image_id) or "")


@pytest.mark.parametrize(
    "image_id", ["holiday 2020/img.1", "x" * 251, "a\nb", "[red]", "כלב/犬", "$(rm -rf)", "-rf", "a.png", "..."]
)
def test_other_ids_are_fine(image_id: str) -> None:
    assert id_fault(image_id) is None


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (["background", "tv-monitor", "potted plant", "Größe"], ["background", "tv-monitor", "potted_plant", "Größe"]),
        (["a/b", "a.b"], ["0_a_b", "1_a_b"]),
        (["cat", "Cat"], ["0_cat", "1_Cat"]),
        (["e\u0301", "\u00e9"], ["0_\u00e9", "1_\u00e9"]),
        (["../..", "x"], ["_", "x"]),
        (["漢" * 90, "x"], ["漢" * 26, "x"]),
    ],
)
def test_parts_of_file_names_are_safe_and_different(names: list[str], parts: list[str]) -> None:
    assert file_parts(names) == parts
