"""What a training of SeCo leaves for its report, beside the model and not in it: `method.safetensors`."""

from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from seco.errors import SecoError
from seco.storage.model import write_weights

RECORD_FILE = "method.safetensors"
TAG_COUNTS = ("tagged", "withdrawn", "tagged_right", "withdrawn_right")
"""Rows of ``MethodRecord.tags``: patches that the CAM tagged, tags that eq. 7 withdrew, and how many of either the true
masks confirm."""
_CURVE = "curve/"


class MethodRecord(NamedTuple):
    """Prototypes and tags of a run."""

    prototypes: Tensor
    """Float32 ``[K, D]``, unit length; a class without a prototype has zeros."""
    snapshots: Tensor
    """Float16 ``[T, K, D]``: the prototypes at some of the last steps."""
    steps: Tensor
    """Int64 ``[T]``: those steps, in their order."""
    tags: Tensor
    """Int64 ``[4, K+1]``: over the whole run, the patches of ``TAG_COUNTS`` by tag, background first."""
    judged: Tensor
    """Bool scalar: whether the masks were compared; without, the last two rows of ``tags`` are 0."""
    curves: dict[str, Tensor]
    """Learning curves of patches and tags, float64 ``[n]`` each, NaN where a point has none; "step" is one of them."""


def write_method_record(folder: Path, record: MethodRecord | None) -> None:
    """Write a record, or remove an older one where the training method keeps none.

    Raises:
        SecoError: the file cannot be written; an older one survives.
    """
    path = folder / RECORD_FILE
    if record is None:
        path.unlink(missing_ok=True)
        return
    named = {name: value for name, value in record._asdict().items() if name != "curves"}
    write_weights(path, named | {f"{_CURVE}{name}": values for name, values in record.curves.items()})


def read_method_record(folder: Path) -> MethodRecord | None:
    """Return what `write_method_record` wrote; None where there is no file.

    Raises:
        SecoError: the file is damaged.
    """
    path = folder / RECORD_FILE
    if not path.is_file():
        return None
    try:
        stored = load_file(path)
        curves = {name.removeprefix(_CURVE): stored.pop(name) for name in sorted(stored) if name.startswith(_CURVE)}
        record = MethodRecord(**stored, curves=curves)
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise SecoError(f"{path} cannot be read ({error}): run `seco train` again") from error
    classes, width = record.prototypes.shape if record.prototypes.dim() == 2 else (-1, -1)
    expected = {
        "snapshots": (len(record.steps), classes, width),
        "tags": (len(TAG_COUNTS), classes + 1),
        "judged": (),
        **dict.fromkeys(curves, curves["step"].shape if "step" in curves else None),
    }
    found = stored | curves
    if any(found[name].shape != torch.Size(shape) if shape is not None else True for name, shape in expected.items()):
        raise SecoError(f"{path} is not the record of a training: run `seco train` again")
    return record
