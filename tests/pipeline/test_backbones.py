"""Every stage runs with the paper's ViT and with each kind and width of the other backbones, at random weights."""

import shutil
from pathlib import Path

import pytest
import yaml

from seco.config.recipes import backbone_names, compose
from seco.storage.json_file import read_metrics
from seco.storage.model import read_model
from seco.studies.settings import changed
from tests.imports import ROOT
from tests.pipeline.conftest import STAGES, run_stage
from tests.settings import SHORT

RECIPES = ROOT / "recipes"
WIDTHS = {"base": 768, "small": 384, "tiny": 192}


def small_settings(backbone: str | None, data: dict) -> dict:
    """Return the paper's settings with a backbone, at its own patch, two blocks deep, for images of four tokens."""
    recipe = compose(RECIPES, "voc2012", backbone=backbone, root="data/raw/demo")
    patch = recipe.values["patch_size"] // 4
    kept = {key: value for key, value in SHORT.items() if key not in {"backbone.name", "patch_size"}}
    sides = dict.fromkeys(("train.crop_size", "export.image_size", "predict.image_size"), 4 * patch)
    data = {f"prepare.{key}": data["prepare"][key] for key in ("classes", "lists")}
    return changed(
        recipe.values,
        kept | sides | data | {"train.second_view_size": 2 * patch, "patch_size": 2 * patch, "backbone.depth": 2},
    )


@pytest.mark.slow
@pytest.mark.parametrize("backbone", [None, *(name for name in backbone_names(RECIPES) if "base" not in name)])
def test_the_pipeline_runs(finished: Path, tmp_path: Path, backbone: str | None):
    shutil.copytree(finished / "data/raw", tmp_path / "data/raw")
    demo = yaml.safe_load((finished / "params.yaml").read_text())
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(small_settings(backbone, demo)))
    for stage in STAGES:
        assert run_stage(tmp_path, stage) == 0, stage
    stored, name = read_model(tmp_path / "data/train"), backbone or "vit-base"
    assert stored.weights["classifier.weight"].shape[1] == next(WIDTHS[size] for size in WIDTHS if size in name)
    assert ("encoder.vit.reg_token" in stored.weights) == name.endswith("-reg")
    patch = 14 if name.startswith("dinov2") else 16
    assert stored.weights["encoder.vit.patch_embed.proj.weight"].shape[-1] == patch
    metrics = read_metrics(tmp_path / "reports/metrics.json", stage="evaluate")
    assert 0 <= metrics["segmentation"]["val"]["crf"]["miou"] <= 1
