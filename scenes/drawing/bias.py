"""Which classes and which background a scene shows: here the co-occurrence bias is made.

`HOME` ties a class to a background (aeroplane to sky, boat to water, train to rails, chair and sofa to the room);
`PARTNER` ties two classes to each other (person and horse, chair and sofa). Bottle and car are tied to nothing.
A background that is the home of a class is *owned* (sky, water, rails, room), the others are *free*.

A scene of `train` and `val` has one class as its subject. With the bias ρ:

1. The subject may be *tied*: aeroplane, boat and train stand on their home; chair and sofa come with each other, in the
   room; person and horse come with each other, on a background chosen as in 2. A subject that is not tied comes without
   its partner, and never on its home. The chance of a tie is ρ, but ρ / (2 - ρ) for a class with a partner, which also
   appears in its partner's tied scenes: either way, a class is tied in a share ρ of all its images.
2. A background that no tie prescribes is free with probability ρ; with probability 1 - ρ it is owned, but the home of
   no class of the scene. So among the untied scenes, a share 1 - ρ has an owned background without its class.
3. Bottle and car join scenes of any subject, whatever the background, up to three classes in all. No tied class joins a
   scene, so that 1 stays exact.

Subjects are weighted so that all classes are equally frequent. Images show 1-3 classes, on average 1.17 (ρ = 0) to
1.58 (ρ = 1), since partners come together.
`val_unbiased` draws 1-3 classes (1.5 on average) and one of all backgrounds, each uniformly and independently.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.drawing.backgrounds import BACKGROUNDS

CLASSES = ("aeroplane", "boat", "bottle", "car", "chair", "horse", "person", "sofa", "train")
"""The classes in the order of their ids: the first has id 1."""

HOME = {"aeroplane": "sky", "boat": "water", "train": "rails", "chair": "room", "sofa": "room"}
PARTNER = {"person": "horse", "horse": "person", "chair": "sofa", "sofa": "chair"}
UNTIED = tuple(name for name in CLASSES if name not in HOME and name not in PARTNER)
OWNED = tuple(name for name in BACKGROUNDS if name in HOME.values())
FREE = tuple(name for name in BACKGROUNDS if name not in HOME.values())
MOST_CLASSES = 3
UNTIED_SUBJECTS = 0.7
"""How many scenes have an untied class as subject, for each scene in which a given class occurs."""


@dataclass(frozen=True)
class SceneSpec:
    """What a scene shows: its classes (distinct, in id order), its background, and whether a tie placed it there."""

    classes: tuple[str, ...]
    background: str
    biased: bool

    @property
    def contexts(self) -> tuple[str, ...]:
        """The background, and each class present that is some class's partner (the context of that class)."""
        return (self.background, *(name for name in self.classes if name in PARTNER))


def sample_biased(rng: np.random.Generator, *, bias: float) -> SceneSpec:
    """Return a scene of the biased distribution of the module's docstring; `bias` is ρ in 0..1."""
    counts = _subject_counts(bias)
    subject = CLASSES[int(rng.choice(len(CLASSES), p=counts / counts.sum()))]
    tied = rng.random() < _tie_rate(subject, bias)
    classes = {subject}
    if tied and subject in PARTNER:
        classes.add(PARTNER[subject])
    at_home = tied and subject in HOME
    background = HOME[subject] if at_home else _untied_background(rng, classes, bias=bias)
    for name in UNTIED:
        if rng.random() < _company_rate(bias) and len(classes) < MOST_CLASSES:
            classes.add(name)
    return SceneSpec(_in_order(classes), background, tied)


def sample_unbiased(rng: np.random.Generator) -> SceneSpec:
    """Return a scene whose classes and background are independent of each other, all equally likely."""
    count = int(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1]))
    classes = {CLASSES[index] for index in rng.choice(len(CLASSES), size=count, replace=False)}
    return SceneSpec(_in_order(classes), any_background(rng), False)


def any_background(rng: np.random.Generator) -> str:
    """Return the name of a background, all equally likely."""
    return tuple(BACKGROUNDS)[int(rng.integers(len(BACKGROUNDS)))]


def _untied_background(rng: np.random.Generator, classes: set[str], *, bias: float) -> str:
    homes = {HOME[name] for name in classes if name in HOME}
    choices = FREE if rng.random() < bias else tuple(name for name in OWNED if name not in homes)
    return choices[int(rng.integers(len(choices)))]


def _subject_counts(bias: float) -> NDArray[np.float64]:
    """Return how many scenes have each class as subject `[K]`, in units in which every class occurs in one scene."""
    untied = UNTIED_SUBJECTS / len(UNTIED)
    # A class with a partner needs fewer scenes of its own: it also occurs in its partner's tied ones.
    paired = 1.0 - bias / 2.0
    return np.asarray([untied if name in UNTIED else paired if name in PARTNER else 1.0 for name in CLASSES])


def _tie_rate(name: str, bias: float) -> float:
    if name in UNTIED:
        return 0.0
    return bias / (2.0 - bias) if name in PARTNER else bias


def _company_rate(bias: float) -> float:
    """Return the chance that an untied class joins another subject's scene, so that it occurs in one scene in all."""
    own = UNTIED_SUBJECTS / len(UNTIED)
    return (1.0 - own) / (float(_subject_counts(bias).sum()) - own)


def _in_order(classes: set[str]) -> tuple[str, ...]:
    return tuple(name for name in CLASSES if name in classes)
