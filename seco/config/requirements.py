"""What any stage needs of settings and data together: asked before the work of the first one, not after it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from seco.config.settings import Settings
from seco.errors import SecoError, did_you_mean

if TYPE_CHECKING:
    from seco.storage.manifest import Record

_TRAIN, _VAL = "train", "val"


def require_every_stage(settings: Settings, records: "Sequence[Record]") -> None:
    """Check that every stage finds the splits and the masks that the settings ask it to use.

    Args:
        settings: of the whole pipeline.
        records: all images of the data set.

    Raises:
        SecoError: a stage would not find what it needs; all of that, a line each.
    """
    if not any(record.split == _TRAIN for record in records):
        raise SecoError(f"no image is in the split {_TRAIN!r}, so there is nothing to learn from: correct the splits")
    problems = [*_missing_splits(settings, records), *_missing_masks(settings, records)]
    if problems:
        listing = "\n".join(f"  {problem}" for problem in problems)
        raise SecoError(f"the settings do not fit the data:\n{listing}")


def without_effect(settings: Settings, records: "Sequence[Record]", *, num_classes: int) -> Iterator[str]:
    """Yield a sentence for each setting of SeCo that these data leave nothing to do.

    Args:
        settings: of the run.
        records: all images of the data set.
        num_classes: K.
    """
    if settings.method != "seco":
        return
    if settings.weight_lig and num_classes == 1:
        yield "weight_lig has no effect: L_LiG tells a class from the others, and there is one class: set it to 0"
    labelled = all(record.labels for record in records if record.split == _TRAIN)
    if settings.negative_patches == "hard" and labelled:
        yield "negative_patches has no effect: every training image has a label: set it to anywhere"


def _missing_splits(settings: Settings, records: "Sequence[Record]") -> Iterator[str]:
    splits = list(dict.fromkeys(record.split for record in records))
    wanted = {"refine.splits": settings.refine.splits, "predict.splits": settings.predict.splits}
    if settings.train.evaluate_every:
        wanted["train.evaluate_split"] = (settings.train.evaluate_split,)
    for key, names in wanted.items():
        for name in names:
            if name not in splits:
                remedy = did_you_mean(name, splits)
                if (name, splits) == (_VAL, [_TRAIN]):
                    remedy = f"{_how_to_hold_out(settings.prepare.validation_share, len(records))}, or change {key}"
                yield f"{key}: no image is in the split {name!r}: {remedy}"


def _how_to_hold_out(share: float | None, images: int) -> str:
    if share is None:
        return "set prepare.validation_share to the share of the images to hold out, such as 0.2"
    return f"prepare.validation_share, {share}, holds out none of {images} images: raise it or add images"


def _missing_masks(settings: Settings, records: "Sequence[Record]") -> Iterator[str]:
    train = [record for record in records if record.split == _TRAIN]
    corrected = settings.train.use_corrections
    bare = [record.id for record in train if record.mask is None and not (corrected and record.corrected)]
    found = f"{len(bare)} of {len(train)} training images have no mask"
    if bare and settings.method == "full":
        yield f"method: {found}, which full supervision needs, such as {bare[0]!r}: add it, or choose another method"
    contrasts = settings.weight_lig or settings.weight_lil or settings.weight_patch
    for key, use in (("judge_tags", "to judge tags by"), ("oracle_tags", "to take tags from")):
        if bare and settings.method == "seco" and getattr(settings.train, key) and contrasts:
            yield f"train.{key}: {found} {use}, such as {bare[0]!r}: set it to false"
    own, wanted = sum(record.mask is not None for record in train), settings.train.masks_of(len(train))
    if own < wanted:
        yield (
            f"train.mask_share: {settings.train.mask_share} asks for the masks of {wanted} of {len(train)} training "
            f"images, but {own} have one: set it to {own / len(train):.2g}{' or less' if own else ''}"
        )
    held_out = [record for record in records if record.split == settings.train.evaluate_split]
    if settings.train.evaluate_every and held_out and all(record.mask is None for record in held_out):
        split = settings.train.evaluate_split
        yield (
            f"train.evaluate_every: no image of the split {split!r} has a mask to score by: set it to 0, or "
            "train.evaluate_split to a split with masks"
        )
