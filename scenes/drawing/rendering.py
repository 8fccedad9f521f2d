"""From shapes to pixels: placing them, rendering them with soft edges, and stacking them on a canvas."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from scenes.drawing.shapes import Outline, Shape
from scenes.drawing.textures import Field

SUPERSAMPLING = 3
LIT_FROM_ABOVE = (1.12, 0.86)
"""Brightness of a shape at its top and at its bottom."""


@dataclass(frozen=True)
class Pose:
    """Where a shape stands: its point `pivot` comes to (x, y) pixels, `scale` pixels a unit, then turned."""

    x: float
    y: float
    scale: float
    pivot: tuple[float, float] = (0.0, 0.0)
    angle: float = 0.0
    flip: bool = False

    def _matrix(self) -> NDArray[np.float64]:
        cos, sin = np.cos(self.angle) * self.scale, np.sin(self.angle) * self.scale
        side = -1.0 if self.flip else 1.0
        return np.array([[cos * side, -sin], [sin * side, cos]])

    def to_image(self, points: Outline) -> Outline:
        """Return the shape's points `[n, 2]` in pixels."""
        return (points - self.pivot) @ self._matrix().T + (self.x, self.y)

    def to_shape(self, xs: Field, ys: Field) -> tuple[Field, Field]:
        """Return pixel positions in the shape's units (the inverse of `to_image`)."""
        inverse = np.linalg.inv(self._matrix()).astype(np.float32)
        dx, dy = xs - np.float32(self.x), ys - np.float32(self.y)
        u = inverse[0, 0] * dx + inverse[0, 1] * dy + np.float32(self.pivot[0])
        v = inverse[1, 0] * dx + inverse[1, 1] * dy + np.float32(self.pivot[1])
        return u, v


@dataclass(frozen=True)
class RenderedShape:
    """A shape's pixels: colours times coverage `[3, h, w]`, and coverage `[h, w]`, at a corner of the canvas."""

    top: int
    left: int
    colours: Field
    coverage: Field

    @property
    def window(self) -> tuple[slice, slice]:
        """The canvas rows and columns that it covers."""
        height, width = self.coverage.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    def solid(self) -> NDArray[np.bool_]:
        """Return the pixels `[h, w]` that belong to it: those covered by half or more."""
        return self.coverage >= 0.5


def coverage(outline: Outline, height: int, width: int) -> tuple[int, int, Field] | None:
    """Return the share of each pixel inside a polygon given in pixels, for a canvas of that size.

    Returns:
        Top, left and the shares `[h, w]` (0..1) of the smallest window around it; None when it lies off the canvas.
    """
    left, top = np.maximum(np.floor(outline.min(axis=0)).astype(int), 0)
    right, bottom = np.minimum(np.ceil(outline.max(axis=0)).astype(int) + 1, (width, height))
    if right <= left or bottom <= top:
        return None
    big = Image.new("L", ((right - left) * SUPERSAMPLING, (bottom - top) * SUPERSAMPLING))
    points = ((outline - (left, top)) * SUPERSAMPLING - 0.5).ravel().tolist()
    ImageDraw.Draw(big).polygon(points, fill=255)
    return int(top), int(left), np.asarray(big.reduce(SUPERSAMPLING), dtype=np.float32) / 255.0


class Canvas:
    """An image in the making: colours `[3, H, W]` (0..255) and the owner `[H, W]` of each pixel (0 = background)."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self.colours = np.zeros((3, height, width), dtype=np.float32)
        self.owner = np.zeros((height, width), dtype=np.uint8)

    def render(self, shape: Shape, pose: Pose, rng: np.random.Generator) -> RenderedShape:
        """Return the pixels of a shape without pasting them: none when nothing of it is on the canvas."""
        placed = [(piece, coverage(pose.to_image(piece.outline), self.height, self.width)) for piece in shape.pieces]
        seen = [(piece, cut) for piece, cut in placed if cut is not None]
        if not seen:
            return RenderedShape(0, 0, np.zeros((3, 0, 0), np.float32), np.zeros((0, 0), np.float32))
        top, left = min(cut[0] for _, cut in seen), min(cut[1] for _, cut in seen)
        bottom = max(cut[0] + cut[2].shape[0] for _, cut in seen)
        right = max(cut[1] + cut[2].shape[1] for _, cut in seen)
        ys, xs = np.mgrid[top:bottom, left:right].astype(np.float32) + np.float32(0.5)
        u, v = pose.to_shape(xs, ys)
        used = dict.fromkeys(piece.material for piece, _ in seen)
        painted = {name: shape.materials[name].paint(u, v, rng) for name in used}
        colours, covered = np.zeros((3, *u.shape), np.float32), np.zeros(u.shape, np.float32)
        for piece, (y, x, share) in seen:
            at = (..., slice(y - top, y - top + share.shape[0]), slice(x - left, x - left + share.shape[1]))
            colours[at] *= 1.0 - share
            colours[at] += painted[piece.material][at] * (share * np.float32(piece.shade))
            covered[at] += share * (1.0 - covered[at])
        colours *= np.linspace(*LIT_FROM_ABOVE, len(covered), dtype=np.float32)[:, None]
        return RenderedShape(top, left, colours, covered)

    def paste(self, rendered: RenderedShape, *, owner: int = 0) -> None:
        """Lay a rendered shape on top; the pixels that it covers by half or more become its owner's."""
        under = self.colours[(..., *rendered.window)]
        under *= 1.0 - rendered.coverage
        under += rendered.colours
        self.owner[rendered.window][rendered.solid()] = owner

    def hidden_by(self, rendered: RenderedShape, *, owners: int) -> NDArray[np.int64]:
        """Return how many pixels of each of the `owners` (background included) the shape would hide."""
        return np.bincount(self.owner[rendered.window][rendered.solid()], minlength=owners)

    def add_shadow(self, x: float, y: float, rx: float, ry: float, *, strength: float) -> None:
        """Lay a soft shadow around (x, y) on the background, `strength` of 0..1 at its middle."""
        rows = slice(max(int(y - 2 * ry), 0), max(int(y + 2 * ry) + 1, 0))
        columns = slice(max(int(x - 2 * rx), 0), max(int(x + 2 * rx) + 1, 0))
        view = self.colours[:, rows, columns]
        ys, xs = np.mgrid[rows.start : rows.start + view.shape[1], columns.start : columns.start + view.shape[2]]
        fall = np.exp(-1.5 * (((xs - x) / rx) ** 2 + ((ys - y) / ry) ** 2)).astype(np.float32)
        view *= 1.0 - strength * fall
