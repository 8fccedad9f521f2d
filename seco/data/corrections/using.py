"""Gives the images of a checked data set their corrected masks, each checked as all masks are."""

from dataclasses import replace
from pathlib import Path

from seco.data.checks import CheckedDataset, CheckedImage, FactsCache, check_mask
from seco.data.problems import Problem
from seco.errors import SecoError
from seco.storage.corrections import TABLE, Correction, corrected_mask, read_corrections, require_listed
from seco.storage.manifest import TRAIN


def use_corrections(dataset: CheckedDataset, folder: Path, *, cache: FactsCache) -> CheckedDataset:
    """Return the data set with corrected masks; each that cannot be used is a problem, and its image keeps its own.

    A corrected mask of an image outside of the split "train" is its true mask, as such images have no other.

    Args:
        dataset: what was checked.
        folder: of the corrections; there may be none.
        cache: facts about files that have not changed since they were decoded; it is saved.

    Raises:
        SecoError: the table of corrections is damaged, or somebody has put masks there by hand.
    """
    known = read_corrections(folder)
    require_listed(folder, known)
    if not known:
        return dataset
    problems, images = list(dataset.problems), {item.record.id: item for item in dataset.images}

    def found(correction: Correction) -> CheckedImage | Problem:
        try:
            return _corrected(images.get(correction.id), correction, folder, dataset.class_names, cache)
        except SecoError as fault:
            return Problem(folder / TABLE, str(fault))

    for image_id, outcome in zip(known, map(found, known.values()), strict=True):
        if isinstance(outcome, Problem):
            problems.append(outcome)
        else:
            images[image_id] = outcome
    cache.save()
    return replace(dataset, images=list(images.values()), problems=problems)


def _corrected(
    item: CheckedImage | None,
    correction: Correction,
    folder: Path,
    class_names: tuple[str, ...],
    cache: FactsCache,
) -> CheckedImage:
    mask = corrected_mask(folder, correction)
    take_off = f"take it off the list with `seco corrections remove {correction.id}`"
    if item is None:
        raise SecoError(f"{mask} corrects no image of the data set: restore the image, or {take_off}")
    record = item.record
    shown, digest, palette = check_mask(mask, (record.width, record.height), class_names, cache)
    if (means := ";".join(shown)) != correction.classes:
        raise SecoError(
            f"{mask} shows {correction.classes or 'no class'}, but by the list of classes of today its values mean "
            f"{means or 'no class'}: restore the order of prepare.classes, or {take_off} and add it anew"
        )
    item = replace(item, digests=(*item.digests[:2], digest), record=replace(record, corrected=mask))
    if record.split == TRAIN:
        return item
    if record.mask is not None:
        raise SecoError(
            f"{mask} corrects an image of the split {record.split!r} that has a true mask, by which scores are "
            f"measured: {take_off}"
        )
    return replace(item, shown=shown, palette=palette, record=replace(item.record, mask=mask))
