"""Unfinished files of a killed run: the stage that owns the folder removes them."""

from pathlib import Path

import pytest

from seco.storage.atomic import temporary_path
from tests.pipeline.conftest import Project

FOLDERS = {
    "prepare": ("data/prepare", ".seco/prepare/masks/0123"),
    "train": ("data/train",),
    "export": ("data/export/cams", "data/export/seeds/sub"),
    "refine": ("data/refine",),
    "predict": ("data/predict/crf", "data/predict/single_scale"),
    "evaluate": ("reports", "reports/figures"),
}


@pytest.mark.parametrize("stage", FOLDERS)
def test_a_stage_removes_what_a_killed_run_has_left(project: Project, stage: str) -> None:
    left = []
    for folder in FOLDERS[stage]:
        with temporary_path(project.root / folder / "a.png") as path:
            left.append(path)
        path.write_bytes(b"half")
    before = project.files()
    assert project.run(stage).status == 0
    assert {Path(project.root, name) for name in before.keys() - project.files().keys()} == set(left)
