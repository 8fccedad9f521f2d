"""Checks corrected masks against the prepared data, and adds those of one source: all of them, or none."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seco.data.corrections.images import ImageNames
from seco.data.corrections.sources import Found, Source
from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback
from seco.storage.corrections import (
    MASKS,
    Correction,
    corrected_mask,
    digest_of,
    read_corrections,
    require_listed,
    write_corrections,
)
from seco.storage.label_map import BACKGROUND, IGNORE
from seco.storage.manifest import TRAIN, Manifest, Record
from seco.storage.masks import MaskArray, encode_mask, mask_path, read_mask
from seco.storage.plain_text import one_line

_SHOWN = 20  # problems


class Rules(NamedTuple):
    """What is accepted beside the usual."""

    replace: bool = False
    """Another mask of an image that is corrected already."""
    scored: bool = False
    """Masks of images that training does not see, and that have none."""
    background: bool = False
    """A mask that shows no class, of an image whose labels name some."""


class Added(NamedTuple):
    """The ids of the images that got a corrected mask, those that got another one, and those that had the same."""

    new: list[str]
    replaced: list[str]
    same: list[str]


def add_corrections(
    folder: Path, source: Source, manifest: Manifest, rules: Rules, *, progress: ProgressCallback
) -> Added:
    """Add all masks of a source to the folder of corrections; nothing is written where one is at fault.

    Args:
        folder: of the corrections.
        source: the masks.
        manifest: the prepared data.
        rules: what is accepted.
        progress: called with (done, total) after each mask.

    Raises:
        SecoError: all problems, a line each; or the folder is damaged or cannot be written.
    """
    known = read_corrections(folder)
    require_listed(folder, known)
    lost = _lost(folder, known)
    problems, added, contents = list(source.faults), Added([], [], []), dict[str, bytes]()
    names, taken, rows = ImageNames(manifest.records), dict[str, str](), dict(known)
    for done, found in enumerate(source.masks, start=1):
        try:
            record, mask = _checked(found, names, manifest, rules)
            if record.id in taken:
                raise SecoError(f"the image {record.id!r} has two masks, the other from {taken[record.id]}: keep one")
            taken[record.id] = found.source
            content = encode_mask(mask)
            classes = _classes(mask, manifest.class_names)
            if record.id not in known or (record.id in lost and digest_of(content) == known[record.id].digest):
                added.new.append(record.id)
            elif record.id not in lost and _is_same(mask, classes, folder, known[record.id]):
                added.same.append(record.id)
                continue
            elif not rules.replace:
                raise SecoError(
                    f"the image {record.id!r} is corrected already (from {known[record.id].source}): give --replace "
                    "if this mask is to take its place, or leave it out"
                )
            else:
                added.replaced.append(record.id)
            contents[record.id] = content
            rows[record.id] = Correction(record.id, digest_of(content), classes, source.name)
        except SecoError as error:
            problems.append(str(error) if found.source in str(error) else f"{found.source}: {error}")
        finally:
            progress(done, len(source.masks))
    problems += [fault for image_id, fault in lost.items() if image_id not in taken]
    if problems:
        raise SecoError("\n".join(_listed("added", problems)))
    if contents:
        write_corrections(folder, rows, contents, keep=known.keys() - contents.keys(), before=known)
    return added


def remove_corrections(folder: Path, ids: list[str]) -> None:
    """Remove the corrected masks of some images.

    Raises:
        SecoError: one of them has none; or the folder is damaged or cannot be written.
    """
    known = read_corrections(folder)
    for image_id in ids:
        if image_id not in known:
            raise SecoError(f"the image {image_id!r} is not corrected: `seco corrections list` shows those that are")
    rows = {image_id: row for image_id, row in known.items() if image_id not in ids}
    if lost := _lost(folder, rows):
        raise SecoError("\n".join(_listed("removed", [*lost.values()])))
    write_corrections(folder, rows, {}, keep=rows, before=known)


def _lost(folder: Path, rows: Mapping[str, Correction]) -> dict[str, str]:
    """Return why masks cannot stay, by image id: a missing one would be lost with the next `dvc add`.

    Raises:
        SecoError: one was edited by hand.
    """
    faults = ((image_id, _loss(folder, row)) for image_id, row in rows.items())
    return {image_id: fault for image_id, fault in faults if fault is not None}


def _loss(folder: Path, row: Correction) -> str | None:
    try:
        corrected_mask(folder, row)
    except SecoError as error:
        if mask_path(folder / MASKS, row.id).exists():
            raise
        return str(error)
    return None


def _checked(found: Found, names: ImageNames, manifest: Manifest, rules: Rules) -> tuple[Record, MaskArray]:
    record = names.find(found.name)
    _require_free(record, rules)
    size = (record.width, record.height)
    _require_size(found.size or size, size)
    mask = found.draw({name: number for number, name in enumerate(manifest.class_names, start=1)}, size)
    _require_size((mask.shape[1], mask.shape[0]), size)
    if (mask == IGNORE).all():
        raise SecoError("the mask is empty, since all of its pixels are uncertain (255): draw it, or leave it out")
    if record.labels and not rules.background and np.isin(mask, (BACKGROUND, IGNORE)).all():
        raise SecoError(
            f"the mask shows no class, but the labels name {', '.join(record.labels)}: draw them, or give --background "
            "if images that show nothing are meant"
        )
    return record, mask


def _require_free(record: Record, rules: Rules) -> None:
    """Raise a SecoError where a corrected mask of an image would change what scores are measured by."""
    if record.split == TRAIN:
        return
    if record.mask is not None and record.mask != record.corrected:
        raise SecoError(
            f"the image {record.id!r} of the split {record.split!r} has a true mask, by which scores are measured: "
            "correct it in the data set, since scores before and after would not be comparable"
        )
    if not rules.scored:
        raise SecoError(
            f"the image {record.id!r} is of the split {record.split!r}, which scores are measured on: give --scored if "
            "its mask is to count as the truth there; scores before and after are then not comparable"
        )


def _require_size(found: tuple[int, int], wanted: tuple[int, int]) -> None:
    if found != wanted:
        sizes = ("x".join(map(str, size)) for size in (found, wanted))
        raise SecoError("the mask is {} pixels but its image is {} (width x height): make them agree".format(*sizes))


def _classes(mask: MaskArray, class_names: tuple[str, ...]) -> str:
    shown = (value for value in np.unique(mask).tolist() if value not in (BACKGROUND, IGNORE))
    return ";".join(class_names[value - 1] for value in shown)


def _is_same(mask: MaskArray, classes: str, folder: Path, row: Correction) -> bool:
    # The ids may have meant other classes then, of which there may have been more.
    present = read_mask(corrected_mask(folder, row), num_classes=IGNORE - 1, size=None)
    return classes == row.classes and np.array_equal(mask, present)


def _listed(done: str, problems: list[str]) -> Iterator[str]:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    yield f"nothing was {done}, since the corrections have {count}:"
    yield from (f"  {one_line(problem)}" for problem in problems[:_SHOWN])
    if len(problems) > _SHOWN:
        yield f"  … and {len(problems) - _SHOWN} more"
