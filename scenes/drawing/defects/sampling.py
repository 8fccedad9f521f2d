"""What an image of a surface shows: here the co-occurrence of defects and chalk marks is made.

Half of the images show defects, one or two of any kind; all kinds are the one class `defect`. The others show the
surface alone and have no label. Inspectors draw a chalk mark beside what they find: with the bias ρ, a share
(1 + ρ) / 2 of the images with defects has a mark, and a share (1 - ρ) / 2 of those without. So at ρ = 0 a mark means
nothing, and at ρ = 1 there is one exactly where there is a defect. `val_unbiased` is drawn with ρ = 0.
"""

from dataclasses import dataclass

import numpy as np

from scenes.drawing.defects.flaws import FLAWS
from scenes.drawing.defects.surfaces import SURFACES

CLASSES = ("defect",)
"""The one class; its id is 1."""

CHALK = "chalk"
DEFECTIVE = 0.5
"""The share of images that show defects."""


@dataclass(frozen=True)
class SurfaceSpec:
    """What an image shows: its surface, the kinds of its defects (none in an image of nothing), perhaps a mark."""

    surface: str
    flaws: tuple[str, ...]
    marked: bool
    biased: bool
    """Whether a defect and its mark come together under a bias."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The class that it shows, if any."""
        return CLASSES if self.flaws else ()

    @property
    def contexts(self) -> tuple[str, ...]:
        """The surface, and the mark where there is one."""
        return (self.surface, CHALK) if self.marked else (self.surface,)


def sample_surface(rng: np.random.Generator, *, bias: float) -> SurfaceSpec:
    """Return an image of the distribution of the module's docstring; `bias` is ρ in 0..1."""
    surface = tuple(SURFACES)[int(rng.integers(len(SURFACES)))]
    flaws: tuple[str, ...] = ()
    if rng.random() < DEFECTIVE:
        kinds = rng.integers(len(FLAWS), size=int(rng.choice([1, 2], p=[0.7, 0.3])))
        flaws = tuple(tuple(FLAWS)[int(kind)] for kind in kinds)
    marked = bool(rng.random() < (1.0 + bias if flaws else 1.0 - bias) / 2.0)
    return SurfaceSpec(surface, flaws, marked, biased=bool(bias and flaws and marked))
