"""Bottles, chairs and sofas."""

from itertools import pairwise

import numpy as np

from scenes.drawing.colours import any_colour, earthy, shifted, typical
from scenes.drawing.shapes import Piece, Shape, box, ellipse, limb, polygon, rounded, smooth, turned
from scenes.drawing.textures import Material


def bottle(rng: np.random.Generator) -> Shape:
    """Return an upright bottle with a label and a cap."""
    glass, paper, cap = typical(rng, 0.36), any_colour(rng), any_colour(rng)
    pattern = str(rng.choice(["stripes", "dots", "checks"]))
    materials = {
        "glass": Material(glass, shifted(rng, glass, amount=90), "gloss", rng.uniform(0.2, 0.32)),
        "label": Material(paper, shifted(rng, paper, amount=80), pattern, rng.uniform(0.08, 0.14)),
        "cap": Material(cap, shifted(rng, cap, amount=60), "gloss", 0.06),
    }
    half, neck = rng.uniform(0.15, 0.22), rng.uniform(0.05, 0.08)
    shoulder, throat = -rng.uniform(0.5, 0.68), -rng.uniform(0.74, 0.86)
    right = [(half * 0.9, 0.0), (half, -0.05), (half, shoulder), (half * 0.85, shoulder - 0.06), (neck, throat),
             (neck, -1.0)]  # fmt: skip
    outline = np.asarray(right + [(-x, y) for x, y in right[::-1]])
    middle, tall = shoulder * rng.uniform(0.42, 0.58), -shoulder * rng.uniform(0.18, 0.3)
    pieces = (
        Piece(smooth(outline, rounds=1), "glass"),
        Piece(box(-half, middle - tall, half, middle + tall), "label"),
        Piece(rounded(-neck * 1.25, -1.06, neck * 1.25, -0.94, 0.02), "cap"),
        Piece(box(-neck, throat - 0.01, neck, throat + 0.03), "cap", 0.9),
    )
    return Shape(pieces, materials)


def _upholstery(rng: np.random.Generator) -> dict[str, Material]:
    """Chairs and sofas share their cloths and their woods: only the shape tells them apart."""
    cloth, wood, cushion = typical(rng, 0.82), earthy(rng), any_colour(rng)
    pattern = str(rng.choice(["weave", "checks", "dots", "weave", "stripes"]))
    period = rng.uniform(0.06, 0.09) if pattern == "weave" else rng.uniform(0.1, 0.16)
    angle = rng.choice([0.0, 0.78])
    return {
        "cloth": Material(cloth, shifted(rng, cloth, amount=65), pattern, period, angle),
        "wood": Material(wood, shifted(rng, wood, amount=50), "grain", rng.uniform(0.05, 0.09)),
        "cushion": Material(cushion, shifted(rng, cushion, amount=70), pattern, period * 0.8, 0.4),
    }


def chair(rng: np.random.Generator) -> Shape:
    """Return a chair: four legs, a seat, a back of slats or cloth, sometimes arms; seen a little from the side."""
    width, depth, height = rng.uniform(0.46, 0.6), rng.uniform(0.1, 0.2), rng.uniform(0.6, 0.85)
    seat, thick = -rng.uniform(0.46, 0.56), rng.uniform(0.07, 0.12)
    far, leg = 0.6 * depth, rng.uniform(0.05, 0.07)
    cushion = polygon((far, seat - depth), (far + width, seat - depth), (width, seat + 0.02), (0, seat + 0.02))
    back = _chair_back(rng, far, width * 0.98, seat - depth * 0.5, height)
    splay = rng.uniform(0.0, 0.08)
    feet = [(0.04, 0.04 - splay), (width - 0.04, width - 0.04 + splay)]
    pieces = [
        *(Piece(box(x - leg / 2, seat, x + leg / 2, -depth * 0.8), "wood", 0.7) for x in (far, far + width * 0.95)),
        *back,
        Piece(cushion, "cloth"),
        Piece(rounded(-0.02, seat - 0.02, width + 0.02, seat + thick, 0.03), "cloth", 0.85),
        *(Piece(limb([(top, seat + thick), (foot, 0)], [leg * 1.2, leg]), "wood") for top, foot in feet),
    ]
    if rng.random() < 0.4:
        for x in (-0.02, width + 0.02):
            pieces.append(Piece(limb([(x, seat), (x, seat - 0.22)], [leg, leg]), "wood"))
            pieces.append(Piece(limb([(x, seat - 0.22), (x + far, seat - 0.25)], [leg * 1.3, leg * 1.3]), "wood"))
    return Shape(tuple(pieces), _upholstery(rng))


def _chair_back(rng: np.random.Generator, left: float, width: float, seat: float, height: float) -> list[Piece]:
    right, top = left + width, seat - height
    if rng.random() < 0.5:
        return [
            Piece(rounded(left, top, right, seat + 0.05, 0.08), "wood"),
            Piece(rounded(left + 0.04, top + 0.05, right - 0.04, seat, 0.06), "cloth", 0.95),
        ]
    count = int(rng.integers(2, 5))
    if rng.random() < 0.5:
        slats = [box(x - 0.03, top + 0.05, x + 0.03, seat) for x in np.linspace(left + 0.12, right - 0.12, count)]
    else:
        middles = np.linspace(top + 0.24, seat - 0.12, count)
        slats = [rounded(left + 0.03, y - 0.05, right - 0.03, y + 0.05, 0.02) for y in middles]
    return [
        *(Piece(slat, "wood", 0.9) for slat in slats),
        *(Piece(limb([(x, seat + 0.05), (x, top)], [0.07, 0.06]), "wood") for x in (left + 0.03, right - 0.03)),
        Piece(rounded(left, top, right, top + 0.12, 0.04), "wood"),
    ]


def sofa(rng: np.random.Generator) -> Shape:
    """Return a sofa: a wide back, two or three seat cushions, arms, feet and perhaps loose cushions."""
    width, back, arm = rng.uniform(1.4, 2.1), rng.uniform(0.72, 0.92), rng.uniform(0.16, 0.26)
    seat, elbow, roll = -rng.uniform(0.36, 0.44), -rng.uniform(0.56, 0.68), rng.uniform(0.06, 0.1)
    pieces = [Piece(box(x - 0.04, -0.12, x + 0.04, 0), "wood") for x in (0.1, width / 2, width - 0.1)]
    pieces.append(Piece(rounded(arm * 0.6, -back, width - arm * 0.6, -0.1, 0.1), "cloth", 0.82))
    for left, right in pairwise(np.linspace(arm, width - arm, int(rng.integers(2, 4)) + 1)):
        pieces.append(Piece(rounded(left + 0.01, -back + 0.05, right - 0.01, seat, 0.07), "cloth"))
        pieces.append(Piece(rounded(left + 0.01, seat - 0.04, right - 0.01, seat + 0.13, 0.05), "cloth", 1.08))
    pieces.append(Piece(rounded(arm * 0.5, seat + 0.12, width - arm * 0.5, -0.08, 0.03), "cloth", 0.78))
    for left in (0.0, width - arm):
        pieces.append(Piece(rounded(left, elbow, left + arm, -0.08, roll), "cloth", 0.94))
        pieces.append(Piece(ellipse(left + arm / 2, elbow + 0.06, arm * 0.56, 0.08), "cloth", 0.86))
    for _ in range(int(rng.integers(0, 3))):
        x = rng.uniform(arm + 0.2, width - arm - 0.2)
        pillow = rounded(x - 0.17, seat - 0.3, x + 0.17, seat + 0.02, 0.06)
        pieces.append(Piece(turned(pillow, pivot=(x, seat), angle=rng.normal(0, 0.2)), "cushion"))
    return Shape(tuple(pieces), _upholstery(rng))
