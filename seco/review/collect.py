"""Finds the masks that could be corrected, and collects their signals."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from seco.errors import SecoError
from seco.inference.photographs import photo_of
from seco.inference.predictor import Predictor
from seco.review.signals import Comparison, compare
from seco.review.store import read_signals, write_signals
from seco.review.views import views_of
from seco.runtime.parallel import ProgressCallback
from seco.storage.manifest import Manifest, Record
from seco.storage.masks import mask_path, read_mask
from seco.storage.run_note import digest_of

_INTERVAL = 30.0  # seconds between two writes of the signals
_SHOWN = 3  # ids in a sentence


class Candidate(NamedTuple):
    """An image whose mask could be corrected."""

    record: Record
    mask: Path


def find_candidates(manifest: Manifest, folders: Mapping[str, Path], *, stages: Mapping[str, str]) -> list[Candidate]:
    """Return the images of some splits with their masks, but those that somebody has corrected.

    Args:
        manifest: the data set.
        folders: split → the folder of its masks.
        stages: split → the command that writes them, for the remedy.

    Raises:
        SecoError: there is no such split, a mask or photograph is missing, or all masks are corrected.
    """
    found: list[Candidate] = []
    for split, folder in folders.items():
        records = [record for record in manifest.split(split) if record.corrected is None]
        own = [Candidate(record, mask_path(folder, record.id)) for record in records]
        missing = [one.record.id for one in own if not one.mask.is_file()]
        if missing:
            raise SecoError(
                f"{folder} has no mask of {_listed(missing)} ({len(missing)} of the {len(own)} images of {split}): run "
                f"`seco {stages[split]}` for this split, or name the folder of its masks with --masks"
            )
        found += own
    if not found:
        raise SecoError(f"all masks of {', '.join(folders)} have been corrected: name another split with --split")
    gone = [str(one.record.image) for one in found if not one.record.image.is_file()]
    if gone:
        raise SecoError(
            f"{_listed(gone)} cannot be found ({len(gone)} of {len(found)} photographs): restore them, or run "
            "`seco prepare` again"
        )
    return found


def collect(
    path: Path,
    candidates: Sequence[Candidate],
    predictor: Predictor,
    *,
    model: str,
    side: int,
    batch_size: int,
    background: float,
    progress: ProgressCallback,
) -> list[Comparison]:
    """Return the signals of each candidate; those that the file has are taken from it, the others are added to it.

    Args:
        path: the file.
        candidates: the images.
        predictor: the trained network.
        model: a digest of its files.
        side: in pixels of the square at which the network sees the images.
        batch_size: images a batch.
        background: the threshold of CAMs.
        progress: called with (done, total) after each image.

    Raises:
        SecoError: a photograph or mask cannot be used, or the file cannot be written. What was collected until then is
            in the file.
    """
    run = {
        "model": model,
        "classes": list(predictor.class_names),
        "code": digest_of(Path(__file__).with_name(name) for name in ("signals.py", "views.py")),
        "side": side,
        "background": background,
    }
    stored = read_signals(path, run=run)
    by_id = {one.record.id: one for one in candidates}
    digests = {image_id: _digest(one) for image_id, one in by_id.items()}
    done = {image_id for image_id, (digest, _) in stored.items() if digests.get(image_id) == digest}
    progress(len(done), len(candidates))
    if len(done) == len(candidates):
        return [stored[one.record.id][1] for one in candidates]
    photos, written = [photo_of(one.record) for one in candidates], time.monotonic()
    seen = views_of(predictor, photos, side=side, batch_size=batch_size, done=done)
    try:
        for count, views in enumerate(seen, start=len(done) + 1):
            record, file = by_id[views.photo.id]
            size = record.width, record.height
            mask = read_mask(file, num_classes=len(predictor.class_names), size=size)
            stored[record.id] = (digests[record.id], compare(views, mask, background=background))
            progress(count, len(candidates))
            if time.monotonic() - written > _INTERVAL:
                write_signals(path, stored, run=run)
                written = time.monotonic()
    finally:
        if stored:
            write_signals(path, stored, run=run)
    return [stored[one.record.id][1] for one in candidates]


def _digest(candidate: Candidate) -> str:
    """Return a digest of what an image's signals depend on: its mask, its labels and the state of its photograph."""
    record, state = candidate.record, candidate.record.image.stat()
    facts = f"{record.image} {state.st_size} {state.st_mtime_ns} {record.split} {';'.join(record.labels)}"
    return hashlib.sha256(facts.encode() + candidate.mask.read_bytes()).hexdigest()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
