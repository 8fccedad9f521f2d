"""The networks and batches that the benchmarks measure, with the paper's settings and every loss on."""

from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from seco.config.recipes import compose
from seco.config.settings import Settings

RECIPES = Path(__file__).parents[1] / "recipes"
SCALES = [1.0, 0.5, 0.75, 1.5]

ALL_LOSSES: dict[str, Any] = {
    "backbone.pretrained": False,
    "backbone.depth": None,
    "backbone.projector_width": 2048,
    "cam.scales": SCALES,
    "train.prototype_start": 0,
    "train.contrast_start": 0,
    "train.segmentation_start": 0,
}


class Size(NamedTuple):
    """A network and a batch."""

    label: str
    changes: dict[str, Any]
    """Changes of the recipe `voc2012`, by dotted key."""
    published: str
    """The authors' code on another machine with two CPU cores, unchanged; with fused attention and bf16."""


SIZES = {
    "b16-448": Size(
        "B/16, 448, 4",
        {"backbone.name": "vit_base_patch16_224", "train.crop_size": 448, "train.batch_size": 4},
        "88–131 s, 15.7 GB; 25 s, 8.6 GB",
    ),
    "s16-224": Size(
        "S/16, 224, 2",
        {"backbone.name": "vit_small_patch16_224", "train.crop_size": 224, "train.batch_size": 2},
        "2.5 s, 2.6 GB; 1.6 s",
    ),
    "demo": Size(
        "192 wide, 6 blocks, 224, 8",
        {
            "backbone.name": "vit_tiny_patch16_224",
            "backbone.depth": 6,
            "backbone.projector_width": 512,
            "train.crop_size": 224,
            "train.batch_size": 8,
            "cam.scales": [1.0, 0.5],
        },
        "",
    ),
}


def settings_of(size: Size, **more: Any) -> Settings:
    """Return the settings of a size; ``more`` by dotted key: ``**{"train.precision": "fp32"}``."""
    values = deepcopy(compose(RECIPES, "voc2012").values)
    second = {"train.second_view_size": size.changes["train.crop_size"] // 2}
    for key, value in (ALL_LOSSES | second | size.changes | more).items():
        *sections, name = key.split(".")
        section = values
        for part in sections:
            section = section[part]
        section[name] = value
    return Settings.model_validate(values)
