"""The code of each stage, as dvc.yaml lists it."""

from pathlib import Path

import pytest

from seco.config.stages import stage_code
from tests.imports import ROOT

OWN = """
stages:
  upload: {cmd: ./upload.sh}
  sizes: {foreach: [1, 2], do: {cmd: "echo ${item}"}}
  train: {cmd: seco train, deps: [seco/training, data/prepare, {seco/models: {}}]}
"""


def test_every_stage_depends_on_code() -> None:
    assert all(stage_code(ROOT).values())


@pytest.mark.parametrize("demo", ["plots: []", "stages:"])
def test_stages_of_the_user_need_no_deps(tmp_path: Path, demo: str) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/dvc.yaml").write_text(demo)
    (tmp_path / "dvc.yaml").write_text(OWN)
    assert stage_code(tmp_path) == {"upload": (), "sizes": (), "train": ("seco/training",)}
