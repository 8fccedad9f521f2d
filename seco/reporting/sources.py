"""The masks that are scored: where they lie, which stage writes them and what they are called in a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seco.errors import SecoError
from seco.scores.evaluation import Evaluation

CAM_SEED = "cam_seed"
REFINED = "refined"
SEGMENTATION = "segmentation"
_TITLES = {CAM_SEED: "CAM seed", REFINED: "refined mask", SEGMENTATION: "segmentation"}
_VARIANTS = ("single_scale", "multi_scale", "crf")


@dataclass(frozen=True)
class Source:
    """A folder of masks.

    Attributes:
        kind: "cam_seed", "refined" or "segmentation"; the key in metrics.json.
        variant: which segmentation ("single_scale", "multi_scale", "crf"); None for the others.
        folder: the masks, named by image id.
        stage: the command that writes them.
        splits: the splits they cover.
    """

    kind: str
    variant: str | None
    folder: Path
    stage: str
    splits: tuple[str, ...]

    @property
    def short_title(self) -> str:
        """Its name in figures: "CAM seed", "refined mask", "segmentation"."""
        return _TITLES[self.kind]

    @property
    def title(self) -> str:
        """Its name in tables: as in figures, but "segmentation, multi scale"."""
        return f"{self.short_title}, {self.variant.replace('_', ' ')}" if self.variant else self.short_title


@dataclass(frozen=True, eq=False)
class Measured:
    """What the masks of one source were worth on one split."""

    source: Source
    split: str
    evaluation: Evaluation

    @property
    def is_scored(self) -> bool:
        """Whether an image of the split has a truth mask; without, there is nothing to measure by."""
        return self.evaluation.whole.images > 0


def list_sources(
    *,
    seeds: Path,
    refined: Path,
    predictions: Path,
    seed_splits: Sequence[str],
    refined_splits: Sequence[str],
    predicted_splits: Sequence[str],
) -> list[Source]:
    """Return the CAM seeds, the refined masks and each segmentation variant whose folder is there.

    Raises:
        SecoError: there is no segmentation at all.
    """
    sources = [
        Source(CAM_SEED, None, seeds, "export-masks", tuple(seed_splits)),
        Source(REFINED, None, refined, "refine", tuple(refined_splits)),
    ]
    found = [name for name in _VARIANTS if (predictions / name).is_dir()]
    if predicted_splits and not found:
        raise SecoError(f"there is no segmentation below {predictions}: run `seco predict`")
    splits = tuple(predicted_splits)
    sources += [Source(SEGMENTATION, name, predictions / name, "predict", splits) for name in found]
    return [source for source in sources if source.splits]
