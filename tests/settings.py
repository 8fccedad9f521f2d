"""The project's settings, shrunk until a step takes a fraction of a second, at the authors' choices."""

from typing import Any

import yaml

from seco.config import Settings
from seco.experiments.settings import changed
from tests.imports import ROOT

SMALL = {
    "patch_size": 32,
    "num_patches": 3,
    "patch_centres": "uncertain",
    "reservoir_size": 32,
    "tag_threshold": 0.2,
    "cam.low": 0.25,
    "backbone.name": "vit_tiny_patch16_224",
    "backbone.depth": 1,
    "backbone.pretrained": False,
    "backbone.projector_width": 32,
    "training.batch_size": 2,
    "training.crop_size": 64,
    "training.second_view_size": 32,
    "training.precision": "fp32",
    "training.num_workers": 0,
    "training.judge_tags": False,
    "cam.image_size": 64,
    "cam.batch_size": 2,
    "predict.image_size": 64,
    "predict.batch_size": 2,
}


def small_settings(**changes: Any) -> Settings:
    """Return the settings of params.yaml, shrunk, with changes by dotted key: ``**{"training.steps": 3}``."""
    values = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    return Settings.model_validate(changed(values, SMALL | changes))
