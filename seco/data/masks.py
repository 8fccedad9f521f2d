"""Masks of images whose data set has outlines or colours instead: drawn once and kept in a cache."""

import functools
import hashlib
import json
from dataclasses import replace
from pathlib import Path

from seco.data.listing import Legend, Listing
from seco.data.problems import Problem
from seco.data.rasterise import MaskTask
from seco.data.recolour import RecolourTask
from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback, process_map
from seco.storage.atomic import temporary_path
from seco.storage.label_map import BACKGROUND, IGNORE
from seco.storage.masks import encode_mask, mask_path

_VERSION = 3  # of the way in which masks are drawn; part of the cache's names
_FEW = 200  # masks drawn in the time that worker processes take to start


def draw_masks(listing: Listing, *, cache: Path, progress: ProgressCallback | None = None) -> Listing:
    """Draw the masks of the images that have outlines or masks of colours, in parallel.

    Args:
        listing: images with ids, and the class names in id order.
        cache: folder in which masks are kept, below a name for all that they depend on. Masks that are there are not
            made again, so that an interrupted run goes on where it stopped.
        progress: called with (done, total) after each mask.

    Returns:
        The listing with the masks; images whose outlines or colours are at fault have become problems.

    Raises:
        SecoError: a mask cannot be written.
    """
    tasks = _mask_tasks(listing, cache)
    missing = {
        image_id: task
        for image_id, task in tasks.items()
        if not task.target.is_file() or not task.target.stat().st_size
    }
    workers = 1 if len(missing) < _FEW else None
    faults: dict[str | None, str] = {}
    results = process_map(_write, missing.values(), workers=workers)
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
            problems.append(Problem(task.source, f"{image.where}: {faults[image.id]}"))
        else:
            images.append(replace(image, mask=task.target))
    return replace(listing, images=images, problems=problems)


def _write(task: MaskTask | RecolourTask) -> str | None:
    """Draw and write a mask; where that is not possible, return a sentence instead.

    Raises:
        SecoError: the mask cannot be written.
    """
    try:
        mask = task.draw()
    except SecoError as error:
        return str(error)
    # Not synced to the disk, which would take longer than all the rest: an empty mask is written again.
    with temporary_path(task.target) as aside:
        aside.write_bytes(encode_mask(mask))
        aside.replace(task.target)
    return None


def _mask_tasks(listing: Listing, cache: Path) -> dict[str | None, MaskTask | RecolourTask]:
    """Return the mask to be made for each image with outlines or colours, by image id."""
    rank = {name: class_id for class_id, name in enumerate(listing.class_names, start=1)}

    @functools.cache
    def class_ids_and_folder(file: Legend) -> tuple[dict[int, int], Path]:
        class_ids = {category: rank[name] for category, name in file.categories.items() if name in rank}
        depends_on = json.dumps([_VERSION, file.digest, sorted(class_ids.items())])
        return class_ids, cache / hashlib.sha256(depends_on.encode()).hexdigest()[:16]

    tasks: dict[str | None, MaskTask | RecolourTask] = {}
    for image in listing.images:
        if image.outlines is not None:
            legend, annotations, size = image.outlines.legend, image.outlines.annotations, image.outlines.size
            class_ids, folder = class_ids_and_folder(legend)
            target = mask_path(folder, image.id or "")
            tasks[image.id] = MaskTask(legend.path, annotations, size, class_ids, target)
        elif image.colours is not None:
            legend = image.colours.legend
            others = {
                **dict.fromkeys(image.colours.background, BACKGROUND),
                **dict.fromkeys(image.colours.ignored, IGNORE),
            }
            class_ids, folder = class_ids_and_folder(legend)
            target = mask_path(folder, image.id or "")
            tasks[image.id] = RecolourTask(legend.path, image.colours.mask, {**class_ids, **others}, target)
    return tasks
