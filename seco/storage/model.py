"""The trained model: weights as safetensors, and the settings of the run as JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from seco.errors import SecoError
from seco.storage.atomic import atomic_path, atomic_write_bytes
from seco.storage.json_file import write_json

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"


class StoredModel(NamedTuple):
    """A model on disk."""

    weights: dict[str, Tensor]
    class_names: tuple[str, ...]
    settings: dict[str, Any]
    """The resolved settings of the run, as params.yaml nests them."""


def write_model(folder: Path, model: StoredModel) -> None:
    """Write ``config.json`` and ``model.safetensors``.

    Raises:
        SecoError: a file cannot be written; when the weights cannot, both files of an older model survive.
    """
    config = {"class_names": list(model.class_names), "settings": model.settings}
    with atomic_path(folder / WEIGHTS_FILE) as temporary:
        temporary.write_bytes(_serialise(model.weights))
        write_json(folder / CONFIG_FILE, config)


def write_weights(path: Path, weights: Mapping[str, Tensor]) -> None:
    """Write named weights as safetensors.

    Raises:
        SecoError: the file cannot be written; an older one survives.
    """
    atomic_write_bytes(path, _serialise(weights))


def read_model(folder: Path) -> StoredModel:
    """Read what ``write_model`` wrote.

    Raises:
        SecoError: a file is missing or damaged.
    """
    for file in (CONFIG_FILE, WEIGHTS_FILE):
        if not (folder / file).is_file():
            raise SecoError(f"{folder} holds no trained model ({file} is missing): run `seco train`")
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        weights = load_file(folder / WEIGHTS_FILE)
        return StoredModel(weights, tuple(config["class_names"]), config["settings"])
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise SecoError(f"the model in {folder} cannot be read ({error}): run `seco train` again") from error


def _serialise(weights: Mapping[str, Tensor]) -> bytes:
    return save({name: weight.detach().cpu().contiguous() for name, weight in weights.items()})
