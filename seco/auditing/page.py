"""The page of an audit: what to do, the classes and what they come with, and strips of near-duplicates."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from seco.auditing.findings import Audit, differing_labels, in_short
from seco.auditing.near_duplicates import MOST_DIFFERENT, DuplicateGroup
from seco.data.cooccurrence import count_pairs
from seco.reporting.blocks import Block, Chart, Heading, Picture, Points, Prose, Section, Strip, Table
from seco.reporting.charts import matrix
from seco.reporting.cooccurrence_section import audit_section
from seco.reporting.gallery import thumbnail
from seco.storage.audit import audited_records
from seco.storage.images import read_image
from seco.storage.manifest import Manifest, Record

_STRIPS = 20  # of a kind of groups: the page stays small
_PICTURES = 6  # of a group
_ALONE = "alone"
_HOW = f"""\
Near-duplicates are found by perceptual hashes: two photographs whose hashes of 256 bits differ in at most
{MOST_DIFFERENT}, one of them mirrored or not. That finds copies that were resized, compressed, mirrored or cropped a
little; two shots of the same scene differ more."""


def audit_sections(manifest: Manifest, audit: Audit, sentences: Sequence[str]) -> list[Section]:
    """Return the sections of the page; `sentences` are those of `in_words`, the first of which heads it.

    Raises:
        SecoError: a photograph of a group cannot be read.
    """
    todo: list[Block] = [Points(tuple(sentences[1:]))]
    if audit.suggestions:
        rows = [(item.action, item.what, item.images, in_short(item)) for item in audit.suggestions]
        frame = pd.DataFrame(rows, columns=pd.Index(["do", "what", "images", "why, or which"]))
        todo.append(Table(frame, "What to relabel, remove and collect; suggestions.csv has all ids and reasons"))
    classes = (
        Chart(
            matrix(
                share_rows(manifest), y="images of", x="that show", value="% of its images", order=manifest.class_names
            ),
            "Matrix of classes: the share of the images of each class that show each other class, and that show it "
            "alone.",
            "Of the images of a class (row), the share in percent that shows another class (column), or no other one.",
        ),
        Table(audit.classes, "Images of each class"),
        Table(audit.splits, "Images of each split"),
    )
    return [
        Section("todo", "What should I collect and relabel?", tuple(todo)),
        Section("classes", "Which classes are there, and with which others?", classes),
        audit_section(audit.partners),
        Section("duplicates", "Which photographs are nearly the same?", tuple(_duplicate_blocks(audit))),
    ]


def share_rows(manifest: Manifest) -> list[dict[str, Any]]:
    """Return, for `matrix`, the share of the images of each class that show each other one, and it alone."""
    names, records = manifest.class_names, audited_records(manifest)
    label_sets = [manifest.label_ids(record) for record in records]
    counts = count_pairs(label_sets, num_classes=len(names))
    alone = np.bincount([ids[0] for ids in label_sets if len(ids) == 1], minlength=len(names) + 1)
    rows = []
    for class_id, name in enumerate(names, start=1):
        if images := int(counts[class_id, class_id]):
            met = [(other, counts[class_id, j]) for j, other in enumerate(names, start=1) if j != class_id]
            shares = [*met, (_ALONE, alone[class_id])]
            rows += [{"y": name, "x": other, "value": round(100 * int(n) / images, 2)} for other, n in shares]
    return rows


def _duplicate_blocks(audit: Audit) -> list[Block]:
    if not audit.duplicates:
        return [Prose(f"None. {_HOW}")]
    blocks: list[Block] = [Prose(_HOW)]
    one_split = [group for group in audit.duplicates if len(group.splits) == 1]
    for title, groups in (
        ("Across splits", audit.leaks),
        ("Within a split, with different labels", [group for group in one_split if group.labels_differ]),
        ("Within a split", [group for group in one_split if not group.labels_differ]),
    ):
        if groups:
            blocks += [Heading(f"{title} ({len(groups)})"), *map(_strip, groups[:_STRIPS])]
        if len(groups) > _STRIPS:
            blocks.append(Prose(f"{len(groups) - _STRIPS} more are in duplicates.csv."))
    return blocks


def _strip(group: DuplicateGroup) -> Strip:
    differing = differing_labels(group.records)
    notes = [f"labels differ: {', '.join(differing)}"] if group.labels_differ else []
    hidden = len(group.records) - _PICTURES
    notes += [f"{hidden} more in duplicates.csv"] if hidden > 0 else []
    pictures = zip(group.records[:_PICTURES], group.distances, strict=False)
    shown = tuple(_picture(record, distance) for record, distance in pictures)
    return Strip(" · ".join([" = ".join(record.id for record in group.records[:_PICTURES]), *notes]), shown)


def _picture(record: Record, distance: int) -> Picture:
    labels = ", ".join(record.labels) or "no label"
    caption = f"{record.id}, {record.split}: {labels}" + f" ({distance} bits differ)" * bool(distance)
    return Picture(thumbnail(np.asarray(read_image(record.image))), f"{record.id}, an image of {labels}", caption)
