"""The settings of params.yaml, shrunk: the authors' choices, with which each stage takes about a second."""

from pathlib import Path
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
    "train.compile": False,
    "train.num_workers": 0,
    "train.judge_tags": False,
    "export.image_size": 64,
    "export.batch_size": 2,
    "predict.image_size": 64,
    "predict.batch_size": 2,
}
PHASES = {
    "train.steps": 4,
    "train.warmup_steps": 1,
    "train.prototype_start": 0,
    "train.contrast_start": 1,
    "train.segmentation_start": 2,
    "train.log_every": 1,
    "toco.crop_size": 32,
}
"""Four steps in which the phases of training begin one after the other."""
SHORT = SMALL | {
    "train.steps": 3,
    "train.warmup_steps": 1,
    "train.prototype_start": 0,
    "train.contrast_start": 0,
    "train.segmentation_start": 1,
    "train.tag_source_switch": 2,
    "train.log_every": 1,
    "evaluate.pictures": 1,
}


def small_settings(**changes: Any) -> Settings:
    """Return the settings of params.yaml, shrunk, with changes by dotted key: ``**{"train.steps": 3}``."""
    values = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    return Settings.model_validate(changed(values, SMALL | changes))


def change_settings(folder: Path, changes: dict[str, Any], *, source: Path | None = None) -> None:
    """Change values of a folder's params.yaml, which is made from that of `source` if given, by their dotted keys."""
    values = yaml.safe_load(((source or folder) / "params.yaml").read_text(encoding="utf-8"))
    (folder / "params.yaml").write_text(yaml.safe_dump(changed(values, changes)))
