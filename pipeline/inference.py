"""What `export`, `refine` and `predict` share: a trained network that runs over images, and workers that write."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from seco.inference.resume import FilesOf, resume

if TYPE_CHECKING:
    from seco.config.settings import Settings
    from seco.inference.photographs import Photo
    from seco.inference.predictor import Predictor
    from seco.refinement.labelling import ScoredImage
    from seco.runtime.progress import Progress
    from seco.storage.manifest import Manifest


class _Named(Protocol):
    """Has the id of an image."""

    @property
    def id(self) -> str: ...


Item = TypeVar("Item", bound=_Named)
_SHOWN = 5  # images in a sentence


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
    from seco.runtime.memory import keep_freed_memory
    from seco.storage.manifest import read_manifest

    keep_freed_memory()
    settings = load_settings(params)
    manifest = read_manifest(data)
    return settings, manifest, load_predictor(model, class_names=manifest.class_names)


def photos_of(manifest: "Manifest", splits: Sequence[str]) -> "list[Photo]":
    """Return the photographs of some splits; raises as `Manifest.split`."""
    from seco.inference.photographs import photo_of

    return [photo_of(record) for split in splits for record in manifest.split(split)]


@contextmanager
def stage_results(
    stage: str,
    folder: Path,
    settings: "Settings",
    manifest: "Manifest",
    *,
    sections: set[str],
    inputs: tuple[Path, Path],
    files_of: FilesOf,
    force: bool,
    may_have: FilesOf | None = None,
) -> Iterator[frozenset[str]]:
    """Prepare the folder of a stage's results, and yield the ids of the images that a stopped run has finished.

    Results of another run are removed. The run's note goes when the block ends normally, so that a stage that was
    complete starts over.

    Args:
        stage: its name in dvc.yaml.
        folder: of the results.
        settings: of the run.
        manifest: the data.
        sections: of the settings, those that the results depend on.
        inputs: the folders of data and model.
        files_of: returns the files of an image's results.
        force: whether nothing is kept.
        may_have: returns the files that an image may have of any run; None: as `files_of`.

    Raises:
        SecoError: the folder cannot be written.
    """
    from seco.compute.distributed import gather_objects, rank
    from seco.config.stages import installed_code
    from seco.storage.atomic import require_writable
    from seco.storage.model import files_of_model
    from seco.storage.run_note import digest_of, remove_note

    data, model = inputs
    run = {
        "command": stage,
        "model": digest_of(files_of_model(model)),
        "data": digest_of(sorted(data.glob("*.csv"))),
        "code": digest_of(installed_code(stage)),
        "settings": settings.model_dump(mode="json", include=sections),
    }
    ids = [record.id for record in manifest.records]

    def remove_all() -> None:
        require_writable(folder)
        places: set[Path] = set()
        for path in chain.from_iterable(map(may_have or files_of, ids)):
            if path.is_file():
                path.unlink()
            places.update(parent for parent in path.parents if folder in parent.parents)
        for place in sorted(places, reverse=True):
            with suppress(OSError):  # it is not there, or holds other files
                place.rmdir()  # it may be of masks that this run does not write: `evaluate` would miss them

    yield resume(folder, run, ids, files_of, start_over=remove_all, force=force)
    gather_objects(None)  # until all ranks have finished
    if rank() == 0:
        remove_note(folder)


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
) -> list[str]:
    """Label images by their scores, and write their masks; the rest, and what is returned, as of `write_in_workers`."""
    from seco.refinement.labelling import smooth, working_memory, write_label

    return write_in_workers(
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
) -> list[str]:
    """Call `write` with each item in worker processes, and show the progress of the stage.

    Args:
        write: called as `write(item, crf=crf)`.
        items: what is written.
        smooth: called as `smooth(item, crf=crf)` in this process, before the item goes to a worker, where the CRF runs
            on a GPU; the worker's `crf` is None then.
        crf: the CRF's arguments; None: no CRF.
        on_gpu: whether torch computes on a GPU.
        memory_of: called as `memory_of(item, crf=crf)`: how many bytes `write` takes. No more images are worked on at
            once than there is memory for.
        stage: name of the stage.
        count: how many images all ranks have.

    Returns:
        A sentence for each image whose process was killed; the others are written.
    """
    from seco.runtime.parallel import process_map

    lost: list[str] = []

    if crf is not None and on_gpu:
        items, crf = map(partial(smooth, crf=crf), items), None
    with progress_of_rank(stage, count) as advance:
        memory = partial(memory_of, crf=crf)
        for _ in process_map(
            partial(write, crf=crf), items, memory_of=memory, on_lost=lambda item: lost.append(item.id)
        ):
            advance()
    return [
        f"{image_id}: the process that made its mask was killed: is the machine short of memory?" for image_id in lost
    ]


def tell_left_out(faults: Sequence[str], folder: Path) -> None:
    """Raise a SecoError if there are images without a result, each with its sentence; the others have theirs."""
    from seco.errors import SecoError

    if faults:
        shown = "\n".join(f"  {fault}" for fault in faults[:_SHOWN])
        more = f"\n  and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise SecoError(
            f"{len(faults)} of the images have no result, the others are done in {folder}; run the command again for "
            f"these alone:\n{shown}{more}"
        )
