"""Cars and trains."""

from itertools import pairwise

import numpy as np

from scenes.drawing.colours import any_colour, grey, rgb, shifted, typical
from scenes.drawing.shapes import Piece, Shape, box, ellipse, limb, polygon, rounded, smooth
from scenes.drawing.textures import Material


def _fittings(rng: np.random.Generator) -> dict[str, Material]:
    dark, hub = rgb(*rng.uniform(22, 60, 3)), grey(rng)
    return {
        "glass": Material(rgb(40, 52, 66), rgb(165, 185, 200), "sheen", rng.uniform(0.25, 0.5)),
        "dark": Material(dark, shifted(rng, dark, amount=22), "ribs", 0.06),
        "hub": Material(hub, shifted(rng, hub), "plain"),
        "lamp": Material(rgb(250, 235, 170), rgb(255, 250, 220)),
    }


def _wheel(x: float, y: float, radius: float) -> list[Piece]:
    return [
        Piece(ellipse(x, y, radius, radius), "dark"),
        Piece(ellipse(x, y, radius * 0.55, radius * 0.55), "hub"),
        Piece(ellipse(x, y, radius * 0.18, radius * 0.18), "dark"),
    ]


def car(rng: np.random.Generator) -> Shape:
    """Return a car: hatchback, saloon or van."""
    paint, trim = typical(rng, 0.63), any_colour(rng)
    lacquer = Material(paint, shifted(rng, paint, amount=75), "sheen", rng.uniform(0.3, 0.5), rng.normal(0, 0.2))
    materials = _fittings(rng) | {"body": lacquer, "trim": Material(trim, shifted(rng, trim), "plain")}
    wheel, height = rng.uniform(0.19, 0.24), rng.uniform(0.5, 0.64)
    kind = rng.integers(3)
    rear = ((-0.95, -0.85), (-0.8, -0.45), (-1.0, -0.96))[kind]  # columns of the cabin at its foot and at its top
    front = ((0.6, 0.25), (0.58, 0.2), (0.75, 0.42))[kind]
    floor = -wheel * 0.8
    shoulder = floor - height * 0.55
    top = shoulder - height * 0.75
    cabin = [(rear[0], shoulder + 0.06), (rear[1], top), (front[1], top), (front[0], shoulder + 0.06)]
    shell = [(-1.0, floor), (-1.02, shoulder + 0.05), (-0.85, shoulder - 0.02), (0.55, shoulder),
             (0.95, shoulder + 0.1), (1.05, floor - 0.08), (1.0, floor)]  # fmt: skip
    pane, pillar = top + 0.07, (rear[1] + front[1]) / 2 + 0.05
    left, right = pillar - 0.03, pillar + 0.03
    pieces = (
        Piece(smooth(cabin, rounds=1), "body"),
        Piece(polygon((rear[0] + 0.14, shoulder), (rear[1] + 0.07, pane), (left, pane), (left, shoulder)), "glass"),
        Piece(polygon((right, shoulder), (right, pane), (front[1] - 0.03, pane), (front[0] - 0.1, shoulder)), "glass"),
        Piece(smooth(shell, rounds=1), "body"),
        Piece(box(-0.98, floor - 0.06, 1.02, floor + 0.02), "trim", 0.8),
        Piece(ellipse(0.96, shoulder + 0.17, 0.06, 0.055), "lamp"),
        Piece(rounded(-1.02, shoulder + 0.06, -0.95, shoulder + 0.2, 0.02), "trim"),
        Piece(box(-0.06, shoulder + 0.02, -0.04, floor - 0.08), "dark", 0.9),
        Piece(rounded(-0.2, shoulder + 0.07, -0.1, shoulder + 0.1, 0.012), "hub"),
        *_wheel(-0.6, -wheel, wheel),
        *_wheel(0.62, -wheel, wheel),
    )
    return Shape(pieces, materials)


def train(rng: np.random.Generator) -> Shape:
    """Return a train: a power car or a steam engine, and carriages behind it."""
    paint, second = typical(rng, 0.14), any_colour(rng)
    sheet = Material(paint, shifted(rng, paint, amount=60), "ribs", rng.uniform(0.06, 0.09))
    belt = Material(second, shifted(rng, second), "ribs", 0.07)
    materials = _fittings(rng) | {"body": sheet, "belt": belt}
    length, height = rng.uniform(1.5, 1.9), rng.uniform(0.62, 0.8)
    engine = _steam_engine if rng.random() < 0.3 else _power_car
    pieces = engine(rng, length, height)
    for number in range(1, int(rng.integers(0, 3)) + 1):
        pieces += _carriage(rng, -number * (length + 0.08), length, height)
    return Shape(tuple(pieces), materials)


def _bogies(left: float, length: float) -> list[Piece]:
    pieces = [Piece(box(left + 0.06, -0.22, left + length - 0.06, -0.1), "dark", 0.8)]
    for x in np.linspace(left + 0.22, left + length - 0.22, 4):
        pieces += _wheel(float(x), -0.11, 0.11)
    return pieces


def _windows(rng: np.random.Generator, left: float, right: float, height: float) -> list[Piece]:
    count = max(int((right - left) / rng.uniform(0.24, 0.34)), 2)
    return [
        Piece(rounded(a + 0.03, -height * 0.86, b - 0.03, -height * 0.52, 0.03), "glass")
        for a, b in pairwise(np.linspace(left, right, count + 1))
    ]


def _carriage(rng: np.random.Generator, left: float, length: float, height: float) -> list[Piece]:
    right = left + length
    return [
        Piece(box(right - 0.02, -0.3, right + 0.12, -0.2), "dark"),
        Piece(rounded(left, -height - 0.06, right, -0.14, 0.06), "belt"),
        Piece(box(left, -height, right, -0.18), "body"),
        Piece(box(left, -height * 0.48, right, -height * 0.38), "belt"),
        *_windows(rng, left + 0.08, right - 0.08, height),
        *_bogies(left, length),
    ]


def _power_car(rng: np.random.Generator, length: float, height: float) -> list[Piece]:
    nose = rng.uniform(0.08, 0.5)
    shell = [(0, -0.16), (0, -height - 0.03), (length - nose, -height - 0.03), (length - nose * 0.35, -height * 0.72),
             (length, -height * 0.3), (length, -0.16)]  # fmt: skip
    belt = [(0, -height * 0.46), (length - 0.02, -height * 0.36), (length, -height * 0.25), (0, -height * 0.32)]
    screen = [(length - nose * 0.85, -height * 0.9), (length - nose * 0.45, -height * 0.7),
              (length - nose * 0.42, -height * 0.5), (length - nose * 0.85 - 0.12, -height * 0.5)]  # fmt: skip
    pieces = [
        Piece(smooth(shell, rounds=1), "body"),
        Piece(polygon(*belt), "belt"),
        Piece(polygon(*screen), "glass"),
        *_windows(rng, 0.1, length - nose - 0.22, height),
        Piece(ellipse(length - 0.07, -height * 0.3, 0.045, 0.045), "lamp"),
        *_bogies(0, length),
    ]
    if rng.random() < 0.5:
        x = length * rng.uniform(0.2, 0.5)
        arm = limb([(x, -height), (x - 0.15, -height - 0.13), (x + 0.05, -height - 0.25)], [0.03, 0.03, 0.03])
        pantograph = [Piece(box(x - 0.15, -height - 0.28, x + 0.25, -height - 0.24), "dark"), Piece(arm, "dark")]
        return pantograph + pieces
    return pieces


def _steam_engine(rng: np.random.Generator, length: float, height: float) -> list[Piece]:
    drum, stack = height * rng.uniform(0.62, 0.75), rng.uniform(0.22, 0.34)
    top = -drum - stack
    chimney = polygon((length - 0.34, -drum), (length - 0.4, top), (length - 0.14, top), (length - 0.2, -drum))
    return [
        Piece(chimney, "dark"),
        Piece(ellipse(length * 0.6, -drum, 0.13, 0.12), "belt"),
        Piece(rounded(0.3, -drum, length - 0.04, -0.2, 0.12), "body"),
        Piece(box(0, -height, 0.48, -0.2), "body"),
        Piece(box(-0.06, -height - 0.06, 0.56, -height + 0.02), "belt"),
        Piece(rounded(0.12, -height * 0.86, 0.38, -height * 0.52, 0.03), "glass"),
        Piece(ellipse(length - 0.06, -drum + 0.1, 0.06, 0.06), "lamp"),
        Piece(polygon((length - 0.1, -0.22), (length + 0.16, -0.02), (length - 0.1, -0.02)), "dark"),
        Piece(box(0, -0.28, length, -0.2), "belt"),
        *(Piece(box(x, -drum, x + 0.04, -0.28), "belt", 0.8) for x in np.linspace(0.6, length - 0.45, 3)),
        *(piece for x in (0.3, 0.68, 1.06) for piece in _wheel(x, -0.18, 0.18)),
        *_wheel(length - 0.22, -0.12, 0.12),
        Piece(box(0.3, -0.2, 1.06, -0.16), "hub"),
    ]
