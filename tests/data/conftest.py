"""Data sets to be spoilt; sentences name them as a user in the folder above would."""

from pathlib import Path

import pytest

from tests.data.trees import make_photos, make_voc


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def own(folder: Path) -> Path:
    """Photographs listed in a CSV."""
    return make_photos(Path("own"))


@pytest.fixture
def voc(folder: Path) -> Path:
    """A sound tree in VOC's layout."""
    return make_voc(Path("VOC2012"))
