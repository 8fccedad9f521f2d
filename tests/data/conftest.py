"""Data sets to be spoilt."""

from pathlib import Path

import pytest

from tests.data.own_tree import make_photos
from tests.data.preparation import told_of_voc
from tests.data.voc_tree import add_image, make_tree


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photographs listed in a CSV; sentences name them as a user in the folder above would."""
    monkeypatch.chdir(tmp_path)
    return make_photos(Path("own"))


@pytest.fixture
def voc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound tree in VOC's layout."""
    monkeypatch.chdir(tmp_path)
    root = make_tree(Path("VOC2012"))
    for image_id, names, values in (("a", ["dog"], [0, 12]), ("b", ["cat"], [8]), ("c", ["dog"], None)):
        add_image(root, image_id, names=names, mask_values=values)
    assert told_of_voc(root) == []
    return root
