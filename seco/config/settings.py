"""The schema of params.yaml: frozen, typed settings, or a list of everything that is wrong with the file.

No key has a default: params.yaml shows every value that a run depends on.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_serializer
from pydantic_core import PydanticCustomError

from seco.config.faults import MISSING, describe
from seco.config.moved import rename_old_keys
from seco.config.rules import broken_rules
from seco.config.yaml_file import read_yaml
from seco.data.formats import FORMATS
from seco.errors import SecoError

Count = Annotated[int, Field(ge=1)]
Step = Annotated[int, Field(ge=0)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]
Scales = Annotated[tuple[Annotated[float, Field(gt=0, le=8)], ...], Field(min_length=1, strict=False)]
Names = Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
Range = Annotated[tuple[Positive, Positive], Field(strict=False)]


class Section(BaseModel):
    """A section of params.yaml: frozen, and strict about names and types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Backbone(Section):
    """The ViT and the width of the projector's hidden layers."""

    name: str
    depth: Count | None
    pretrained: bool | str
    projector_width: Count


class Cam(Section):
    """Class activation maps during training: scales and the thresholds of background and foreground."""

    scales: Scales
    low: Share
    high: Share


class Toco(Section):
    """ToCo's class-token contrast (method: toco)."""

    weight: Weight
    crop_size: Count
    num_crops: Count
    object_threshold: Annotated[float, Field(ge=0, le=2)]
    temperature: Positive
    momentum: Share


class Crf(Section):
    """A dense CRF (Krähenbühl and Koltun, 2011), or what a stage changes of it; sigmas in pixels and colour levels."""

    enabled: bool | None = None
    sharpness: Positive | None = None
    iterations: Count | None = None
    gaussian_sigma: Positive | None = None
    gaussian_weight: Weight | None = None
    bilateral_sigma_xy: Positive | None = None
    bilateral_sigma_rgb: Positive | None = None
    bilateral_weight: Weight | None = None

    @model_serializer
    def _given(self) -> dict[str, Any]:
        return {name: value for name, value in self if value is not None}


class Generate(Section):
    """The demo scenes."""

    train_images: Count
    val_images: Count
    image_size: Annotated[int, Field(ge=64, le=1024)]
    bias: Share
    seed: Seed


def _known_format(value: Any) -> str:
    if value not in list(FORMATS):
        *names, last = map(repr, FORMATS)
        raise PydanticCustomError("unknown_format", "{names} or {last}", {"names": ", ".join(names), "last": last})
    return value


class Prepare(Section):
    """The data set: where it is and how it is read."""

    root: str
    format: Annotated[str, PlainValidator(_known_format)]
    classes: Literal["voc", "coco"] | Names | None
    lists: dict[str, str] | None
    source: str | None
    difficult: bool | None
    validation_share: Annotated[float, Field(gt=0, lt=1)] | None
    split_seed: Seed
    outside_root: bool
    skip_bad: bool


class Train(Section):
    """The training run: schedule, optimizer, views, precision, logs and checkpoints."""

    steps: Count
    batch_size: Count
    crop_size: Count
    second_view_size: Count
    scale_range: Range
    learning_rate: Positive
    head_multiplier: Positive
    weight_decay: Weight
    warmup_steps: Step
    warmup_ratio: Share
    prototype_start: Step
    contrast_start: Step
    segmentation_start: Step
    tag_source_switch: Step
    precision: Literal["auto", "fp32", "bf16"]
    compile: bool
    activation_checkpointing: bool
    num_workers: Step
    max_bad_steps: Step
    log_every: Count
    checkpoint_every: Count
    evaluate_every: Step
    evaluate_split: str
    judge_tags: bool


class Export(Section):
    """CAMs and seed masks of whole images."""

    background: Share
    image_size: Count
    batch_size: Count


class Refine(Section):
    """Refined pseudo masks from multi-scale CAMs."""

    splits: Names
    scales: Scales
    use_par: bool
    crf: Crf


class Predict(Section):
    """Segmentations by the decoder."""

    splits: Names
    image_size: Count
    batch_size: Count
    scales: Scales
    crf: Crf


class Evaluate(Section):
    """What the report shows."""

    pictures: Count
    pairs: Count


class Settings(Section):
    """The whole of params.yaml. The method's own settings stand at the top level."""

    method: Literal["seco", "toco", "baseline", "full"]
    seed: Seed
    patch_size: Count
    num_patches: Count
    patch_centres: Literal["uncertain", "anywhere"]
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
    weight_ptc: Weight
    weight_lig: Weight
    weight_lil: Weight
    weight_seg: Weight
    weight_reg: Weight
    weight_patch: Weight
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

    def crf_of(self, changes: Crf) -> dict[str, float] | None:
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
