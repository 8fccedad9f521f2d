"""The queue for people: a frame for the terminal, the rows of a CSV file, and the sections of a page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from seco.reporting.blocks import Block, Legend, Picture, Prose, Section, Strip, Table
from seco.reporting.examples import example_pictures, legend_of
from seco.reporting.gallery import thumbnail
from seco.review.ranking import Queued
from seco.runtime.parallel import thread_map
from seco.storage.csv_file import write_csv
from seco.storage.manifest import Manifest

MOST = 100
"""Masks on a page, which then has about 5 MB."""

_COLUMNS = ("rank", "id", "split", "score", "reason", "mask")
_HOW = """\
The order is by the score: the points of mIoU that correcting the mask is expected to gain, as the network's own
disagreement says. It is an estimate without any true mask. Classes with few pixels count more, and masks of classes and
pairs of classes that come earlier count a little less. The reason is what stands out most; look there first, but check
the whole mask.
"""


def write_queue(path: Path, queue: Sequence[Queued]) -> None:
    """Write the queue as CSV; raises as ``write_csv``."""
    rows = [
        (str(place), record.id, record.split, f"{score:.5f}", reason, mask.as_posix())
        for place, ((record, mask), score, reason) in enumerate(queue, start=1)
    ]
    write_csv(path, rows, columns=_COLUMNS)


def queue_frame(queue: Sequence[Queued]) -> pd.DataFrame:
    """Return the queue as people read it."""
    rows = [
        (place, one.candidate.record.id, f"{one.score:.3f}", one.reason) for place, one in enumerate(queue, start=1)
    ]
    return pd.DataFrame(rows, columns=pd.Index(["rank", "id", "score", "reason"]))


def answer(queue: Sequence[Queued], first: int) -> str:
    """Say in a sentence what the first masks of the queue are worth."""
    total, part = sum(one.score for one in queue), sum(one.score for one in queue[:first])
    share = f": they are expected to bring {100 * part / total:.0f} % of what all {len(queue)} would" if total else ""
    return f"Correct these {first} masks first{share}."


def sections(queue: Sequence[Queued], manifest: Manifest, *, cams: Path, first: int) -> list[Section]:
    """Return the sections of the page: the first masks with their photographs, then what they show.

    Args:
        queue: all masks.
        manifest: the data set.
        cams: the CAM store; no CAM, no picture of it.
        first: how many come first.

    Raises:
        SecoError: a photograph or mask is damaged.
    """
    shown = queue[: min(first, MOST)]
    found = list(thread_map(partial(_pictures, manifest=manifest, cams=cams), shown))
    classes = set[int]().union(*(seen for _, seen in found))
    strips = [
        Strip(f"{place}. {one.candidate.record.id}: {one.reason}", pictures)
        for place, (one, (pictures, _)) in enumerate(zip(shown, found, strict=True), start=1)
    ]
    blocks: list[Block] = [Prose(_HOW), Legend(tuple(legend_of(classes, manifest.class_names))), *strips]
    if len(shown) < first:
        blocks.append(Prose(f"The page shows {MOST} masks; queue.csv lists all {len(queue)}."))
    counts = Counter(name for one in queue[:first] for name in one.candidate.record.labels)
    every = Counter(name for one in queue for name in one.candidate.record.labels)
    rows = [(name, counts[name], every[name]) for name in manifest.class_names if every[name]]
    frame = pd.DataFrame(rows, columns=pd.Index(["class", "images_first", "images_of_all"]))
    table = Table(frame, f"Images of each class, among the first {first} and among all {len(queue)}")
    return [
        Section("masks", "Masks to correct first", tuple(blocks)),
        Section("classes", "Which classes they show", (table,) if rows else ()),
    ]


def _pictures(one: Queued, *, manifest: Manifest, cams: Path) -> tuple[tuple[Picture, ...], set[int]]:
    record, mask = one.candidate
    folder = Path(str(mask).removesuffix(f"{record.id}.png"))
    pictures, seen = example_pictures(
        replace(record, mask=None), cams=cams, masks={"mask": folder}, num_classes=len(manifest.class_names)
    )
    labels = ", ".join(record.labels) or "no class"
    shown = [
        Picture(thumbnail(pictures[title]), f"{title} of {record.id}, an image of {labels}", title)
        for title in ("photograph", "mask", "CAM")
        if title in pictures
    ]
    return tuple(shown), seen
