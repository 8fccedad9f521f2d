"""The trained model: weights as safetensors, and beside them the settings that made it."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from seco.errors import SecoError
from seco.storage.atomic import atomic_path, atomic_write_text

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"


class StoredModel(NamedTuple):
    """A model as it lies on disk."""

    weights: dict[str, Tensor]
    class_names: tuple[str, ...]
    settings: dict[str, Any]
    """The resolved settings of the run, as params.yaml nests them."""


def write_model(folder: Path, model: StoredModel) -> None:
    """Write ``config.json`` and ``model.safetensors``; the weights last, so that they stand for both."""
    config = {"class_names": list(model.class_names), "settings": model.settings}
    atomic_write_text(folder / CONFIG_FILE, json.dumps(config, indent=2, ensure_ascii=False) + "\n")
    with atomic_path(folder / WEIGHTS_FILE) as aside:
        save_file({name: weight.detach().cpu().contiguous() for name, weight in model.weights.items()}, aside)


def read_model(folder: Path) -> StoredModel:
    """Read what ``write_model`` wrote.

    Raises:
        SecoError: a file is missing or damaged.
    """
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        weights = load_file(folder / WEIGHTS_FILE)
        return StoredModel(weights, tuple(config["class_names"]), config["settings"])
    except FileNotFoundError as error:
        raise SecoError(f"{folder} holds no trained model ({error.filename} is missing): run `seco train`") from error
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise SecoError(f"the model in {folder} cannot be read ({error}): run `seco train` again") from error
