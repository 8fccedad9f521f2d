"""What a data set as a whole gives away: signs that it is not what its lists say it is."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from seco.data.checks import CheckedDataset, CheckedImage
from seco.errors import SecoError
from seco.storage.label_map import unpacked
from seco.storage.manifest import TRAIN

_SHOWN = 5  # names in a sentence
_FEW = 4  # images that may look alike by chance
_DARK = 128  # of 255: 16-bit images that reach no further were stored with fewer bits
_EMPTY = ("nan", "none", "null", "n/a", "na", "nil", "-", "?", "unlabeled", "unlabelled")
_NOTHING = re.compile(
    r"(?:no|not|non|without)[\W_].*|.*[\W_]free|clean|empty|good|healthy|intact|negatives?|normal|nothing|okay|ok",
    re.IGNORECASE,
)

Labels = frozenset[str]


def require_usable(dataset: CheckedDataset) -> None:
    """Refuse a data set that nothing can be learnt from, or whose masks cannot mean what they hold.

    Raises:
        SecoError: no image or no label is in the split "train", or labels name classes and no mask shows one.
    """
    train = [item.record for item in dataset.images if item.record.split == TRAIN]
    if not train:
        raise SecoError(f"no image is in the split {TRAIN!r}, so there is nothing to learn from: correct the splits")
    masked = [item for item in dataset.images if item.shown is not None]
    if masked and not any(item.shown for item in masked) and any(item.record.labels for item in masked):
        count = "the mask" if len(masked) == 1 else f"all {len(masked)} masks"
        raise SecoError(
            f"no mask shows a class: {count} hold 0 (background) and 255 (ignored) alone, though labels name classes; "
            "save each object with the value of its class, 1 for the first"
        )
    if not any(record.labels for record in train):
        raise SecoError(f"no image of the split {TRAIN!r} has a label, so there is nothing to learn: check the labels")


def oddities(dataset: CheckedDataset) -> list[str]:
    """Return a sentence for each sign that something is not as it was meant; none of them stops the stage."""
    train = [frozenset(item.record.labels) for item in dataset.images if item.record.split == TRAIN]
    names = dataset.class_names
    masked = [item for item in dataset.images if item.shown is not None]
    return [
        *_of_masks(masked, names),
        *_of_palettes(masked),
        *_of_labels(train, names),
        *_of_names(names),
        *_of_brightness(dataset.images),
    ]


def _of_masks(masked: Sequence[CheckedImage], names: Sequence[str]) -> Iterator[str]:
    named = Counter(label for item in masked for label in item.record.labels)
    shown = Counter(label for item in masked for label in item.shown or ())
    if unseen := [name for name in names if named[name] >= _FEW and not shown[name]]:
        yield f"no mask shows {_quoted(unseen)}, though labels name it: are prepare.classes in the order of the values?"
    if unnamed := [name for name in names if shown[name] >= _FEW and not named[name]]:
        yield f"masks show {_quoted(unnamed)}, but no label names it: are prepare.classes in the order of the values?"
    labelled = [item for item in masked if item.record.labels]
    disjoint = sum(not set(item.record.labels) & set(item.shown or ()) for item in labelled)
    if 2 * disjoint > len(labelled) >= _FEW:
        yield f"{disjoint} of {len(labelled)} masks show no class that the labels name: are they the right masks?"


def _of_palettes(masked: Sequence[CheckedImage]) -> Iterator[str]:
    values: dict[int, dict[int, CheckedImage]] = {}  # colour → value → the first image of both
    for item in masked:
        tells_apart = 1 < len(item.palette) == len({colour for _, colour in item.palette})
        for value, colour in item.palette if tells_apart else ():
            values.setdefault(colour, {}).setdefault(value, item)
    for colour, images in values.items():
        if len(images) > 1:
            (value, item), (other, image) = list(images.items())[:2]
            yield (
                f"the colour {unpacked(colour)} has the value {value} in {item.record.mask} and {other} in "
                f"{image.record.mask}: values are class ids, but these masks seem to have a palette each"
            )
            return


def _of_labels(train: Sequence[Labels], names: Sequence[str]) -> Iterator[str]:
    images: dict[str, list[int]] = {}
    for number, labels in enumerate(train):
        for label in labels:
            images.setdefault(label, []).append(number)
    if absent := [name for name in names if name not in images]:
        yield f"{TRAIN}: no image shows {_quoted(absent)}, so it cannot be learnt"
    if everywhere := [name for name in names if len(images.get(name, ())) == len(train) >= _FEW]:
        yield (
            f"{TRAIN}: every image shows {_quoted(everywhere)}, so nothing tells it from its surroundings: "
            "add images without it, with other labels or none"
        )
    lone = [name for name in images if all(len(train[number]) == 1 for number in images[name])]
    if len(images) > 1 and (hollow := [name for name in names if name in lone and _NOTHING.fullmatch(name)]):
        yield (
            f"{TRAIN}: {_quoted(hollow)} seems to say that an image shows nothing: give such images no label (formats "
            "of class folders: a folder named none), so that they teach what is background"
        )
    together: dict[tuple[int, ...], list[str]] = {}
    for name in names:
        together.setdefault(tuple(images.get(name, ())), []).append(name)
    for numbers, same in together.items():
        if len(same) > 1 and _FEW <= len(numbers) < len(train):
            yield f"{TRAIN}: {_quoted(same)} are in the same {len(numbers)} images, so nothing tells them apart"


def _of_names(names: Sequence[str]) -> Iterator[str]:
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(_letters(name), []).append(name)
    for same in alike.values():
        if len(same) > 1:
            yield f"the classes {_quoted(same)} may be one: give them one name"
    if empty := [name for name in names if name.casefold() in _EMPTY]:
        yield f"the class {_quoted(empty)} looks like an empty cell: leave the cell empty where no class is shown"
    for name in names:
        parts = [part for part in re.split(r"[^\w]+|_|\band\b", name) if part]
        if len(parts) > 1 and set(parts) <= set(names):
            yield f"the class {name!r} looks like a list of {_quoted(parts)}: separate labels by ;"


def _of_brightness(images: Sequence[CheckedImage]) -> Iterator[str]:
    deep = [item.brightest for item in images if item.brightest is not None]
    if deep and max(deep) < _DARK:
        yield (
            f"all images of 16 bits ({len(deep)}) are dark: at most {max(deep)} of 255 in their upper 8 bits, which "
            "are used; stretch their values to 16 bits"
        )


def _quoted(names: Iterable[str]) -> str:
    first, *others = found = [repr(name) for name in names]
    if not others:
        return first
    if len(found) > _SHOWN:
        return f"{', '.join(found[:_SHOWN])} and {len(found) - _SHOWN} more"
    return f"{', '.join(found[:-1])} and {found[-1]}"


def _letters(name: str) -> str:
    """Return what names have in common that differ in case, form, separators or a plural s."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    letters = "".join(character for character in plain if character.isalnum())
    return letters.removesuffix("s") or name
