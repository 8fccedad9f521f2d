"""Projects of made-up code."""

from pathlib import Path

import pytest

from tests.studies.projects import make_repository, make_runnable


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with code and settings."""
    return make_repository(tmp_path / "project", params="seed: 0\nprepare: {root: data/raw/own}\n")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """The folder in which the stage of a runnable project notes what it does."""
    (tmp_path / "notes").mkdir()
    return tmp_path / "notes"


@pytest.fixture
def runnable(project: Path, notes: Path) -> Path:
    """A project that DVC can run."""
    return make_runnable(project, notes)
