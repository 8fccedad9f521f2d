"""Masks of images whose data set has outlines instead: drawn once and kept in a cache."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from seco.data.listing import Listing, OutlineFile
from seco.data.problems import Problem
from seco.data.rasterise import MaskTask, write_rasterised
from seco.runtime.parallel import ProgressCallback, process_map
from seco.storage.masks import mask_path

_VERSION = 1  # of the way in which masks are rasterised; part of the cache's names
_FEW = 200  # masks rasterised in the time that worker processes take to start


def rasterise_masks(listing: Listing, *, cache: Path, progress: ProgressCallback | None = None) -> Listing:
    """Draw the masks of the images that have outlines, in parallel.

    Args:
        listing: images with ids, and the class names in id order.
        cache: folder in which masks are kept, below a name for all that they depend on. Masks that are there are not
            drawn again, so that an interrupted run goes on where it stopped.
        progress: called with (done, total) after each mask.

    Returns:
        The listing with the masks; images with a malformed outline have become problems.

    Raises:
        SecoError: a mask cannot be written.
    """
    tasks = _mask_tasks(listing, cache)
    missing = {image_id: task for image_id, task in tasks.items() if not _is_written(task.target)}
    workers = 1 if len(missing) < _FEW else None
    faults: dict[str | None, str] = {}
    results = process_map(write_rasterised, missing.values(), workers=workers)
    for done, (image_id, fault) in enumerate(zip(missing, results, strict=True), start=1):
        if fault is not None:
            faults[image_id] = fault
        if progress is not None:
            progress(done, len(missing))
    images, problems = [], list(listing.problems)
    for image in listing.images:
        task = tasks.get(image.id)
        if task is None:
            images.append(image)
        elif image.id in faults:
            problems.append(Problem(task.outline_file, f"{image.where}: {faults[image.id]}"))
        else:
            images.append(replace(image, mask=task.target))
    return replace(listing, images=images, problems=problems)


def _mask_tasks(listing: Listing, cache: Path) -> dict[str | None, MaskTask]:
    """Return what is to be drawn for each image with outlines, by image id."""
    rank = {name: class_id for class_id, name in enumerate(listing.class_names, start=1)}
    shared: dict[OutlineFile, tuple[dict[int, int], Path]] = {}  # class ids, and the folder of the file's masks
    tasks: dict[str | None, MaskTask] = {}
    for image in listing.images:
        outlines = image.outlines
        if outlines is None:
            continue
        file = outlines.file
        if file not in shared:
            class_ids = {category: rank[name] for category, name in file.categories.items() if name in rank}
            shared[file] = class_ids, cache / _cache_name(file, class_ids)
        class_ids, folder = shared[file]
        target = mask_path(folder, image.id or "")
        tasks[image.id] = MaskTask(file.path, outlines.annotations, outlines.size, class_ids, target)
    return tasks


def _is_written(mask: Path) -> bool:
    return mask.is_file() and mask.stat().st_size > 0


def _cache_name(file: OutlineFile, class_ids: dict[int, int]) -> str:
    """Return a name for all that the masks of a JSON file depend on."""
    content = json.dumps([_VERSION, file.digest, sorted(class_ids.items())])
    return hashlib.sha256(content.encode()).hexdigest()[:16]
