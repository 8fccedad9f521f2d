"""The settings: params.yaml, frozen and typed, or a list of everything that is wrong with the file."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import PlainValidator, ValidationError

from seco.config.faults import MISSING, describe
from seco.config.moved import rename_old_keys
from seco.config.rules import broken_rules
from seco.config.sections import (
    Backbone,
    Cam,
    Count,
    Crf,
    Evaluate,
    Export,
    Factor,
    Generate,
    Positive,
    Predict,
    Prepare,
    Refine,
    Section,
    Seed,
    Share,
    Toco,
    Train,
    Weight,
    one_of,
)
from seco.errors import SecoError
from seco.storage.yaml_file import read_yaml

METHOD_NAMES = ["seco", "toco", "baseline", "full"]
"""What `method` may be: the names of `seco.training.methods.METHODS`, which is slow to import."""


class Settings(Section):
    """The whole of params.yaml. The method's own settings stand at the top level."""

    method: Annotated[str, PlainValidator(partial(one_of, METHOD_NAMES))]
    seed: Seed
    patch_size: Count
    patch_scale: Factor
    patch_tokens: Literal["patch", "crop"]
    num_patches: Count
    patch_centres: Literal["uncertain", "anywhere"]
    negative_patches: Literal["anywhere", "hard"]
    tag_threshold: Share
    settle_uncertain: bool
    use_rectification: bool
    rectify_threshold: Share
    reservoir_size: Count
    prototype_momentum: Share
    prototype_update: Literal["adaptive", "single", "patches"]
    teacher_momentum: Share
    tau_global: Positive
    tau_local: Positive
    lil_average: Literal["pairs", "queries", "tags"]
    lil_background: bool
    weight_ptc: Weight
    weight_lig: Weight
    weight_lil: Weight
    weight_seg: Weight
    weight_reg: Weight
    energy_pixels: Literal["all", "uncertain"]
    weight_patch: Weight
    patch_labels: Literal["all", "absent"]
    backbone: Backbone
    cam: Cam
    toco: Toco
    crf: Crf
    generate: Generate
    prepare: Prepare
    train: Train
    export: Export
    refine: Refine
    predict: Predict
    evaluate: Evaluate

    def crf_of(self, changes: Crf) -> dict[str, Any] | None:
        """Return the CRF's arguments for a stage that changes some of them; None where it is switched off."""
        merged = self.crf.model_dump() | changes.model_dump()
        return merged if merged.pop("enabled") else None


def load_settings(path: Path) -> Settings:
    """Read and check params.yaml.

    Raises:
        SecoError: the file is missing or no YAML, or keys are unknown, missing, moved, of the wrong type or impossible:
            all of them, a line each.
    """
    return check_settings(read_yaml(path), source=str(path))


def check_settings(values: Mapping[str, Any], *, source: str) -> Settings:
    """Return nested values as settings.

    Raises:
        SecoError: as `load_settings`; `source` names the file.
    """
    settings, faults = None, {}
    renamed, problems = rename_old_keys(values)
    try:
        settings = Settings.model_validate(renamed)
    except ValidationError as error:
        faults = describe(error.errors(), renamed, schema=Settings)
    if isinstance(crf := renamed.get("crf"), Mapping):
        faults |= {f"crf.{key}": MISSING for key in Crf.model_fields if crf.get(key) is None}
    problems += [f"{key}: {fault}" for key, fault in faults.items()] + broken_rules(renamed, set(faults))
    if settings is None or problems:
        listing = "\n".join(f"  {problem}" for problem in problems)
        raise SecoError(f"{source} has {len(problems)} problem{'s' * (len(problems) > 1)}:\n{listing}")
    return settings
