"""The sections of params.yaml and the types of their values.

No key has a default: params.yaml shows every value that a run depends on.
"""

from collections.abc import Iterable
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, model_serializer
from pydantic_core import PydanticCustomError

from seco.data.formats import FORMATS

Count = Annotated[int, Field(ge=1)]
Step = Annotated[int, Field(ge=0)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]
Factor = Annotated[float, Field(gt=0, le=8)]
Scales = Annotated[tuple[Factor, ...], Field(min_length=1, strict=False)]
Names = Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
Range = Annotated[tuple[Positive, Positive], Field(strict=False)]


def one_of(names: Iterable[str], value: Any) -> str:
    """Return a value that is one of some names, which may be a registry that others extend; for a validator."""
    if value not in [*names]:
        *others, last = map(repr, names)
        raise PydanticCustomError("unknown_name", "{others} or {last}", {"others": ", ".join(others), "last": last})
    return value


class Section(BaseModel):
    """A section of params.yaml: frozen, and strict about names and types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Backbone(Section):
    """The ViT and the width of the projector's hidden layers."""

    name: str
    normalisation: Literal["imagenet", "model"]
    antialias: bool
    depth: Count | None
    pretrained: bool | str
    projector_width: Count


class Cam(Section):
    """Class activation maps during training: scales, thresholds and pooling of the classifiers."""

    scales: Scales
    low: Share
    high: Share
    pool_sharpness: Positive | None


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
    """The images that are drawn: the demo scenes, or surfaces with defects."""

    kind: Literal["demo", "defects"]
    train_images: Count
    val_images: Count
    image_size: Annotated[int, Field(ge=64, le=1024)]
    bias: Share
    seed: Seed


class Prepare(Section):
    """The data set: where it is and how it is read."""

    root: str
    format: Annotated[str, PlainValidator(partial(one_of, FORMATS))]
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
    head_epochs: Step
    weight_decay: Weight
    warmup_steps: Step
    warmup_ratio: Share
    prototype_start: Step
    contrast_start: Step
    contrast_ramp: Step
    segmentation_start: Step
    tag_source_switch: Step
    precision: Literal["auto", "fp32", "bf16"]
    compile: bool | Literal["auto"]
    activation_checkpointing: bool
    num_workers: Step
    max_bad_steps: Step
    log_every: Count
    checkpoint_every: Count
    evaluate_every: Step
    evaluate_split: str
    judge_tags: bool
    oracle_tags: bool
    use_corrections: bool
    mask_weight: Weight
    mask_share: Share

    def masks_of(self, images: int) -> int:
        """Return how many of the training images ``mask_share`` is: at least one, unless it is 0."""
        return max(round(self.mask_share * images), 1) if self.mask_share else 0


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
