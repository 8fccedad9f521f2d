"""Aeroplanes: from the side, or banking with both wings in view."""

import numpy as np

from scenes.drawing.colours import any_colour, rgb, shifted
from scenes.drawing.shapes import Piece, Shape, ellipse, limb, polygon, rounded, smooth
from scenes.drawing.textures import Material


def aeroplane(rng: np.random.Generator) -> Shape:
    """Return an aeroplane."""
    body, trim = _metal(rng), any_colour(rng)
    materials = {
        "body": body,
        "trim": Material(trim, shifted(rng, trim), "panels", 0.15),
        "glass": Material(rgb(40, 55, 75), rgb(150, 175, 195), "sheen", 0.2),
    }
    view = _side_view if rng.random() < 0.6 else _banking_view
    return Shape(tuple(view(rng)), materials)


def _metal(rng: np.random.Generator) -> Material:
    base = rgb(*rng.uniform(205, 255, 3)) if rng.random() < 0.9 else any_colour(rng)
    accent = shifted(rng, base, amount=rng.uniform(45, 80))
    return Material(base, accent, "panels", rng.uniform(0.16, 0.24), rng.normal(0, 0.05))


def _side_view(rng: np.random.Generator) -> list[Piece]:
    r, tail = rng.uniform(0.11, 0.17), rng.uniform(0.3, 0.46)
    sweep, reach = rng.uniform(0.25, 0.5), rng.uniform(0.3, 0.5)
    far_wing = polygon((-0.05, -0.3 * r), (0.3, -0.3 * r), (-0.02, -reach * 0.8), (-0.16, -reach * 0.8))
    fin = [(-1.0, -r * 0.6), (-1.12, -tail), (-0.92, -tail), (-0.55, -r * 0.8)]
    hull = [(-1, -r * 0.7), (-0.5, -r), (0.6, -r), (0.9, -r * 0.6), (1.05, r * 0.1), (0.9, r * 0.75), (0.5, r),
            (-0.4, r), (-0.9, -r * 0.1)]  # fmt: skip
    stabiliser = polygon((-1.0, -0.3 * r), (-0.72, -0.3 * r), (-0.98, 0.55 * r), (-1.14, 0.55 * r))
    cockpit = [(0.72, -r * 0.8), (0.84, -r * 0.66), (0.97, -0.12 * r), (0.78, -0.12 * r)]
    tip = -0.28 - sweep * 0.5
    wing = [(0.32, 0.25 * r), (-0.12, 0.25 * r), (tip, r + reach), (-0.08 - sweep * 0.5, r + reach)]
    windows = np.linspace(-0.6, 0.6, int(rng.integers(6, 11)))
    engines = (0.12, 0.12 - 0.6 * sweep)[: int(rng.integers(1, 3))]
    return [
        Piece(far_wing, "body", 0.72),
        Piece(smooth(fin, rounds=1), "trim"),
        Piece(smooth(hull), "body"),
        Piece(stabiliser, "trim", 0.85),
        Piece(smooth(cockpit, rounds=1), "glass"),
        *(Piece(ellipse(x, -0.3 * r, 0.026, 0.036), "glass") for x in windows),
        *(Piece(rounded(x - 0.12, 0.8 * r, x + 0.14, 1.75 * r, 0.05), "trim", 0.8) for x in engines),
        Piece(smooth(wing, rounds=1), "body", 0.9),
    ]


def _banking_view(rng: np.random.Generator) -> list[Piece]:
    r, span, sweep = rng.uniform(0.1, 0.14), rng.uniform(0.75, 1.0), rng.uniform(0.0, 0.5)
    wing = np.array([(0.38, 0.0), (-0.1, 0.0), (-0.05 - sweep, span), (0.12 - sweep, span)])
    stabiliser = np.array([(-0.72, 0.0), (-0.98, 0.0), (-1.08, 0.34), (-0.94, 0.34)])
    pieces = []
    for side, squeeze in ((-1.0, rng.uniform(0.55, 1.0)), (1.0, 1.0)):
        scale = np.array([1.0, side * squeeze])
        x, y = np.array([0.2 - 0.5 * sweep, 0.45 * span]) * scale
        pieces += [
            Piece(smooth(wing * scale, rounds=1), "body", 0.92),
            Piece(stabiliser * scale, "trim"),
            Piece(rounded(x - 0.08, y - 0.06, x + 0.16, y + 0.06, 0.04), "trim", 0.85),
        ]
    hull = [(-1.05, 0), (-0.9, -r * 0.5), (-0.2, -r), (0.7, -r), (1.0, -r * 0.5), (1.05, r * 0.4), (0.7, r), (-0.2, r),
            (-0.9, r * 0.5)]  # fmt: skip
    cockpit = [(0.74, -r * 0.7), (0.92, -r * 0.4), (0.92, r * 0.4), (0.74, r * 0.7)]
    return [
        *pieces,
        Piece(smooth(hull), "body"),
        Piece(limb([(-1.0, 0), (-0.6, -0.02)], [0.05, 0.03]), "trim", 0.7),
        Piece(smooth(cockpit, rounds=1), "glass"),
    ]
