"""Masks of images whose data set holds outlines instead: drawn once, kept, and put beside the manifest."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from seco.data.candidates import Candidate, OutlineFile
from seco.data.checking import CheckedRecord
from seco.data.outlines import Drawing, draw
from seco.data.problems import Problem
from seco.runtime.parallel import ProgressCallback, process_map
from seco.storage.atomic import path_aside
from seco.storage.masks import mask_path

_VERSION = 1  # of the way in which masks are drawn
_FEW = 200  # masks drawn in the time that processes take to start
_FOLDER = "masks"


def draw_masks(
    candidates: Sequence[Candidate],
    *,
    class_names: Sequence[str],
    store: Path,
    progress: ProgressCallback | None = None,
) -> tuple[list[Candidate], list[Problem]]:
    """Draw the masks of the candidates that have outlines, in parallel.

    Args:
        candidates: the images, with ids.
        class_names: foreground classes in id order.
        store: folder in which masks are kept, below a name for all that they were drawn from. Those that are there are
            not drawn again, so that an interrupted run goes on where it stopped.
        progress: called with (done, total) after each mask.

    Returns:
        All candidates, with masks, but those whose outlines are at fault; and the problems of these.

    Raises:
        SecoError: a mask cannot be written.
    """
    drawings = _plan(candidates, class_names, store)
    missing = [image_id for image_id, drawing in drawings.items() if not _is_drawn(drawing.target)]
    drawn = process_map(draw, (drawings[image_id] for image_id in missing), workers=1 if len(missing) < _FEW else None)
    faults: dict[str | None, str] = {}
    for done, (image_id, fault) in enumerate(zip(missing, drawn, strict=True), start=1):
        if fault is not None:
            faults[image_id] = fault
        if progress is not None:
            progress(done, len(missing))
    masked: list[Candidate] = []
    problems: list[Problem] = []
    for candidate in candidates:
        drawing = drawings.get(candidate.id)
        if candidate.id in faults:
            problems.append(Problem(drawings[candidate.id].outlines, f"{candidate.where}: {faults[candidate.id]}"))
        else:
            masked.append(candidate if drawing is None else replace(candidate, mask=drawing.target))
    return masked, problems


def place_masks(checked: Sequence[CheckedRecord], *, store: Path, folder: Path) -> list[CheckedRecord]:
    """Put the drawn masks among the records' masks into `folder/masks`, in place of what was there.

    Returns:
        The records, with the drawn masks where they now are.

    Raises:
        SecoError: they cannot be written.
    """
    target = folder / _FOLDER
    placed: list[CheckedRecord] = []
    with path_aside(target) as aside:
        try:
            for item in checked:
                mask = item.record.mask
                if mask is None or not mask.is_relative_to(store):
                    placed.append(item)
                    continue
                _link(mask, mask_path(aside, item.record.id))
                placed.append(replace(item, record=replace(item.record, mask=mask_path(target, item.record.id))))
            if target.exists():
                shutil.rmtree(target)
            if aside.exists():
                aside.rename(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return placed


def _is_drawn(mask: Path) -> bool:
    return mask.is_file() and mask.stat().st_size > 0


def _plan(candidates: Sequence[Candidate], class_names: Sequence[str], store: Path) -> dict[str | None, Drawing]:
    """Return how the mask of each image with outlines is drawn, by image id."""
    rank = {name: class_id for class_id, name in enumerate(class_names, start=1)}
    shared: dict[int, tuple[dict[int, int], Path]] = {}  # of a JSON file: class ids, and the folder of its masks
    drawings: dict[str | None, Drawing] = {}
    for candidate in candidates:
        outlines = candidate.outlines
        if outlines is None:
            continue
        file = outlines.file
        if id(file) not in shared:
            class_ids = {category: rank[name] for category, name in file.categories.items() if name in rank}
            shared[id(file)] = class_ids, store / _name(file, class_ids)
        class_ids, folder = shared[id(file)]
        target = mask_path(folder, candidate.id or "")
        drawings[candidate.id] = Drawing(file.path, outlines.spans, outlines.size, class_ids, target)
    return drawings


def _name(file: OutlineFile, class_ids: dict[int, int]) -> str:
    """Return a name for all that the masks of a JSON file depend on."""
    content = json.dumps([_VERSION, file.digest, sorted(class_ids.items())])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without links
        shutil.copyfile(source, target)
