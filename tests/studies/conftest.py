"""Projects of made-up code."""

from pathlib import Path

import pytest
import yaml

from tests.studies.place import make_place
from tests.studies.repositories import SETTINGS, commit, git, write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with code and settings."""
    write(tmp_path, {"seco/a.py": "a = 1\n", "dvc.yaml": "stages: {}\n", "params.yaml": yaml.safe_dump(SETTINGS)})
    git(tmp_path, "init", "--quiet")
    for key, value in (("user.name", "test"), ("user.email", "test@localhost")):
        git(tmp_path, "config", key, value)
    commit(tmp_path)
    return tmp_path


@pytest.fixture
def place(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that DVC can run."""
    return make_place(project, tmp_path_factory.mktemp("notes"))
