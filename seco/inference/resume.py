"""Which results of a run that was stopped are there, so that it goes on with the others.

Every command imports this file, so it imports the others only where a run begins.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

FilesOf = Callable[[str], Sequence[Path]]
"""An image's id to the files of its results."""


def resume(
    folder: Path,
    run: Mapping[str, Any],
    ids: Iterable[str],
    files_of: FilesOf,
    *,
    start_over: Callable[[], None],
    force: bool,
    source_of: Callable[[str], Path | None] = lambda _: None,
) -> frozenset[str]:
    """Prepare the folder of a run's results, on rank 0, and return the ids of the images that have theirs.

    Args:
        folder: of the results.
        run: what they depend on; it is written down in the folder.
        ids: of the images.
        files_of: returns the files of an image's results.
        start_over: called where the folder is not of this run, or `force` is given.
        force: whether nothing is kept.
        source_of: returns the file of an image, which is done again where it is newer than its results; None: of
            another run, as `run` tells.

    Raises:
        SecoError: the folder cannot be written, or what `start_over` raises.
    """
    from seco.compute.distributed import from_rank_0, rank
    from seco.storage.atomic import take_over
    from seco.storage.run_note import read_note, write_note

    done = frozenset[str]()
    if rank() == 0:
        if force or read_note(folder) != run:
            start_over()
        take_over(folder)
        write_note(folder, run)
        done = frozenset(image_id for image_id in ids if _is_done(files_of(image_id), source_of(image_id)))
    return from_rank_0(done)


def _is_done(files: Sequence[Path], source: Path | None) -> bool:
    """Return whether all results of an image are there, and none is older than the image."""
    if not all(map(Path.is_file, files)):
        return False
    return source is None or source.stat().st_mtime <= min(file.stat().st_mtime for file in files)
