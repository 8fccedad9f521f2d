"""What to do next: rules that read the numbers of a report, each with the figure that it stands on."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

_MOST = 5  # sentences
_MOST_OF_A_RULE = 1
_CONTEXT = 2.0  # points of background that a context adds to a class
_ONE_SIDED = 15.0  # points between precision and recall
_LOW = 60.0  # percent of precision or recall
FEW_TO_LEARN = 50
"""Images of a class: with fewer, more help most (docs/auditing-labels.md)."""
_FEW_TO_SCORE = 30
_UNCERTAIN = 10.0  # percent of the pixels
_LOST = 3.0  # points of mIoU between the masks that the network learns from and its own
_CONFUSED = 10.0  # percent of a class's pixels that are called another class


class ClassFinding(NamedTuple):
    """A class's scores in percent; NaN where they are not defined."""

    name: str
    images_to_learn: int
    """Images of the training split with the label."""
    images_to_score: int
    """Images whose truth shows it."""
    iou: float
    precision: float
    recall: float


class TieFinding(NamedTuple):
    """Two classes that occur together."""

    name: str
    other: str
    gap: float
    """Points: how much more of the background is called the class where the other is there too."""
    gap_low: float
    """The lower end of its interval."""
    images_together: int
    """Images with the labels of both."""
    images: int
    """Images with the label of the class."""


class Findings(NamedTuple):
    """The numbers that the rules read; shares and scores in percent."""

    classes: Sequence[ClassFinding]
    ties: Sequence[TieFinding]
    confusions: Sequence[tuple[float, str, str]]
    """The largest shares of a class's pixels that are called another class: share, class, called."""
    cam: tuple[float, float] | None
    """Mean precision and recall of the CAM seeds of the same split."""
    uncertain: float
    """Share of pixels that the masks leave uncertain."""
    learned: tuple[float, float] | None
    """mIoU of the refined masks and of the segmentation of one split."""


def advise(findings: Findings) -> tuple[str, ...]:
    """Return at most five sentences; none where no rule applies."""
    sentences: list[str] = []
    for rule in _RULES:
        sentences += [sentence for sentence, _ in zip(rule(findings), range(_MOST_OF_A_RULE), strict=False)]
    return tuple(sentences[:_MOST])


def advise_without_truth(images: int) -> tuple[str, ...]:
    """Return what to do where no truth mask shows anything."""
    return (
        f"No truth mask says what a pixel of the {images:,} images shows, so nothing is measured: draw masks of 50 to "
        "100 images in a split of their own, and this page shows how good the others are.",
        "`seco sweep` chooses the threshold of the CAMs, also without masks.",
    )


def advise_without_masks(stages: Sequence[str]) -> tuple[str, ...]:
    """Return what to do where the masks that some commands write are missing."""
    commands = " and ".join(f"`seco {stage}`" for stage in stages)
    return (f"Run {commands}, then `seco evaluate`: masks are missing, so nothing is measured.",)


def _context(found: Findings) -> Iterator[str]:
    """A class takes in what surrounds its companion: show it without the companion."""
    for tie in sorted(found.ties, key=lambda tie: -tie.gap):
        if tie.gap_low > 0 and tie.gap >= _CONTEXT:
            yield (
                f"Collect images of {tie.name} without {tie.other}: where both are in the image, {tie.gap:.1f} points "
                f"more of the background are called {tie.name}, and {tie.images_together} of the {tie.images} images "
                f"of {tie.name} show {tie.other} too."
            )


def _threshold(found: Findings) -> Iterator[str]:
    """Precision and recall of the CAMs are far apart: the threshold is."""
    if found.cam is None:
        return
    precision, recall = found.cam
    if recall - precision >= _ONE_SIDED:
        yield (
            f"Raise the threshold of the CAMs, export.background: their precision is {precision:.1f} % at a recall of "
            f"{recall:.1f} %. `seco sweep` finds the value."
        )
    elif precision - recall >= _ONE_SIDED:
        yield (
            f"Lower the threshold of the CAMs, export.background: their recall is {recall:.1f} % at a precision of "
            f"{precision:.1f} %. `seco sweep` finds the value."
        )


def _learned(found: Findings) -> Iterator[str]:
    """The network is worse than the masks, or the other way round."""
    if found.learned is None:
        return
    refined, segmented = found.learned
    if refined - segmented >= _LOST:
        yield (
            f"Train longer (train.steps) or with a larger weight_seg: the mIoU of the segmentation is "
            f"{segmented:.1f} %, that of the refined masks {refined:.1f} %."
        )
    elif segmented - refined >= _LOST:
        yield (
            f"Use the segmentations, not the refined masks, as labels: their mIoU is {segmented:.1f} % against "
            f"{refined:.1f} %."
        )


def _confused(found: Findings) -> Iterator[str]:
    """Much of a class is called another one."""
    tied = {(tie.name, tie.other) for tie in found.ties}
    for share, name, called in sorted(found.confusions, reverse=True):
        if share >= _CONFUSED:
            together = " The two occur together." if (called, name) in tied else ""
            yield (
                f"Look at the images and labels of {name} and {called}: {share:.1f} % of the pixels of {name} are "
                f"called {called}.{together}"
            )


def _spilling(found: Findings) -> Iterator[str]:
    """The masks of a class cover more than it."""
    wide = [item for item in found.classes if item.precision < _LOW and item.recall - item.precision >= _ONE_SIDED]
    for item in sorted(wide, key=lambda item: item.precision):
        yield (
            f"Collect images of what surrounds {item.name}, without it: its masks cover more than it, with a precision "
            f"of {item.precision:.1f} % at a recall of {item.recall:.1f} %."
        )


def _missing(found: Findings) -> Iterator[str]:
    """The masks of a class cover a part of it."""
    narrow = [item for item in found.classes if item.recall < _LOW and item.precision - item.recall >= _ONE_SIDED]
    for item in sorted(narrow, key=lambda item: item.recall):
        yield (
            f"Collect more and more varied images of {item.name}, whose recall is {item.recall:.1f} % at a precision "
            f"of {item.precision:.1f} %, or lower cam.high, above which training takes a pixel for its class."
        )


def _few_to_learn(found: Findings) -> Iterator[str]:
    """A class that is found less than the mean has few images."""
    scores = [item.iou for item in found.classes if math.isfinite(item.iou)]
    mean = sum(scores) / len(scores) if scores else 0.0
    for item in sorted(found.classes, key=lambda item: item.images_to_learn):
        if item.images_to_learn < FEW_TO_LEARN and item.iou < mean:
            yield (
                f"Collect more images of {item.name}: it is in {item.images_to_learn} training images, and its IoU is "
                f"{item.iou:.1f} %, where the mean of the classes is {mean:.1f} %."
            )


def _uncertain(found: Findings) -> Iterator[str]:
    """Pixels without a class count as missed."""
    if found.uncertain >= _UNCERTAIN:
        yield (
            f"{found.uncertain:.1f} % of the pixels are left uncertain and count as missed: masks from which another "
            "network learns can have them, final masks should not."
        )


def _few_to_score(found: Findings) -> Iterator[str]:
    """Classes whose score rests on few images."""
    few = [item for item in found.classes if 0 < item.images_to_score < _FEW_TO_SCORE]
    if few:
        least = min(few, key=lambda item: item.images_to_score)
        images = f"{least.images_to_score} image{'s' * (least.images_to_score > 1)}"
        yield (
            f"Draw truth masks of more images: the scores of {len(few)} of {len(found.classes)} classes rest on fewer "
            f"than {_FEW_TO_SCORE} images each, that of {least.name} on {images}."
        )


_RULES: tuple[Callable[[Findings], Iterator[str]], ...] = (
    *(_context, _threshold, _learned, _spilling, _missing, _confused, _few_to_learn, _uncertain, _few_to_score),
)
