"""A background on which objects are put, and what may hide how much of them."""

import numpy as np
from numpy.typing import NDArray

from scenes import clutter
from scenes.classes import DEMO
from scenes.contexts import CONTEXTS
from scenes.figure import Figure
from scenes.ground import stand
from scenes.objects import BUILDERS
from scenes.people import person
from scenes.raster import Canvas, Pose, Stamp, draw
from seco.storage.label_map import BACKGROUND

SPAN = {
    "aeroplane": (0.7, 1.1), "boat": (0.6, 1.0), "bottle": (0.6, 0.95), "car": (0.6, 1.05), "chair": (0.6, 0.95),
    "horse": (0.65, 1.0), "person": (0.65, 1.0), "sofa": (0.7, 1.05), "train": (0.95, 1.6),
}  # fmt: skip
"""The long side of a lone object as a share of the picture's short side."""

LEAST_VISIBLE = 0.62
"""The share of an object that may not be covered by what is put later."""

LEAST_AREA = 0.004
"""The share of the picture that an object must show."""

OCCLUDERS = (clutter.post, clutter.bush, clutter.fence, clutter.crate, clutter.plant, clutter.rock)


class Stage:
    """A canvas with its background, and the objects put on it: class id and area (pixels when it was put) of each."""

    def __init__(self, rng: np.random.Generator, *, background: str, height: int, width: int) -> None:
        self.rng, self.background = rng, background
        self.canvas = Canvas(height, width)
        self.floor = CONTEXTS[background](self.canvas, rng)
        # Owner 0 of the canvas is the background.
        self.class_ids, self.areas = [BACKGROUND], [0]

    def put(self, name: str, slot: tuple[float, float], *, size: float) -> tuple[Figure, Pose]:
        """Put an object of the class, `size` pixels long, into the columns of the slot; smaller if it hides others."""
        figure = BUILDERS[name](self.rng)
        pose = self._pose(figure, name, slot, size)
        stamp = self._draw(figure, pose)
        for _ in range(6):
            if not self._hides_too_much(stamp):
                break
            size *= 0.88
            pose = self._pose(figure, name, slot, size)
            stamp = self._draw(figure, pose)
        self._ground(name, figure, pose)
        self._add(name, stamp)
        return figure, pose

    def put_rider(self, horse: Figure, pose: Pose) -> None:
        """Put a person on a horse that stands in that pose."""
        x, y = pose.to_image(np.asarray([horse.anchors["saddle"]]))[0]
        seat = Pose(x, y, pose.scale * self.rng.uniform(0.85, 1.05), angle=pose.angle, flip=pose.flip)
        self._add("person", self._draw(person(self.rng, pose="riding"), seat))

    def occlude(self) -> None:
        """Stand something neutral before the objects, unless too much of one of them would vanish."""
        builder = OCCLUDERS[int(self.rng.integers(len(OCCLUDERS)))]
        figure = builder(self.rng)
        left, top, right, bottom = figure.bounds()
        height = self.canvas.height * self.rng.uniform(0.15, 0.42) * (2.2 if builder is clutter.post else 1.0)
        x, y = self.rng.uniform(0, self.canvas.width), self.canvas.height * self.rng.uniform(0.9, 1.12)
        pivot = ((left + right) / 2, bottom)
        stamp = self._draw(figure, Pose(x, y, height / (bottom - top), pivot, angle=self.rng.normal(0, 0.04)))
        if not self._hides_too_much(stamp):
            self.canvas.put(stamp)

    def all_visible(self) -> bool:
        """Return whether enough of every object is left to see."""
        left = np.bincount(self.canvas.owner.ravel(), minlength=len(self.areas))[1:]
        area = np.asarray(self.areas[1:])
        return bool(np.all(left >= np.maximum(LEAST_VISIBLE * area, LEAST_AREA * self.canvas.owner.size)))

    def mask(self) -> NDArray[np.uint8]:
        """Return the class id of each pixel `[H, W]`."""
        return np.asarray(self.class_ids, dtype=np.uint8)[self.canvas.owner]

    def _draw(self, figure: Figure, pose: Pose) -> Stamp:
        return draw(figure, pose, height=self.canvas.height, width=self.canvas.width, rng=self.rng)

    def _add(self, name: str, stamp: Stamp) -> None:
        self.canvas.put(stamp, owner=len(self.class_ids))
        self.class_ids.append(DEMO.index(name) + 1)
        self.areas.append(int(stamp.solid().sum()))

    def _hides_too_much(self, stamp: Stamp) -> bool:
        count = len(self.areas)
        left = np.bincount(self.canvas.owner.ravel(), minlength=count) - self.canvas.hidden_by(stamp, owners=count)
        return bool(np.any(left[1:] < LEAST_VISIBLE * np.asarray(self.areas[1:])))

    def _pose(self, figure: Figure, name: str, slot: tuple[float, float], size: float) -> Pose:
        rng = self.rng
        left, top, right, bottom = figure.bounds()
        scale = size / max(right - left, bottom - top)
        half, tall = (right - left) * scale / 2, (bottom - top) * scale
        # An object may stick out of the picture a little, a train by nearly half of its length.
        overhang = half * (0.9 if name == "train" else 0.15)
        near, far = slot[0] + half - overhang, slot[1] - half + overhang
        x = rng.uniform(min(near, far), max(near, far))
        flip, middle = bool(rng.random() < 0.5), (left + right) / 2
        if name == "aeroplane" and (self.background == "sky" or rng.random() < 0.4):
            y = rng.uniform(tall * 0.4, max(self.floor[0] - tall * 0.5, tall * 0.6))
            return Pose(x, y, scale, (middle, (top + bottom) / 2), rng.normal(0, 0.22), flip)
        y = max(rng.uniform(*self.floor), min(tall * 0.93, self.floor[1]))
        return Pose(x, y, scale, (middle, bottom), rng.normal(0, 0.015 if name == "train" else 0.05), flip)

    def _ground(self, name: str, figure: Figure, pose: Pose) -> None:
        """Lay a shadow under what stands, and a raft under what cannot swim."""
        left, _, right, bottom = figure.bounds()
        if pose.pivot[1] != bottom:
            return
        width = (right - left) * pose.scale
        if self.background == "water" and name != "boat":
            raft = clutter.raft(self.rng)
            stand(self.canvas, self.rng, raft, x=pose.x, y=pose.y + width * 0.06, height=width * 0.19)
        else:
            self.canvas.darken(pose.x, pose.y, width * 0.55, width * 0.06 + 2, strength=0.45)
