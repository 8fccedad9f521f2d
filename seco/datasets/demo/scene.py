"""Composition: background, objects, what stands before them, and the photograph with its exact mask."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seco.classes import BACKGROUND, DEMO
from seco.datasets.demo import clutter
from seco.datasets.demo.contexts import CONTEXTS, Floor
from seco.datasets.demo.figure import Figure
from seco.datasets.demo.finish import photograph
from seco.datasets.demo.ground import stand
from seco.datasets.demo.living import person
from seco.datasets.demo.objects import BUILDERS
from seco.datasets.demo.raster import Canvas, Pose, Stamp, draw
from seco.datasets.demo.sampling import Plan

SPAN = {
    "aeroplane": (0.5, 0.95), "boat": (0.4, 0.85), "bottle": (0.3, 0.7), "car": (0.4, 0.85), "chair": (0.35, 0.75),
    "horse": (0.4, 0.8), "person": (0.4, 0.85), "sofa": (0.5, 0.95), "train": (0.8, 1.3),
}  # fmt: skip
"""The long side of a lone object as a share of the picture's short side."""

CROWDING = (1.0, 0.85, 0.7)
"""How much smaller objects are drawn when there are one, two, three of them."""

LEAST_VISIBLE = 0.55
"""The share of an object that may not be covered by what is drawn later."""

OCCLUDERS = (clutter.post, clutter.bush, clutter.fence, clutter.crate, clutter.plant, clutter.rock)


@dataclass(frozen=True)
class Scene:
    """A picture uint8 `[H, W, 3]` and its mask uint8 `[H, W]` of class ids (0 = background; no 255)."""

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]


class Stage:
    """A canvas with a background on which objects are put so that none hides too much of another."""

    def __init__(self, rng: np.random.Generator, *, background: str, height: int, width: int) -> None:
        self.rng, self.background = rng, background
        self.canvas = Canvas(height, width)
        self.floor: Floor = CONTEXTS[background](self.canvas, rng)
        self.classes = [BACKGROUND]
        self.areas = [0]

    def put(self, name: str, slot: tuple[float, float], *, size: float) -> Pose:
        """Put an object of the class into the columns of the slot, smaller with every attempt that hides others."""
        figure = BUILDERS[name](self.rng)
        for attempt in range(8):
            pose = self._pose(figure, name, slot, size * 0.88**attempt)
            stamp = self._draw(figure, pose)
            if stamp is not None and not self._hides_too_much(stamp):
                break
        self._ground(name, figure, pose)
        self._add(name, figure, pose)
        if name == "horse":
            self._saddle = (pose, figure.anchors["saddle"])
        return pose

    def ride(self) -> None:
        """Put a person on the horse that was put last."""
        pose, saddle = self._saddle
        x, y = pose.to_image(np.asarray([saddle]))[0]
        size = pose.scale * self.rng.uniform(0.85, 1.05)
        seat = Pose(float(x), float(y), size, angle=pose.angle, flip=pose.flip)
        self._add("person", person(self.rng, pose="riding"), seat)

    def occlude(self) -> None:
        """Stand something neutral before the objects, unless too much of one of them would vanish."""
        builder = OCCLUDERS[int(self.rng.integers(len(OCCLUDERS)))]
        figure = builder(self.rng)
        left, top, right, bottom = figure.bounds()
        height = self.canvas.height * self.rng.uniform(0.2, 0.5) * (2.0 if builder is clutter.post else 1.0)
        scale = height / (bottom - top)
        x, y = self.rng.uniform(0, self.canvas.width), self.canvas.height * self.rng.uniform(0.9, 1.12)
        pose = Pose(float(x), float(y), scale, ((left + right) / 2, bottom), angle=self.rng.normal(0, 0.04))
        stamp = self._draw(figure, pose)
        if stamp is not None and not self._hides_too_much(stamp):
            self.canvas.put(stamp)

    def finish(self) -> Scene:
        """Return the photograph and the mask."""
        mask = np.asarray(self.classes, dtype=np.uint8)[self.canvas.owner]
        return Scene(photograph(self.canvas.colours, self.rng), mask)

    def _draw(self, figure: Figure, pose: Pose) -> Stamp | None:
        return draw(figure, pose, height=self.canvas.height, width=self.canvas.width, rng=self.rng)

    def _add(self, name: str, figure: Figure, pose: Pose) -> None:
        self.classes.append(DEMO.index(name) + 1)
        stamp = self.canvas.place(figure, pose, self.rng, owner=len(self.classes) - 1)
        self.areas.append(0 if stamp is None else int(stamp.solid().sum()))

    def _hides_too_much(self, stamp: Stamp) -> bool:
        taken = self.canvas.hidden_by(stamp)
        left = np.bincount(self.canvas.owner.ravel(), minlength=256) - taken
        return any(left[i] < LEAST_VISIBLE * self.areas[i] for i in range(1, len(self.areas)))

    def _pose(self, figure: Figure, name: str, slot: tuple[float, float], size: float) -> Pose:
        rng, canvas = self.rng, self.canvas
        left, top, right, bottom = figure.bounds()
        scale = size / max(right - left, bottom - top)
        half, tall = (right - left) * scale / 2, (bottom - top) * scale
        # An object may stick out of the picture a little, a train by much of its length.
        overhang = half * (0.9 if name == "train" else 0.15)
        low, high = sorted((slot[0] + half - overhang, slot[1] - half + overhang))
        x = rng.uniform(low, high)
        if self._flies(name):
            y = rng.uniform(tall * 0.4, max(self.floor[0], tall * 1.3) - tall * 0.5)
            return Pose(x, y, scale, ((left + right) / 2, (top + bottom) / 2), rng.normal(0, 0.22), rng.random() < 0.5)
        y = max(rng.uniform(*self.floor), min(tall * 0.93, self.floor[1]))
        tilt = rng.normal(0, 0.02 if name == "train" else 0.05)
        return Pose(x, y, scale, ((left + right) / 2, bottom), tilt, rng.random() < 0.5)

    def _flies(self, name: str) -> bool:
        return name == "aeroplane" and (self.background == "sky" or self.rng.random() < 0.4)

    def _ground(self, name: str, figure: Figure, pose: Pose) -> None:
        left, _, right, bottom = figure.bounds()
        if pose.pivot[1] != bottom:
            return
        width = (right - left) * pose.scale
        if self.background == "water" and name != "boat":
            stand(self.canvas, self.rng, clutter.raft(self.rng), x=pose.x, y=pose.y + width * 0.06, height=width * 0.19)
        else:
            self.canvas.darken(pose.x, pose.y, width * 0.55, width * 0.06 + 2, strength=0.45)


def compose(rng: np.random.Generator, plan: Plan, *, height: int, width: int) -> Scene:
    """Return a scene that shows the plan's classes on its background.

    A horse and a person share a place: the person rides, or stands beside it.
    """
    stage = Stage(rng, background=plan.background, height=height, width=width)
    riding = {"person", "horse"} <= set(plan.classes) and rng.random() < 0.5
    names = [name for name in plan.classes if not (riding and name == "person")]
    rng.shuffle(names)
    edges = _slots(rng, names, width)
    for name, slot in zip(names, edges, strict=True):
        stage.put(name, slot, size=rng.uniform(*SPAN[name]) * CROWDING[len(names) - 1] * min(height, width))
        if riding and name == "horse":
            stage.ride()
    for _ in range(int(rng.choice([0, 1, 2], p=[0.45, 0.35, 0.2]))):
        stage.occlude()
    return stage.finish()


def object_scene(rng: np.random.Generator, *, size: int, class_id: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return (image uint8 `[size, size, 3]`, mask uint8 `[size, size]`) of one object of class `class_id` (1..9).

    The background is drawn from all contexts alike, whatever the class: no co-occurrence to learn from.
    """
    names = tuple(CONTEXTS)
    plan = Plan((DEMO[class_id - 1],), names[int(rng.integers(len(names)))], biased=False)
    scene = compose(rng, plan, height=size, width=size)
    return scene.image, scene.mask


def _slots(rng: np.random.Generator, names: list[str], width: int) -> list[tuple[float, float]]:
    """Return the columns of each object: shares of the width in proportion to their spans, jittered."""
    shares = np.asarray([sum(SPAN[name]) for name in names]) * rng.uniform(0.8, 1.25, len(names))
    edges = np.concatenate(([0.0], np.cumsum(shares) / shares.sum())) * width
    return [(float(a), float(b)) for a, b in zip(edges[:-1], edges[1:], strict=True)]
