"""The queue: candidates in the order of their correction, each with its main reason in plain words."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seco.review.collect import Candidate
from seco.review.gains import ABSENT, RARITY, SIGNALS, TAGS, signal_gains
from seco.review.selection import select
from seco.review.signals import Comparison
from seco.storage.label_map import BACKGROUND
from seco.storage.manifest import TRAIN, Manifest

_WORDS = {
    "auxiliary": "an earlier layer of the network sees the {} elsewhere",
    "scale": "at half its size the photograph shows the network another {}",
    "mirror": "in the mirrored photograph the network sees the {} elsewhere",
    "refinement": "the refinement changed the {} much",
    "decoder": "two segmentations disagree about the {}",
    "confidence": "the network is unsure about the {}",
    RARITY: "few images show the {}",
}
_ONE_SIDED = 3.0  # times as many pixels on one side as on the other


class Queued(NamedTuple):
    """A mask's place in the queue."""

    candidate: Candidate
    score: float
    """The points of mIoU that its correction is expected to gain, over all candidates."""
    reason: str


def rank(candidates: Sequence[Candidate], compared: Sequence[Comparison], manifest: Manifest) -> list[Queued]:
    """Return all candidates, the first to be corrected first.

    Args:
        candidates: the images.
        compared: the signals of each.
        manifest: the data set.
    """
    records = [one.record for one in candidates]
    tags = np.array([[name in record.labels for name in manifest.class_names] for record in records])
    known = np.array([bool(record.labels) or record.split == TRAIN for record in records])
    sizes = np.array([record.width * record.height for record in records], dtype=np.float64)
    gains = signal_gains(compared, tags, known, sizes)  # [signals, N, K + 1]
    expected = gains.mean(axis=0)
    usual = np.maximum(gains.sum(axis=(1, 2)) / len(records), np.finfo(float).tiny)
    remarkable = (gains / usual[:, None, None])[:, :, BACKGROUND + 1 :]
    return [
        Queued(
            candidates[index],
            100 * float(expected[index].sum()),
            _reason(remarkable[:, index], compared[index], tags[index], manifest.class_names),
        )
        for index in select(expected, [manifest.label_ids(record) for record in records])
    ]


def _reason(
    remarkable: NDArray[np.float64], compared: Comparison, tags: NDArray[np.bool_], class_names: Sequence[str]
) -> str:
    """Return what stands out most of an image: the signal and class that are the largest multiple of what is usual.

    Args:
        remarkable: ``[signals, K]``, multiples of a signal's mean over the images.
        compared: the signals.
        tags: ``[K]``.
        class_names: the classes.
    """
    signal, place = divmod(int(remarkable.argmax()), len(class_names))
    if not remarkable[signal, place]:
        return "nothing stands out"
    class_id, name = place + 1, class_names[place]
    if SIGNALS[signal] == TAGS:
        if compared.area[class_id] > ABSENT:
            return f"the network hardly recognises the {name} that the mask shows"
        if tags[place]:
            return f"the mask lacks the {name}, which is a label"
        return f"the network sees the {name}, which is no label"
    if SIGNALS[signal] == RARITY:
        return _WORDS[RARITY].format(name)
    lacks, exceeds = compared.missing[signal, class_id], compared.excess[signal, class_id]
    side = "; it may be larger than the mask says" if lacks > _ONE_SIDED * exceeds else ""
    side = "; it may be smaller than the mask says" if exceeds > _ONE_SIDED * lacks else side
    return _WORDS[SIGNALS[signal]].format(name) + side
