"""The trained model: weights as safetensors, and the settings of the run as JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from seco.errors import SecoError
from seco.storage.atomic import atomic_path, atomic_write_bytes
from seco.storage.file_kind import stand_in
from seco.storage.json_file import format_json
from seco.storage.label_map import IGNORE

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"


def files_of_model(folder: Path) -> tuple[Path, Path]:
    """Return the files that a model consists of."""
    return folder / CONFIG_FILE, folder / WEIGHTS_FILE


class _Config(msgspec.Struct):
    class_names: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=IGNORE - 1)]
    settings: dict[str, Any]


class StoredModel(NamedTuple):
    """A model on disk."""

    weights: dict[str, Tensor]
    class_names: tuple[str, ...]
    settings: dict[str, Any]
    """The resolved settings of the run, as params.yaml nests them."""


def write_model(folder: Path, model: StoredModel) -> None:
    """Write ``config.json`` and ``model.safetensors``.

    Raises:
        SecoError: a file cannot be written; an older model survives, unless it is a new name that was refused.
    """
    content = {"class_names": list(model.class_names), "settings": model.settings}
    with atomic_path(folder / CONFIG_FILE) as config, atomic_path(folder / WEIGHTS_FILE) as weights:
        weights.write_bytes(_serialise(model.weights))
        config.write_bytes(format_json(content).encode())
        # Both are written. A kill while they get their names leaves no config, not that of another model's weights.
        (folder / CONFIG_FILE).unlink(missing_ok=True)


def write_weights(path: Path, weights: Mapping[str, Tensor]) -> None:
    """Write named weights as safetensors.

    Raises:
        SecoError: the file cannot be written; an older one survives.
    """
    atomic_write_bytes(path, _serialise(weights))


def read_model(folder: Path) -> StoredModel:
    """Read what ``write_model`` wrote.

    Raises:
        SecoError: a file is missing or damaged, or a weight is not finite.
    """
    for file in files_of_model(folder):
        if not file.is_file():
            raise SecoError(f"{folder} holds no trained model ({file.name} is missing): run `seco train`")
    try:
        config = msgspec.json.decode((folder / CONFIG_FILE).read_bytes(), type=_Config)
        weights = load_file(folder / WEIGHTS_FILE)
    except (OSError, ValueError, msgspec.DecodeError, RecursionError, SafetensorError) as error:
        kind = stand_in(folder / WEIGHTS_FILE, remedy="run `seco train` again")
        reason = f"its file {WEIGHTS_FILE} {kind}" if kind else f"{error}: run `seco train` again"
        raise SecoError(f"the model in {folder} cannot be read: {reason}") from error
    require_finite(folder / WEIGHTS_FILE, weights, remedy="run `seco train` again")
    return StoredModel(weights, config.class_names, config.settings)


def require_finite(path: Path, weights: Mapping[str, Tensor], *, remedy: str) -> None:
    """Raise a SecoError if a weight in the file at ``path`` is infinite or no number."""
    for name, weight in weights.items():
        if not torch.isfinite(weight).all():
            raise SecoError(f"{path}: the weight {name!r} holds values that are infinite or no numbers: {remedy}")


def _serialise(weights: Mapping[str, Tensor]) -> bytes:
    return save({name: weight.detach().cpu().contiguous() for name, weight in weights.items()})
