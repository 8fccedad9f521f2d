"""Keys of params.yaml that have another name now."""

from collections.abc import Mapping
from typing import Any

_EXPORT = ("background", "image_size", "batch_size")


def moved_keys(values: Mapping[str, Any]) -> dict[str, str]:
    """Return old key → new key for every key of ``values`` that has moved.

    Such a file was written before sections were named after their stages.
    """
    found = {f"dataset.{name}": f"prepare.{name}" for name in _section(values, "dataset")}
    found |= {f"training.{name}": f"train.{name}" for name in _section(values, "training")}
    found |= {f"cam.{name}": f"export.{name}" for name in _section(values, "cam") if name in _EXPORT}
    return found


def _section(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = values.get(name)
    return section if isinstance(section, Mapping) else {}
