"""What `export`, `refine` and `predict` share: a trained network that runs over the images of some splits."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from seco.config.settings import Settings
    from seco.inference.predictor import Predictor
    from seco.storage.manifest import Manifest, Record

Item = TypeVar("Item")


def leave_cores_to_workers() -> None:
    """Let torch's CPU threads sleep while they wait; by default they spin, and slow the worker processes down.

    OpenMP reads the setting when torch is first imported: call this before.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def load_inference(params: Path, data: Path, model: Path) -> "tuple[Settings, Manifest, Predictor]":
    """Read settings, data and the trained network.

    Raises:
        SecoError: the settings, the manifest or the model is missing or damaged, or they do not fit each other.
    """
    from seco.config.settings import load_settings
    from seco.inference.predictor import load_predictor
    from seco.storage.manifest import read_manifest

    settings = load_settings(params)
    manifest = read_manifest(data)
    return settings, manifest, load_predictor(model, class_names=manifest.class_names)


def records_of(manifest: "Manifest", splits: Sequence[str]) -> "list[Record]":
    """Return the records of some splits; raises as `Manifest.split`."""
    return [record for split in splits for record in manifest.split(split)]


def write_in_workers(
    write: Callable[[Item], None],
    items: Iterable[Item],
    *,
    memory_of: Callable[[Item], int],
    stage: str,
    count: int,
) -> None:
    """Call `write` with each of `count` items in worker processes, and show the progress of the stage.

    `memory_of` says how many bytes that takes: no more images are worked on at once than there is memory for.
    """
    from seco.runtime.parallel import process_map
    from seco.runtime.progress import progress

    with progress(stage, count) as advance:
        for _ in process_map(write, items, memory_of=memory_of):
            advance()
