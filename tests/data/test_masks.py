from pathlib import Path

import pytest

from seco.data import masks
from seco.data.dataset import read_dataset
from seco.data.listing import Listing
from seco.data.masks import draw_masks
from seco.errors import SecoError
from tests.data.trees import make_json


@pytest.fixture
def root(folder: Path) -> Path:
    return make_json(Path("own"))


def rasterised(root: Path, *, classes: tuple[str, ...] = ("cat", "dog")) -> Listing:
    listing = read_dataset(root, data_format="json", classes=classes, lists=None, source="images.json")
    return draw_masks(listing, cache=Path("cache"))


def mask_paths(root: Path, **settings: tuple[str, ...]) -> list[Path]:
    return [image.mask for image in rasterised(root, **settings).images if image.mask is not None]


def test_masks_are_drawn_once_unless_missing_or_empty(root: Path) -> None:
    first, second = mask_paths(root)
    content, first_time = second.read_bytes(), first.stat().st_mtime_ns
    second.write_bytes(b"")
    assert mask_paths(root) == [first, second]
    assert second.read_bytes() == content
    assert first.stat().st_mtime_ns == first_time


def test_other_outlines_or_classes_are_drawn_anew(root: Path) -> None:
    first = mask_paths(root)
    assert set(mask_paths(root, classes=("dog", "cat"))).isdisjoint(first)
    make_json(root, add={"annotations": [{"image_id": 7, "category_id": 1, "segmentation": [[0, 0, 5, 0, 5, 5]]}]})
    assert set(mask_paths(root)).isdisjoint(first)


def test_many_masks_are_drawn_by_worker_processes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = {path: path.read_bytes() for path in mask_paths(root)}
    for path in alone:
        path.unlink()
    monkeypatch.setattr(masks, "_FEW", 1)
    assert {path: path.read_bytes() for path in mask_paths(root)} == alone


def test_an_image_with_a_malformed_outline_becomes_a_problem(root: Path) -> None:
    make_json(root, add={"annotations": [{"id": 8, "image_id": 3, "category_id": 1, "segmentation": [[1]]}]})
    listing = rasterised(root)
    assert [image.id for image in listing.images] == ["a"]
    (problem,) = listing.problems
    assert problem.sentence.startswith(
        "own/images.json: the image 'photos/b.png': the outline of annotation 8 does not fit"
    )


def test_a_cache_that_cannot_be_written_is_reported(root: Path) -> None:
    Path("cache").write_text("a file")
    with pytest.raises(SecoError, match="cannot write"):
        rasterised(root)
