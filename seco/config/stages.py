"""The code that each stage of the pipeline depends on, as dvc.yaml lists it: the one definition of it."""

from pathlib import Path
from typing import Any

from seco.storage.yaml_file import read_yaml

PIPELINES = ("demo/dvc.yaml", "dvc.yaml")
_CODE = ("pipeline/", "scenes/", "seco/")


def stage_code(root: Path) -> dict[str, tuple[str, ...]]:
    """Return, for each stage, the files and folders of code among its ``deps``, relative to the project's folder.

    Args:
        root: the folder that holds dvc.yaml.

    Raises:
        SecoError: a file of the pipeline is missing or no YAML.
    """
    stages: dict[str, dict[str, Any]] = {}
    for name in PIPELINES:
        stages |= read_yaml(root / name).get("stages") or {}
    # A stage that the user has added may have no deps, as one with `foreach` has, and a dep may be more than a path.
    return {
        stage: tuple(path for path in body.get("deps") or () if isinstance(path, str) and path.startswith(_CODE))
        for stage, body in stages.items()
    }


def installed_code(stage: str) -> list[Path]:
    """Return the code that decides a stage's result: what dvc.yaml lists, or all of it where there is no dvc.yaml."""
    root = Path(__file__).parents[2]
    listed = stage_code(root)[stage] if (root / "dvc.yaml").is_file() else ("seco",)
    return [root / path for path in listed]
