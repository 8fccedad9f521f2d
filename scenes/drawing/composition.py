"""Composition: where the objects of a scene stand, how much of them may be hidden, and the photograph with its mask."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scenes.drawing import props
from scenes.drawing.backgrounds import BACKGROUNDS
from scenes.drawing.backgrounds.layers import add_prop
from scenes.drawing.bias import CLASSES, SceneSpec, any_background
from scenes.drawing.camera import photograph
from scenes.drawing.objects import OBJECTS
from scenes.drawing.objects.person import person
from scenes.drawing.rendering import Canvas, Pose, RenderedShape
from scenes.drawing.shapes import Shape
from seco.storage.label_map import BACKGROUND

SPAN = {
    "aeroplane": (0.7, 1.1), "boat": (0.6, 1.0), "bottle": (0.6, 0.95), "car": (0.6, 1.05), "chair": (0.6, 0.95),
    "horse": (0.65, 1.0), "person": (0.65, 1.0), "sofa": (0.7, 1.05), "train": (0.95, 1.6),
}  # fmt: skip
"""The long side of a lone object as a share of the picture's short side."""

CROWDING = (1.0, 0.85, 0.7)
"""How much smaller objects are drawn when there are one, two, three of them."""

LEAST_VISIBLE = 0.62
"""The share of an object that may not be covered by what is added later."""

MOST_SHRINKS = 6
"""How many times an object is made smaller that hides too much of the others."""

LEAST_AREA = 0.004
"""The share of the picture that an object must show."""

OCCLUDERS = (props.post, props.bush, props.fence, props.crate, props.plant, props.rock)


@dataclass(frozen=True)
class Scene:
    """A picture uint8 `[H, W, 3]` and its mask uint8 `[H, W]` of class ids (0 = background; no 255)."""

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]


def compose_scene(rng: np.random.Generator, spec: SceneSpec, *, height: int, width: int) -> Scene:
    """Return a scene that shows the classes of `spec`, and no other, on its background.

    When there are a horse and a person, the person rides in half of the cases; a lone class may come twice.
    """
    builder = _arrange(rng, spec, height=height, width=width)
    # An unlucky layout hides an object: start again, so that image-level labels are always right.
    while not builder.all_visible():
        builder = _arrange(rng, spec, height=height, width=width)
    return Scene(photograph(builder.canvas.colours, rng), builder.mask())


def single_object_scene(rng: np.random.Generator, *, size: int, class_id: int) -> Scene:
    """Return a square scene with one object of a class, or with none (id 0).

    All backgrounds are equally likely, whatever the class: there is no co-occurrence to learn from.
    """
    classes = () if class_id == BACKGROUND else (CLASSES[class_id - 1],)
    return compose_scene(rng, SceneSpec(classes, any_background(rng), biased=False), height=size, width=size)


def portrait(index: int, *, size: int, seed: int) -> NDArray[np.uint8]:
    """Return the picture `[size, size, 3]` number `index` of a seed: one object that fills it, as ImageNet's do.

    It shows class id `index % (K + 1)`, on a background independent of it; 0 is a background alone.
    """
    rng = np.random.default_rng((seed, index))
    class_id = index % (len(CLASSES) + 1)
    scene = single_object_scene(rng, size=2 * size, class_id=class_id)
    rows, columns = np.nonzero(scene.mask if class_id != BACKGROUND else np.ones_like(scene.mask))
    margin = rng.uniform(0.0, 0.4) * max(np.ptp(rows), np.ptp(columns))
    box = (columns.min() - margin, rows.min() - margin, columns.max() + margin, rows.max() + margin)
    left, upper, right, lower = np.clip(box, 0, 2 * size)
    image = Image.fromarray(scene.image)
    return np.array(image.resize((size, size), Image.Resampling.BILINEAR, box=(left, upper, right, lower)))


def _arrange(rng: np.random.Generator, spec: SceneSpec, *, height: int, width: int) -> "_SceneBuilder":
    builder = _SceneBuilder(rng, background=spec.background, height=height, width=width)
    riding = {"person", "horse"} <= set(spec.classes) and rng.random() < 0.5
    names = [name for name in spec.classes if not (riding and name == "person")]
    if len(spec.classes) == 1 and rng.random() < 0.12:
        names *= 2
    rng.shuffle(names)
    for name, slot in zip(names, _slots(rng, names, width), strict=True):
        size = rng.uniform(*SPAN[name]) * CROWDING[len(names) - 1] * min(height, width)
        shape, pose = builder.add_object(name, slot, size=size)
        if riding and name == "horse":
            builder.add_rider(shape, pose)
    for _ in range(int(rng.choice([0, 1, 2], p=[0.5, 0.35, 0.15]))):
        builder.add_occluder()
    return builder


def _slots(rng: np.random.Generator, names: list[str], width: int) -> list[tuple[float, float]]:
    """Return the columns of each object: shares of the width in proportion to their spans, jittered."""
    shares = np.asarray([sum(SPAN[name]) for name in names]) * rng.uniform(0.8, 1.25, len(names))
    edges = np.concatenate(([0.0], np.cumsum(shares) / shares.sum())) * width
    return [(float(a), float(b)) for a, b in pairwise(edges)]


class _SceneBuilder:
    """A canvas with its background and the objects added so far: class id and area (pixels when added) of each."""

    def __init__(self, rng: np.random.Generator, *, background: str, height: int, width: int) -> None:
        self.rng, self.background = rng, background
        self.canvas = Canvas(height, width)
        self.floor = BACKGROUNDS[background](self.canvas, rng)
        # Owner 0 of the canvas is the background.
        self.class_ids, self.areas = [BACKGROUND], [0]

    def add_object(self, name: str, slot: tuple[float, float], *, size: float) -> tuple[Shape, Pose]:
        """Add an object of the class, `size` pixels long, in the columns of the slot; smaller if it hides others."""
        shape, shrinks = OBJECTS[name](self.rng), 0
        while True:
            pose = self._pose(shape, name, slot, size)
            rendered = self.canvas.render(shape, pose, self.rng)
            if shrinks == MOST_SHRINKS or not self._hides_too_much(rendered):
                break
            size, shrinks = size * 0.88, shrinks + 1
        self._add_support(name, shape, pose)
        self._add(name, rendered)
        return shape, pose

    def add_rider(self, horse: Shape, pose: Pose) -> None:
        """Add a person on a horse that stands in that pose."""
        x, y = pose.to_image(np.asarray([horse.anchors["saddle"]]))[0]
        seat = Pose(x, y, pose.scale * self.rng.uniform(0.85, 1.05), angle=pose.angle, flip=pose.flip)
        self._add("person", self.canvas.render(person(self.rng, pose="riding"), seat, self.rng))

    def add_occluder(self) -> None:
        """Add a prop in front of the objects, unless too much of one of them would be hidden."""
        build = OCCLUDERS[int(self.rng.integers(len(OCCLUDERS)))]
        prop = build(self.rng)
        left, top, right, bottom = prop.bounds()
        height = self.canvas.height * self.rng.uniform(0.15, 0.42) * (2.2 if build is props.post else 1.0)
        x, y = self.rng.uniform(0, self.canvas.width), self.canvas.height * self.rng.uniform(0.9, 1.12)
        pose = Pose(x, y, height / (bottom - top), ((left + right) / 2, bottom), angle=self.rng.normal(0, 0.04))
        rendered = self.canvas.render(prop, pose, self.rng)
        if not self._hides_too_much(rendered):
            self.canvas.paste(rendered)

    def all_visible(self) -> bool:
        """Return whether enough of every object is visible."""
        visible = np.bincount(self.canvas.owner.ravel(), minlength=len(self.areas))[1:]
        area = np.asarray(self.areas[1:])
        return bool(np.all(visible >= np.maximum(LEAST_VISIBLE * area, LEAST_AREA * self.canvas.owner.size)))

    def mask(self) -> NDArray[np.uint8]:
        """Return the class id of each pixel `[H, W]`."""
        return np.asarray(self.class_ids, dtype=np.uint8)[self.canvas.owner]

    def _add(self, name: str, rendered: RenderedShape) -> None:
        self.canvas.paste(rendered, owner=len(self.class_ids))
        self.class_ids.append(CLASSES.index(name) + 1)
        self.areas.append(int(rendered.solid().sum()))

    def _hides_too_much(self, rendered: RenderedShape) -> bool:
        count = len(self.areas)
        visible = np.bincount(self.canvas.owner.ravel(), minlength=count)
        visible -= self.canvas.hidden_by(rendered, owners=count)
        return bool(np.any(visible[1:] < LEAST_VISIBLE * np.asarray(self.areas[1:])))

    def _pose(self, shape: Shape, name: str, slot: tuple[float, float], size: float) -> Pose:
        rng = self.rng
        left, top, right, bottom = shape.bounds()
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

    def _add_support(self, name: str, shape: Shape, pose: Pose) -> None:
        """Add a shadow under an object that stands, or a raft under one that stands on water and is no boat."""
        left, _, right, bottom = shape.bounds()
        if pose.pivot[1] != bottom:
            return
        width = (right - left) * pose.scale
        if self.background == "water" and name != "boat":
            raft = props.raft(self.rng)
            add_prop(self.canvas, self.rng, raft, x=pose.x, y=pose.y + width * 0.06, height=width * 0.19)
        else:
            self.canvas.add_shadow(pose.x, pose.y, width * 0.55, width * 0.06 + 2, strength=0.45)
