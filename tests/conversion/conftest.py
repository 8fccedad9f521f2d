from pathlib import Path

import pytest

from tests.conversion.masks import add_masks, some_masks


@pytest.fixture
def masks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a folder with masks, two of which hold 255, and photographs."""
    monkeypatch.chdir(tmp_path)
    add_masks(some_masks(ignore=True))
