"""What an audit finds in the labels and photographs of a data set, before any training."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from seco.auditing.near_duplicates import DuplicateGroup
from seco.reporting.advice import FEW_TO_LEARN
from seco.storage.audit import Partner, audited_records
from seco.storage.manifest import TRAIN, Manifest, Record

COLLECT, RELABEL, REMOVE = "collect", "relabel", "remove"
_NAMED = 3  # images of a suggestion, where it is told in short


class Suggestion(NamedTuple):
    """What would make the data set better."""

    action: str
    """`COLLECT`, `RELABEL` or `REMOVE`."""
    what: str
    """"horse without person", or the labels that differ, or the splits."""
    images: int
    """How many to collect, or how many there are."""
    ids: tuple[str, ...]
    """Of the images to look at; none of those to collect."""
    reason: str


class Audit(NamedTuple):
    """What was found."""

    classes: pd.DataFrame
    """A row for each class: class, images and images_alone of `audited_records`, images_SPLIT of each other split,
    finding ("no image", "few images", "never alone", "seldom alone", or empty)."""
    splits: pd.DataFrame
    """A row for each split: split, images, without_label."""
    partners: tuple[Partner, ...]
    duplicates: tuple[DuplicateGroup, ...]
    suggestions: tuple[Suggestion, ...]

    @property
    def leaks(self) -> list[DuplicateGroup]:
        """Near-duplicates in several splits."""
        return [group for group in self.duplicates if len(group.splits) > 1]

    @property
    def contradictions(self) -> list[DuplicateGroup]:
        """Near-duplicates whose labels differ."""
        return [group for group in self.duplicates if group.labels_differ]


def audit_dataset(manifest: Manifest, partners: Sequence[Partner], duplicates: Sequence[DuplicateGroup]) -> Audit:
    """Gather what was found, and what to do about it.

    Args:
        manifest: the data set.
        partners: as of `read_audit`.
        duplicates: as of `near_duplicates`.
    """
    classes = _classes(manifest, partners)
    suggestions = [*_to_relabel(duplicates), *_to_remove(duplicates), *_to_collect(classes, partners)]
    return Audit(classes, _splits(manifest), tuple(partners), tuple(duplicates), tuple(suggestions))


def duplicate_rows(groups: Sequence[DuplicateGroup]) -> pd.DataFrame:
    """Return a row for each image of a group: group (from 1), id, split, labels, distance, across_splits,
    labels_differ."""
    rows = [
        {
            "group": number,
            "id": record.id,
            "split": record.split,
            "labels": ";".join(record.labels),
            "distance": distance,
            "across_splits": len(group.splits) > 1,
            "labels_differ": group.labels_differ,
        }
        for number, group in enumerate(groups, start=1)
        for record, distance in zip(group.records, group.distances, strict=True)
    ]
    columns = ("group", "id", "split", "labels", "distance", "across_splits", "labels_differ")
    return pd.DataFrame(rows, columns=pd.Index(columns))


def suggestion_rows(suggestions: Sequence[Suggestion]) -> pd.DataFrame:
    """Return a row for each suggestion: action, what, images, ids (joined by `;`), reason."""
    rows = [{**item._asdict(), "ids": ";".join(item.ids)} for item in suggestions]
    return pd.DataFrame(rows, columns=pd.Index(Suggestion._fields))


def in_short(item: Suggestion) -> str:
    """Return which images a suggestion is about, or why there should be more."""
    more = f" and {len(item.ids) - _NAMED} more" if len(item.ids) > _NAMED else ""
    return f"{', '.join(item.ids[:_NAMED])}{more}" or item.reason


def differing_labels(records: Sequence[Record]) -> list[str]:
    """Return the labels that some of the images have and others lack; images of unknown labels do not count."""
    known = [set(record.labels) for record in records if record.labels or record.split == TRAIN]
    return sorted(set().union(*known) - set.intersection(*known)) if known else []


def _classes(manifest: Manifest, partners: Sequence[Partner]) -> pd.DataFrame:
    learned = Counter(label for record in audited_records(manifest) for label in record.labels)
    counts = Counter((record.split, label) for record in manifest.records for label in record.labels)
    held_out = [split for split in manifest.splits if split != TRAIN and TRAIN in manifest.splits]
    alone = {partner.class_name: partner.images_alone for partner in partners}
    tied = {partner.class_name for partner in partners if partner.images_needed}
    rows = []
    for name in manifest.class_names:
        images, single = learned[name], alone.get(name, 0)
        findings = [
            finding
            for finding, holds in (
                ("no image", not images),
                ("few images", 0 < images < FEW_TO_LEARN),
                ("never alone", images and not single),
                ("seldom alone", single and name in tied),
            )
            if holds
        ]
        others = {f"images_{split}": counts[split, name] for split in held_out}
        rows.append({"class": name, "images": images, "images_alone": single, **others, "finding": ", ".join(findings)})
    return pd.DataFrame(rows)


def _splits(manifest: Manifest) -> pd.DataFrame:
    images = Counter(record.split for record in manifest.records)
    empty = Counter(record.split for record in manifest.records if not record.labels)
    return pd.DataFrame(
        [{"split": split, "images": images[split], "without_label": empty[split]} for split in manifest.splits]
    )


def _to_collect(classes: pd.DataFrame, partners: Sequence[Partner]) -> Iterator[Suggestion]:
    for row in classes.sort_values("images", kind="stable").to_dict("records"):
        if (images := row["images"]) < FEW_TO_LEARN:
            now = f"{images or 'no'} image{'s' * (images != 1)} now"
            yield Suggestion(
                COLLECT, row["class"], FEW_TO_LEARN - images, (), f"{now}; fewer than {FEW_TO_LEARN} are few"
            )
    wanted = [partner for partner in partners if partner.images_needed]
    for row in sorted(wanted, key=lambda row: -row.images_with_other / row.images):
        yield Suggestion(
            COLLECT,
            f"{row.class_name} without {row.other}",
            row.images_needed,
            (),
            f"{row.images_without_other} of its {row.images} images are without {row.other} now; this makes a third",
        )


def _to_relabel(duplicates: Sequence[DuplicateGroup]) -> Iterator[Suggestion]:
    for group in duplicates:
        if group.labels_differ:
            ids = tuple(record.id for record in group.records)
            labels = ", ".join(differing_labels(group.records))
            yield Suggestion(RELABEL, labels, len(ids), ids, "near-duplicates of which some lack these labels")


def _to_remove(duplicates: Sequence[DuplicateGroup]) -> Iterator[Suggestion]:
    for group in duplicates:
        first, *others = group.records
        if len(group.splits) > 1:
            away = tuple(record.id for record in others if record.split != first.split)
            reason = f"near-duplicates of {first.id} in {first.split}: what is measured there was learned"
            if first.split != TRAIN:
                reason = f"near-duplicates of {first.id} in {first.split}: two splits are not independent"
            yield Suggestion(REMOVE, f"from {', '.join(group.splits[1:])}", len(away), away, reason)
        same = tuple(record.id for record in others if record.split == first.split)
        if same:
            yield Suggestion(REMOVE, f"from {first.split}", len(same), same, f"near-duplicates of {first.id}")
