"""The project's settings, shrunk until a step takes a fraction of a second, at the authors' choices."""

from typing import Any

import yaml

from seco.config.settings import Settings
from seco.studies.settings import changed
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
    "train.batch_size": 2,
    "train.crop_size": 64,
    "train.second_view_size": 32,
    "train.precision": "fp32",
    "train.num_workers": 0,
    "train.judge_tags": False,
    "export.image_size": 64,
    "export.batch_size": 2,
    "predict.image_size": 64,
    "predict.batch_size": 2,
}


def small_settings(**changes: Any) -> Settings:
    """Return the settings of params.yaml, shrunk, with changes by dotted key: ``**{"train.steps": 3}``."""
    values = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    return Settings.model_validate(changed(values, SMALL | changes))
