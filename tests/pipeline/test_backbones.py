"""Every stage runs with every backbone that has a recipe; weights are random, sizes small."""

import shutil
from pathlib import Path

import pytest
import yaml

from seco.config.recipes import backbone_names, compose
from seco.storage.json_file import read_metrics
from seco.storage.model import read_model
from seco.studies.settings import changed
from tests.imports import ROOT
from tests.pipeline.conftest import STAGES, TINY, run_stage

RECIPES = ROOT / "recipes"
WIDTHS = {"base": 768, "small": 384, "tiny": 192}
REGISTERS = "encoder.vit.reg_token"


def small_settings(backbone: str | None) -> dict:
    """Return the paper's settings with a backbone, at its own patch, two blocks deep and four tokens wide."""
    recipe = compose(RECIPES, "voc2012", backbone=backbone, root="data/raw/demo")
    patch = recipe.values["patch_size"] // 4
    kept = {key: value for key, value in TINY.items() if key not in {"backbone.name", "patch_size"}}
    sides = ("train.crop_size", "export.image_size", "predict.image_size")
    sizes = dict.fromkeys(sides, 4 * patch) | {"train.second_view_size": 2 * patch, "patch_size": 2 * patch}
    data = {"prepare.classes": "demo", "prepare.lists": {"train": "train", "val": "val"}}
    return changed(recipe.values, kept | sizes | data | {"backbone.depth": 2})


@pytest.mark.slow
@pytest.mark.parametrize("backbone", [None, *backbone_names(RECIPES)])
def test_the_pipeline_runs(finished: Path, tmp_path: Path, backbone: str | None):
    shutil.copytree(finished / "data/raw", tmp_path / "data/raw")
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(small_settings(backbone)))
    for stage in STAGES:
        assert run_stage(tmp_path, stage) == 0, stage
    stored, name = read_model(tmp_path / "data/train"), backbone or "vit-base"
    assert stored.weights["classifier.weight"].shape[1] == next(WIDTHS[size] for size in WIDTHS if size in name)
    assert (REGISTERS in stored.weights) == name.endswith("-reg")
    patch = 14 if name.startswith("dinov2") else 16
    assert stored.weights["encoder.vit.patch_embed.proj.weight"].shape[-1] == patch
    metrics = read_metrics(tmp_path / "reports/metrics.json", stage="evaluate")
    assert 0 <= metrics["segmentation"]["val"]["crf"]["miou"] <= 1
