"""Which image the name of a corrected mask means."""

from pathlib import Path

import pytest

from seco.data.corrections.images import ImageNames
from seco.errors import SecoError
from seco.storage.manifest import Record


def names_of(*ids: str) -> ImageNames:
    return ImageNames(Record(name, Path(f"data/raw/own/{name}.jpg"), None, (), "train", 12, 8) for name in ids)


@pytest.mark.parametrize(
    "name",
    ["day1/001", "001", "001.jpg", "day1/001.jpg", "out/day1/001.png", "own/day1/001.jpg", "/d/files?d=x/day1/001.jpg"],
)
def test_a_name_means_the_image_whose_id_or_path_it_ends_like(name: str) -> None:
    assert names_of("day1/001", "day1/002").find(name).id == "day1/001"


@pytest.mark.parametrize("name", ["day2/001", "day2/001.png", "/d/files?d=day2/001.jpg", "masks/001.png", "003"])
def test_an_image_of_another_folder_is_not_meant(name: str) -> None:
    with pytest.raises(SecoError, match="is no image of the prepared data: name the mask after its id"):
        names_of("day1/001", "day1/002").find(name)


def test_a_name_of_several_images_is_refused() -> None:
    with pytest.raises(SecoError, match="can be several images"):
        names_of("day1/001", "day2/001").find("001.png")
