"""What `export`, `refine` and `predict` share: a trained network that runs over images, and workers that write."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from seco.config.settings import Settings
    from seco.inference.photographs import Photo
    from seco.inference.predictor import Predictor
    from seco.refinement.labelling import ScoredImage
    from seco.runtime.progress import Progress
    from seco.storage.manifest import Manifest

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
    from seco.inference.trained import load_predictor
    from seco.storage.manifest import read_manifest

    settings = load_settings(params)
    manifest = read_manifest(data)
    return settings, manifest, load_predictor(model, class_names=manifest.class_names)


def photos_of(manifest: "Manifest", splits: Sequence[str]) -> "list[Photo]":
    """Return the photographs of some splits; raises as `Manifest.split`."""
    from seco.inference.photographs import photo_of

    return [photo_of(record) for split in splits for record in manifest.split(split)]


def take_over_for_all(folder: Path) -> None:
    """Take over the folder of the results before any rank writes there; raises as `take_over`."""
    from seco.compute.distributed import gather_objects, rank
    from seco.storage.atomic import take_over

    if rank() == 0:
        take_over(folder)
    gather_objects(None)  # the others wait


@contextmanager
def progress_of_rank(stage: str, count: int) -> "Iterator[Progress]":
    """Yield the progress of a stage with so many images, of which this rank does an even part."""
    from seco.compute.distributed import rank, world_size
    from seco.runtime.progress import progress

    alone = world_size() == 1
    with progress(stage if alone else f"{stage}, rank {rank()}", count if alone else None) as advance:
        yield advance


def write_masks(
    predictor: "Predictor",
    scored: "Iterable[ScoredImage]",
    folder: Path,
    *,
    crf: Mapping[str, Any] | None,
    stage: str,
    count: int,
) -> None:
    """Label images by their scores, and write their masks; `crf` and what follows it as of `write_in_workers`."""
    from seco.refinement.labelling import smooth, working_memory, write_label

    write_in_workers(
        partial(write_label, folder=folder),
        scored,
        smooth=smooth,
        crf=crf,
        on_gpu=predictor.device.type == "cuda",
        memory_of=working_memory,
        stage=stage,
        count=count,
    )


def write_in_workers(
    write: Callable[..., None],
    items: Iterable[Item],
    *,
    smooth: Callable[..., Item],
    crf: Mapping[str, Any] | None,
    on_gpu: bool,
    memory_of: Callable[..., int],
    stage: str,
    count: int,
) -> None:
    """Call `write` with each item in worker processes, and show the progress of the stage.

    Args:
        write: called as `write(item, crf=crf)`.
        items: what is written.
        smooth: called as `smooth(item, crf=crf)` in this process, before the item goes to a worker, where the CRF runs
            on a GPU; the worker's `crf` is None then.
        crf: the CRF's arguments, with the engine that runs here; None: no CRF.
        on_gpu: whether torch computes on a GPU.
        memory_of: called as `memory_of(item, crf=crf)`: how many bytes `write` takes. No more images are worked on at
            once than there is memory for.
        stage: name of the stage.
        count: how many images all ranks have.
    """
    from seco.runtime.parallel import process_map

    if crf is not None and crf["engine"] == "torch" and on_gpu:
        items, crf = map(partial(smooth, crf=crf), items), None
    with progress_of_rank(stage, count) as advance:
        for _ in process_map(partial(write, crf=crf), items, memory_of=partial(memory_of, crf=crf)):
            advance()
