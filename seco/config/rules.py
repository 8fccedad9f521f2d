"""Rules between the keys of params.yaml."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from seco.data.formats import FORMATS
from seco.storage.names import class_fault, split_fault


class Rule(NamedTuple):
    """A condition on the values of some keys, and the sentence for when it fails."""

    keys: tuple[str, ...]
    holds: Callable[..., bool]
    sentence: str
    """The first key's problem; ``{0}``, ``{1}`` … are the values."""


def _fits_patch(size: int, name: str) -> bool:
    return size % vit_patch(name) == 0


def vit_patch(name: str) -> int:
    """Return the patch side in pixels in a timm name such as ``vit_base_patch16_224``; 1 where the name has none."""
    found = re.search(r"patch(\d+)", name)
    return int(found[1]) if found else 1


def _not_toco(method: str) -> bool:
    return method != "toco"


def _names_differ(names: Sequence[str] | str | None) -> bool:
    return names is None or isinstance(names, str) or len(set(names)) == len(names)


def _are_classes(names: Sequence[str] | str | None) -> bool:
    return names is None or isinstance(names, str) or not any(map(class_fault, names))


_MISSING = object()
_MULTIPLE = "{0} is not allowed: must be a multiple of the ViT's patch ({1})"

RULES = (
    Rule(("patch_size", "train.crop_size"), lambda patch, crop: patch <= crop,
         "{0} is not allowed: a patch must fit into train.crop_size ({1})"),
    Rule(("patch_size", "backbone.name"), _fits_patch, _MULTIPLE),
    Rule(("toco.crop_size", "train.crop_size", "method"),
         lambda local, crop, method: _not_toco(method) or local <= crop,
         "{0} is not allowed: a local crop must fit into train.crop_size ({1})"),
    Rule(("toco.crop_size", "backbone.name", "method"),
         lambda size, name, method: _not_toco(method) or _fits_patch(size, name), _MULTIPLE),
    Rule(("train.crop_size", "backbone.name"), _fits_patch, _MULTIPLE),
    Rule(("train.second_view_size", "backbone.name"), _fits_patch, _MULTIPLE),
    Rule(("export.image_size", "backbone.name"), _fits_patch, _MULTIPLE),
    Rule(("predict.image_size", "backbone.name"), _fits_patch, _MULTIPLE),
    Rule(("cam.low", "cam.high"), lambda low, high: low <= high,
         "{0} is not allowed: must not exceed cam.high ({1})"),
    Rule(("train.warmup_steps", "train.steps"), lambda warmup, steps: warmup < steps,
         "{0} is not allowed: must be less than train.steps ({1})"),
    Rule(("train.prototype_start", "train.contrast_start"), lambda prototypes, contrast: prototypes <= contrast,
         "{0} is not allowed: must not exceed train.contrast_start ({1}), which needs prototypes"),
    Rule(("train.scale_range",), lambda scales: scales[0] <= scales[1],
         "{0} is not allowed: the smaller scale comes first"),
    Rule(("prepare.classes", "prepare.format"),
         lambda names, form: names is not None or not FORMATS[form].needs_classes,
         "{0} is not allowed: format {1} needs the class set or names, as its masks hold numbers"),
    Rule(("prepare.classes",), _names_differ,
         "{0} is not allowed: names must differ"),
    Rule(("prepare.classes",), _are_classes,
         "{0} is not allowed: leave out background, which has the value 0 without a name (an image of nothing has no "
         "label); no other name may be empty or hold a semicolon"),
    Rule(("prepare.lists",), lambda lists: lists is None or not any(map(split_fault, lists)),
         "{0} is not allowed: name a split train, val or another of letters, digits, - and _"),
    Rule(("prepare.lists", "prepare.format"),
         lambda lists, form: lists is not None or not FORMATS[form].needs_lists,
         "{0} is not allowed: format {1} needs the image set of each split"),
    Rule(("prepare.lists",), lambda lists: lists is None or "train" in lists,
         "{0} is not allowed: one of the splits must be named train"),
    Rule(("prepare.source", "prepare.lists", "prepare.format"),
         lambda source, lists, form: not FORMATS[form].takes_source or (source is None) != (lists is None),
         "{0!r} is not allowed: format {2} takes either a source or a file a split in prepare.lists ({1})"),
    Rule(("prepare.source", "prepare.format"), lambda source, form: source is None or FORMATS[form].takes_source,
         "{0!r} is not allowed: format {1} has no source, write null"),
    Rule(("prepare.difficult", "prepare.format"),
         lambda choice, form: choice is not None or not FORMATS[form].takes_difficult,
         "{0} is not allowed: format {1} needs true or false"),
    Rule(("prepare.difficult", "prepare.format"),
         lambda choice, form: choice is None or FORMATS[form].takes_difficult,
         "{0} is not allowed: format {1} marks no object as difficult, write null"),
    Rule(("prepare.validation_share", "prepare.lists"), lambda share, lists: share is None or lists is None,
         "{0} is not allowed: prepare.lists names the splits ({1}), write null"),
    Rule(("train.evaluate_split", "train.evaluate_every", "prepare.lists"),
         lambda split, every, lists: not every or lists is None or split in lists,
         "{0} is not allowed: must be a key of prepare.lists ({2}) while train.evaluate_every is {1}"),
    Rule(("refine.splits", "prepare.lists"), lambda splits, lists: lists is None or set(splits) <= set(lists),
         "{0} is not allowed: every split must be a key of prepare.lists ({1})"),
    Rule(("predict.splits", "prepare.lists"), lambda splits, lists: lists is None or set(splits) <= set(lists),
         "{0} is not allowed: every split must be a key of prepare.lists ({1})"),
)  # fmt: skip


def broken_rules(values: dict[str, Any], faulty: set[str]) -> list[str]:
    """Return a sentence for each broken rule; rules on keys that are ``faulty`` already are not checked."""
    sentences = []
    for rule in RULES:
        found = [_look_up(values, key) for key in rule.keys]
        checkable = _MISSING not in found and not any(_touches(key, faulty) for key in rule.keys)
        if checkable and not rule.holds(*found):
            sentences.append(f"{rule.keys[0]}: {rule.sentence.format(*found)}")
    return sentences


def _touches(key: str, faulty: set[str]) -> bool:
    return any(key == bad or key.startswith(f"{bad}.") or bad.startswith(f"{key}.") for bad in faulty)


def _look_up(values: dict[str, Any], key: str) -> Any:
    found: Any = values
    for name in key.split("."):
        found = found.get(name, _MISSING) if isinstance(found, dict) else _MISSING
    return found
