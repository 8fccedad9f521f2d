"""Files are found where a list means them, and nowhere else."""

from pathlib import Path

import pytest

from seco.data.listing import ListedImage, Listing
from seco.data.readers.finder import FileFinder
from seco.errors import SecoError

ROOT = Path("own")
FILES = (
    "photos/A.JPG", "photos/\u00e9t\u00e9 1.png", "photos/rex.jpg", "photos/img_0002.jpg", "images/x/y.jpeg",
    "two/a.jpg", "two/a.png", "JPEGImages/v.JPG", "plain.jpg", "back\\slash.jpg",
)  # fmt: skip
PLACES = ("", "images", "JPEGImages")


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    for name in FILES:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).touch()


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("photos/rex.jpg", "photos/rex.jpg"),
        ("./photos//rex.jpg", "photos/rex.jpg"),
        ("x/y.jpeg", "images/x/y.jpeg"),
        ("photos/a.jpg", "photos/A.JPG"),
        ("PHOTOS/Rex.JPG", "photos/rex.jpg"),
        ("photos/rex", "photos/rex.jpg"),
        ("photos/rex.png", "photos/rex.jpg"),
        ("photos/rex.jpeg", "photos/rex.jpg"),
        ("x/y.jpg", "images/x/y.jpeg"),
        ("v", "JPEGImages/v.JPG"),
        ("photos\\rex.jpg", "photos/rex.jpg"),
        (".\\photos\\rex.jpg", "photos/rex.jpg"),
        ("C:\\Users\\ann\\photos\\rex.jpg", "photos/rex.jpg"),
        ("/home/ann/own/photos/rex.jpg", "photos/rex.jpg"),
        ("/JPEGImages/v.jpg", "JPEGImages/v.JPG"),
        ("/x/plain.jpg", "plain.jpg"),
        ("own/photos/rex.jpg", "photos/rex.jpg"),
        ("../../label-studio/upload/photos/rex.jpg", "photos/rex.jpg"),
        ("jpegimages/V.jpg", "JPEGImages/v.JPG"),
        ("photos/%C3%A9t%C3%A9%201.png", "photos/\u00e9t\u00e9 1.png"),
        ("photos/e\u0301te\u0301 1.png", "photos/\u00e9t\u00e9 1.png"),
        ("photos/\u00c9T\u00c9 1.PNG", "photos/\u00e9t\u00e9 1.png"),
        ("back\\slash.jpg", "back\\slash.jpg"),
        ("two/a.jpg", "two/a.jpg"),
    ],
)
def test_a_file_is_found_under_any_spelling_that_can_mean_it_alone(text: str, file: str) -> None:
    finder, listing = FileFinder(ROOT), Listing()
    assert finder.look(text, places=PLACES) == ROOT / file
    assert finder.find(text, places=PLACES) == ROOT / file
    finder.settle(listing)
    with_slashes, named = (path.replace("\\", "/") for path in (text, file))
    is_exact = with_slashes.replace("./", "").replace("//", "/") == named.removeprefix("images/")
    assert listing.notes == ([] if is_exact else [f"1 file was found under another spelling: own/{file} for {text!r}"])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("two/a", "'two/a' can mean own/two/a.jpg and own/two/a.png: write which"),
        ("two/a.bmp", "'two/a.bmp' can mean own/two/a.jpg and own/two/a.png: write which"),
        ("photos", "own/photos is a folder: name a file"),
        ("photos/rx.jpg", "own/photos/rx.jpg does not exist: did you mean own/photos/rex.jpg?"),
        ("rex.jpg", "own/rex.jpg does not exist: did you mean own/photos/rex.jpg?"),
        ("other/REX.JPEG", "own/other/REX.JPEG does not exist: did you mean own/photos/rex.jpg?"),
        ("other/REX.png", "own/other/REX.png does not exist (nor in own/images, own/JPEGImages): restore it"),
        (
            "photos/img_0001.jpg",
            "own/photos/img_0001.jpg does not exist (nor in own/images, own/JPEGImages): ",
        ),
        ("photos/A.xml", "own/photos/A.xml does not exist (nor in own/images, own/JPEGImages): restore it"),
        ("../none.jpg", "'../none.jpg' leads out of own: copy the file there"),
        ("/etc/passwd", "'/etc/passwd' leads out of own: copy the file there"),
        ("C:\\none.jpg", "own/none.jpg does not exist"),
        ("", "'' is no path: name a file"),
        ("a\0.jpg", "'a\\x00.jpg' is no path: name a file"),
        ("caf\udce9.jpg", "'caf\\udce9.jpg' is no path: name a file"),
        ("x" * 300, "cannot be"),
    ],
)
def test_what_cannot_be_found_is_named_with_what_is_near(text: str, fault: str) -> None:
    finder = FileFinder(ROOT)
    if len(text) == 300:
        assert finder.find(text, places=PLACES) == ROOT / text, "the system's error comes when it is opened"
        return
    assert finder.look(text, places=PLACES) is None
    with pytest.raises(SecoError) as told:
        finder.find(text, places=PLACES)
    assert str(told.value).startswith(fault)


def test_images_that_two_texts_can_mean_are_at_fault() -> None:
    finder = FileFinder(ROOT)
    texts = ("/x/train/plain.jpg", "photos/rex.jpg", "/x/val/plain.jpg")
    listing = Listing([ListedImage(None, finder.find(text), text, (), None) for text in texts])
    finder.settle(listing)
    fault = "'/x/train/plain.jpg' and '/x/val/plain.jpg' can mean own/plain.jpg alone: write the path of each file in "
    assert [image.fault for image in listing.images] == [f"{fault}full", None, f"{fault}full"]


def test_spellings_of_one_path_mean_one_file() -> None:
    finder = FileFinder(ROOT)
    images = [finder.find(text) for text in ("photos/rex.jpg", "photos\\REX.jpg")]
    listing = Listing([ListedImage(None, image, "", (), None) for image in images])
    finder.settle(listing)
    assert [image.fault for image in listing.images] == [None, None]
