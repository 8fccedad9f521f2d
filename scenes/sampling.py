"""Which classes and which context a scene shows: where the co-occurrence bias is made.

`HOME` ties a class to a context that is no class (aeroplane-sky, boat-water, train-rails, and chair and sofa to the
room); `PARTNER` ties two classes (person and horse, chair and sofa). Bottle and car are tied to nothing.
The contexts that are home of a class are *owned* (sky, water, rails, room), the others *free*.

A scene of `train` and `val` has a subject, one class. With the bias ρ:

1. The subject may be *tied*: aeroplane, boat and train stand on their home; chair and sofa come with their partner,
   in the room; person and horse come with each other, on a context drawn as in 2. Otherwise it comes without its
   partner, and never on its home. The chance is ρ, but ρ / (2 - ρ) for a class with a partner, which is also seen in
   its partner's tied scenes: either way, a class shows its tie in a share ρ of all its images.
2. A context that no tie prescribes is, with probability 1 - ρ, one of the owned contexts that are home to no class of
   the scene, and with probability ρ a free one: owned contexts without their class are a share 1 - ρ of the untied.
3. Bottle and car join scenes of any subject, independently of its context, up to three classes in all. No tied class
   joins a scene, so that 1 stays exact.

Subjects are weighted so that all classes are equally frequent; images carry 1-3 classes, on average 1.17 (ρ = 0) to
1.58 (ρ = 1), for the ties make company.
`val_unbiased` draws 1-3 classes (1.5 on average) and one of all contexts, each uniformly and independently.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenes.classes import DEMO
from scenes.contexts import CONTEXTS

HOME = {"aeroplane": "sky", "boat": "water", "train": "rails", "chair": "room", "sofa": "room"}
PARTNER = {"person": "horse", "horse": "person", "chair": "sofa", "sofa": "chair"}
UNTIED = tuple(name for name in DEMO if name not in HOME and name not in PARTNER)
OWNED = tuple(name for name in CONTEXTS if name in HOME.values())
FREE = tuple(name for name in CONTEXTS if name not in HOME.values())
MOST_CLASSES = 3
UNTIED_SUBJECTS = 0.7
"""How many scenes have an untied class as subject, for each scene in which a given class occurs."""


@dataclass(frozen=True)
class Plan:
    """What a scene shows: its classes (distinct, in id order), its background, and whether a tie placed it there."""

    classes: tuple[str, ...]
    background: str
    biased: bool

    @property
    def contexts(self) -> tuple[str, ...]:
        """The background, and each class present that is some class's partner (the context of that class)."""
        return (self.background, *(name for name in self.classes if name in PARTNER))


def draw_biased(rng: np.random.Generator, *, bias: float) -> Plan:
    """Return a scene of the biased distribution of the module's docstring; `bias` is ρ in 0..1."""
    counts = _subject_counts(bias)
    subject = DEMO[int(rng.choice(len(DEMO), p=counts / counts.sum()))]
    tied = rng.random() < _tie_rate(subject, bias)
    classes = {subject}
    if tied and subject in PARTNER:
        classes.add(PARTNER[subject])
    at_home = tied and subject in HOME
    background = HOME[subject] if at_home else _untied_context(rng, classes, bias=bias)
    for name in UNTIED:
        if rng.random() < _company_rate(bias) and len(classes) < MOST_CLASSES:
            classes.add(name)
    return Plan(_in_order(classes), background, tied)


def draw_unbiased(rng: np.random.Generator) -> Plan:
    """Return a scene whose classes and context are independent of each other, all equally likely."""
    count = int(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1]))
    classes = rng.choice(len(DEMO), size=count, replace=False)
    names = tuple(CONTEXTS)
    return Plan(_in_order({DEMO[i] for i in classes}), names[int(rng.integers(len(names)))], False)


def _untied_context(rng: np.random.Generator, classes: set[str], *, bias: float) -> str:
    homes = {HOME[name] for name in classes if name in HOME}
    strangers = tuple(name for name in OWNED if name not in homes)
    choices = FREE if rng.random() < bias else strangers
    return choices[int(rng.integers(len(choices)))]


def _subject_counts(bias: float) -> NDArray[np.float64]:
    """Return how many scenes have each class as subject `[K]`, in units in which every class occurs in one scene."""
    untied = UNTIED_SUBJECTS / len(UNTIED)
    # A class with a partner needs fewer scenes of its own: it also occurs in its partner's tied ones.
    paired = 1.0 - bias / 2.0
    return np.asarray([untied if name in UNTIED else paired if name in PARTNER else 1.0 for name in DEMO])


def _tie_rate(name: str, bias: float) -> float:
    if name in UNTIED:
        return 0.0
    return bias / (2.0 - bias) if name in PARTNER else bias


def _company_rate(bias: float) -> float:
    """Return the chance that an untied class joins another subject's scene, which makes up its one unit."""
    own = UNTIED_SUBJECTS / len(UNTIED)
    return (1.0 - own) / (float(_subject_counts(bias).sum()) - own)


def _in_order(classes: set[str]) -> tuple[str, ...]:
    return tuple(name for name in DEMO if name in classes)
