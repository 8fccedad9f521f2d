"""Chalk marks: the confounder. Inspectors draw one beside a defect; it is no part of it."""

import numpy as np

from scenes.drawing.colours import from_hsv
from scenes.drawing.shapes import Outline, limb
from scenes.drawing.textures import Field, value_noise

Strokes = list[Outline]


def chalk_mark(rng: np.random.Generator) -> Strokes:
    """Return the strokes of a mark around (0, 0): a cross, an arrow, a tick or a zigzag. A unit is its size."""
    marks = (
        [[(-0.5, -0.5), (0.5, 0.5)], [(-0.5, 0.5), (0.5, -0.5)]],
        [[(-0.5, 0.0), (0.5, 0.0)], [(0.15, -0.3), (0.5, 0.0), (0.15, 0.3)]],
        [[(-0.5, 0.05), (-0.15, 0.45), (0.5, -0.45)]],
        [[(-0.5, 0.4), (-0.2, -0.4), (0.15, 0.4), (0.5, -0.4)]],
    )
    lines = marks[int(rng.integers(len(marks)))]
    angle, thickness = rng.uniform(0, 2 * np.pi), rng.uniform(0.13, 0.19)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return [_stroke(rng, np.asarray(line) @ turn, thickness) for line in lines]


def chalked(colours: Field, covered: Field, rng: np.random.Generator) -> Field:
    """Return colours `[3, H, W]` with chalk where a mark covers them `[H, W]`: light, of any hue, and grainy."""
    chalk = from_hsv(rng.random(), rng.choice([0.05, 0.35]), rng.uniform(0.9, 1.0))
    height, width = covered.shape
    grains = value_noise(rng, height, width, cells=(height / 3, width / 3), octaves=1)
    share = covered * np.clip(0.55 + 0.8 * grains, 0, 1)
    return colours + (chalk[:, None, None] - colours) * share


def _stroke(rng: np.random.Generator, joints: Outline, thickness: float) -> Outline:
    return limb(joints + rng.normal(0, 0.03, joints.shape), np.full(len(joints), thickness))
