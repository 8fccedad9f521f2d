"""Shapes: polygons filled with materials, in units of their own, y pointing down."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scenes.drawing.textures import Material

Outline = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Piece:
    """A polygon `[n, 2]` filled with a material; `shade` below 1 darkens it (far legs, undersides)."""

    outline: Outline
    material: str
    shade: float = 1.0


@dataclass(frozen=True)
class Shape:
    """Pieces from back to front, their materials, and named points where other shapes attach."""

    pieces: tuple[Piece, ...]
    materials: dict[str, Material]
    anchors: dict[str, tuple[float, float]] = field(default_factory=dict)

    def bounds(self) -> tuple[float, float, float, float]:
        """Return left, top, right, bottom in the shape's units."""
        points = np.concatenate([piece.outline for piece in self.pieces])
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        return float(left), float(top), float(right), float(bottom)


def polygon(*points: tuple[float, float]) -> Outline:
    """Return the outline through the points as they are."""
    return np.asarray(points, dtype=np.float64)


def smooth(points: ArrayLike, *, rounds: int = 2) -> Outline:
    """Return the closed outline with its corners cut (Chaikin), once a round."""
    outline = np.asarray(points, dtype=np.float64)
    for _ in range(rounds):
        following = np.roll(outline, -1, axis=0)
        cut = np.stack((0.75 * outline + 0.25 * following, 0.25 * outline + 0.75 * following), axis=1)
        outline = cut.reshape(-1, 2)  # [n, 2, 2] -> [2n, 2]
    return outline


def ellipse(x: float, y: float, rx: float, ry: float) -> Outline:
    """Return an ellipse around (x, y)."""
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return np.stack((x + rx * np.cos(turn), y + ry * np.sin(turn)), axis=1)


def box(left: float, top: float, right: float, bottom: float) -> Outline:
    """Return an upright rectangle."""
    return polygon((left, top), (right, top), (right, bottom), (left, bottom))


def rounded(left: float, top: float, right: float, bottom: float, radius: float) -> Outline:
    """Return an upright rectangle with rounded corners."""
    turn = np.linspace(0, np.pi / 2, 5)
    arcs = []
    for quarter, (x, y) in enumerate(((right, bottom), (left, bottom), (left, top), (right, top))):
        centre_x = x - np.copysign(radius, x - (left + right) / 2)
        centre_y = y - np.copysign(radius, y - (top + bottom) / 2)
        angle = turn + quarter * np.pi / 2
        arcs.append(np.stack((centre_x + radius * np.cos(angle), centre_y + radius * np.sin(angle)), axis=1))
    return np.concatenate(arcs)


def limb(joints: ArrayLike, widths: ArrayLike) -> Outline:
    """Return a bent, tapering bar through the joints `[n, 2]` with a width at each, its ends rounded."""
    line, half = np.asarray(joints, dtype=np.float64), np.asarray(widths, dtype=np.float64)[:, None] / 2
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    normal = np.stack((-along[:, 1], along[:, 0]), axis=1)
    start, end = line[:1] - along[:1] * half[:1] * 0.6, line[-1:] + along[-1:] * half[-1:] * 0.6
    return smooth(np.concatenate((start, line + normal * half, end, (line - normal * half)[::-1])))


def turned(points: ArrayLike, *, pivot: tuple[float, float], angle: float) -> Outline:
    """Return the points turned around a pivot (radians, clockwise on the screen)."""
    cos, sin = np.cos(angle), np.sin(angle)
    return (np.asarray(points, dtype=np.float64) - pivot) @ np.array([[cos, sin], [-sin, cos]]) + pivot
