"""A trained model from its folder: the network, and what of its settings is used after training."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import torch
from torch import Tensor

from seco.errors import SecoError
from seco.inference.predictor import Predictor
from seco.inference.results import Defaults
from seco.models.encoder import Normalisation, build_encoder
from seco.models.network import SeCoNetwork
from seco.storage.model import read_model


class _Backbone(msgspec.Struct):
    name: str
    depth: int | None
    normalisation: Normalisation
    antialias: bool


class _Cam(msgspec.Struct):
    pool_sharpness: float | None


class _Train(msgspec.Struct):
    precision: Literal["auto", "fp32", "bf16"]


class _Export(msgspec.Struct):
    background: float


class _Refine(msgspec.Struct):
    scales: tuple[float, ...]
    use_par: bool
    crf: dict[str, Any]


class _Predict(msgspec.Struct):
    scales: tuple[float, ...]
    crf: dict[str, Any]


class _UsedSettings(msgspec.Struct):
    """What is used of the settings that a model was trained with."""

    backbone: _Backbone
    cam: _Cam
    train: _Train
    export: _Export
    refine: _Refine
    predict: _Predict
    crf: dict[str, Any]


def load_predictor(folder: Path, *, class_names: Sequence[str] | None = None) -> Predictor:
    """Load a trained model, for data with these classes unless they are None.

    Raises:
        SecoError: the model is missing, damaged, of another architecture or trained for other classes.
    """
    stored = read_model(folder)
    if class_names is not None and stored.class_names != tuple(class_names):
        raise SecoError(
            f"the model in {folder} knows the classes {', '.join(stored.class_names)}, the prepared data has "
            f"{', '.join(class_names)}: run `seco train` on this data"
        )
    try:
        used = msgspec.convert(stored.settings, _UsedSettings)
    except msgspec.ValidationError as error:
        raise SecoError(f"config.json in {folder} is not that of a model ({error}): run `seco train` again") from error
    weights = {name: weight for name, weight in stored.weights.items() if _is_used(name)}
    with torch.device("meta"):  # without memory for the weights, which a damaged config could ask any amount of
        expected = _shapes_of(_network_of(used, len(stored.class_names)).state_dict())
    if (found := _shapes_of(weights)) != expected:
        differs = min(name for name in found | expected if found.get(name) != expected.get(name))
        detail = f"{differs}: {found.get(differs, 'absent')} and not {expected.get(differs, 'absent')}"
        raise SecoError(
            f"the weights in {folder} are of another architecture than its config.json says ({detail}): "
            "run `seco train` again"
        )
    network = _network_of(used, len(stored.class_names))
    network.load_state_dict(weights)
    return Predictor(network, stored.class_names, precision=used.train.precision, defaults=_defaults_of(used))


def _defaults_of(used: _UsedSettings) -> Defaults:
    return Defaults(
        background=used.export.background,
        cam_scales=used.refine.scales,
        use_par=used.refine.use_par,
        cam_crf=_crf_of(used.crf | used.refine.crf),
        scales=used.predict.scales,
        crf=_crf_of(used.crf | used.predict.crf),
    )


def _crf_of(merged: dict[str, Any]) -> dict[str, Any] | None:
    merged.pop("engine", None)  # models of earlier versions have one
    return merged if merged.pop("enabled") else None


def _network_of(used: _UsedSettings, num_classes: int) -> SeCoNetwork:
    encoder = build_encoder(pretrained=False, **msgspec.structs.asdict(used.backbone))
    return SeCoNetwork(encoder, num_classes=num_classes, pool_sharpness=used.cam.pool_sharpness)


def _shapes_of(weights: Mapping[str, Tensor]) -> dict[str, list[int]]:
    return {name: list(weight.shape) for name, weight in weights.items()}


def _is_used(weight: str) -> bool:
    """Return whether a weight of the network is used after training."""
    return not weight.startswith("projector.")
