"""Composition: which objects of a plan stand where, and the photograph with its exact mask."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scenes.classes import DEMO
from scenes.contexts import CONTEXTS
from scenes.finish import photograph
from scenes.sampling import Plan
from scenes.stage import SPAN, Stage
from seco.storage.label_map import BACKGROUND

CROWDING = (1.0, 0.85, 0.7)
"""How much smaller objects are drawn when there are one, two, three of them."""


@dataclass(frozen=True)
class Scene:
    """A picture uint8 `[H, W, 3]` and its mask uint8 `[H, W]` of class ids (0 = background; no 255)."""

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]


def compose(rng: np.random.Generator, plan: Plan, *, height: int, width: int) -> Scene:
    """Return a scene that shows the plan's classes, and no other, on its background.

    A horse and a person share a place in half of the cases (the person rides); a lone class may come twice.
    """
    stage = _attempt(rng, plan, height=height, width=width)
    # An unlucky layout hides an object: draw again, so that image-level labels never lie.
    while not stage.all_visible():
        stage = _attempt(rng, plan, height=height, width=width)
    return Scene(photograph(stage.canvas.colours, rng), stage.mask())


def object_scene(rng: np.random.Generator, *, size: int, class_id: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return (image uint8 `[size, size, 3]`, mask uint8 `[size, size]`) of one object of a class, or of none (id 0).

    The background is drawn from all contexts alike, whatever the class: no co-occurrence to learn from.
    """
    names = tuple(CONTEXTS)
    shown = () if class_id == BACKGROUND else (DEMO[class_id - 1],)
    plan = Plan(shown, names[int(rng.integers(len(names)))], biased=False)
    scene = compose(rng, plan, height=size, width=size)
    return scene.image, scene.mask


def _attempt(rng: np.random.Generator, plan: Plan, *, height: int, width: int) -> Stage:
    stage = Stage(rng, background=plan.background, height=height, width=width)
    riding = {"person", "horse"} <= set(plan.classes) and rng.random() < 0.5
    names = [name for name in plan.classes if not (riding and name == "person")]
    if len(plan.classes) == 1 and rng.random() < 0.12:
        names *= 2
    rng.shuffle(names)
    for name, slot in zip(names, _slots(rng, names, width), strict=True):
        size = rng.uniform(*SPAN[name]) * CROWDING[len(names) - 1] * min(height, width)
        if riding and name == "horse":
            stage.put_rider(*stage.put("horse", slot, size=size))
        else:
            stage.put(name, slot, size=size)
    for _ in range(int(rng.choice([0, 1, 2], p=[0.5, 0.35, 0.15]))):
        stage.occlude()
    return stage


def _slots(rng: np.random.Generator, names: list[str], width: int) -> list[tuple[float, float]]:
    """Return the columns of each object: shares of the width in proportion to their spans, jittered."""
    shares = np.asarray([sum(SPAN[name]) for name in names]) * rng.uniform(0.8, 1.25, len(names))
    edges = np.concatenate(([0.0], np.cumsum(shares) / shares.sum())) * width
    return [(float(a), float(b)) for a, b in pairwise(edges)]
