"""Joins the entries of a list that name one image, and finds what is wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from seco.data.listing import ListedImage, Outlines
from seco.errors import did_you_mean
from seco.storage.names import class_fault, id_fault, is_storable

Fault = tuple[ListedImage, str]


def join(entries: Sequence[ListedImage], class_ids: Mapping[str, int]) -> tuple[list[ListedImage], list[Fault]]:
    """Return the image that entries of one id name, or else what is wrong with each of the entries.

    The labels of entries are joined, as lists with one line for each label need it. If an entry has a fault, or they
    do not agree in split or mask, the image is left out: its labels would be incomplete.

    Args:
        entries: their ids differ in case at most.
        class_ids: class name → id.
    """
    faults = [(entry, fault) for entry in entries if (fault := _fault(entry, class_ids))]
    if not faults:
        faults = [(entry, fault) for entry in entries if (fault := _conflict(entry, entries))]
    if faults:
        return [], faults
    first = entries[0]
    labels = {label for entry in entries for label in entry.labels or ()}
    in_order = None if first.labels is None else tuple(sorted(labels, key=class_ids.__getitem__))
    return [replace(first, labels=in_order, outlines=_join_outlines([entry.outlines for entry in entries]))], []


def _fault(entry: ListedImage, class_ids: Mapping[str, int]) -> str | None:
    if entry.fault is not None:
        return entry.fault
    for path in (entry.image, entry.mask):
        if path is not None and not is_storable(str(path)):
            return f"the name of {path} is not UTF-8: rename the file or its folder"
    if fault := id_fault(entry.id or ""):
        return f"{entry.id!r} {fault}"
    unknown = sorted(set(entry.labels or ()) - class_ids.keys())
    known = tuple(class_ids)
    return "; ".join(f"the class {name!r} is unknown: {_hint(name, known)}" for name in unknown) or None


def _conflict(entry: ListedImage, entries: Sequence[ListedImage]) -> str | None:
    """Return what an entry and the first one that differs from it do not agree in."""
    for other in entries:
        if other.id != entry.id:
            return f"the ids {other.id!r} and {entry.id!r} differ in case only: rename one of the files"
        ours, theirs = entry.outlines or other.outlines, other.outlines or entry.outlines
        for what, differs in (
            ("file", entry.image != other.image),
            ("split", entry.split != other.split),
            ("mask", (entry.mask, _coloured(entry)) != (other.mask, _coloured(other))),
            ("file of outlines", ours is not None and theirs is not None and ours.legend is not theirs.legend),
            ("size", ours is not None and theirs is not None and ours.size != theirs.size),
        ):
            if differs:
                return f"the id {entry.id!r} is listed twice ({other.where}) with another {what}: correct one of them"
    return None


def _coloured(entry: ListedImage) -> Path | None:
    return None if entry.colours is None else entry.colours.mask


def _join_outlines(found: Sequence[Outlines | None]) -> Outlines | None:
    given = [outlines for outlines in found if outlines is not None]
    return replace(given[0], annotations=[text for item in given for text in item.annotations]) if given else None


@cache  # thousands of images may share a typing error
def _hint(name: str, class_names: tuple[str, ...]) -> str:
    return class_fault(name) or did_you_mean(repr(name), [repr(known) for known in class_names])
