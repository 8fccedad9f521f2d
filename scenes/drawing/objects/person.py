"""People: standing, walking, waving, or riding."""

import numpy as np

from scenes.drawing.colours import earthy, from_hsv, rgb, shifted, typical
from scenes.drawing.shapes import Piece, Shape, box, ellipse, limb, rounded, smooth
from scenes.drawing.textures import Material

POSES = ("standing", "walking", "waving")


def person(rng: np.random.Generator, *, pose: str | None = None) -> Shape:
    """Return a person seen from the front in one of `POSES`, or `riding` seen from the side, the seat at (0, 0)."""
    pose = pose or str(rng.choice(POSES))
    shirt, trousers, hair = typical(rng, 0.48), typical(rng, 0.68), earthy(rng) * 0.7
    skin = from_hsv(rng.uniform(0.03, 0.09), rng.uniform(0.25, 0.6), rng.uniform(0.35, 0.95))
    cloth = str(rng.choice(["knit", "stripes", "checks", "knit"]))
    materials = {
        "skin": Material(skin, shifted(rng, skin, amount=18)),
        "shirt": Material(
            shirt, shifted(rng, shirt, amount=70), cloth, rng.uniform(0.07, 0.12), rng.choice([0.0, 0.0, 1.57])
        ),
        "legs": Material(trousers, shifted(rng, trousers, amount=45), "knit", rng.uniform(0.05, 0.09), 1.57),
        "hair": Material(hair, shifted(rng, hair, amount=30), "knit", 0.04),
        "shoe": Material(rgb(50, 42, 40), rgb(85, 75, 70)),
    }
    return Shape(tuple(_rider(rng) if pose == "riding" else _upright(rng, pose)), materials)


def _head(rng: np.random.Generator, x: float, y: float) -> list[Piece]:
    crown = [(-0.15, 0.02), (-0.15, -0.12), (0, -0.21), (0.15, -0.12), (0.15, -0.02), (0, -0.09)]
    pieces = [
        Piece(ellipse(x, y, 0.13, 0.155), "skin"),
        Piece(rounded(x - 0.05, y + 0.1, x + 0.05, y + 0.22, 0.03), "skin", 0.88),
        Piece(smooth(np.add(crown, (x, y))), "hair"),
    ]
    if rng.random() < 0.3:
        for side in (-1, 1):
            lock = np.multiply([(0.16, -0.05), (0.18, 0.24), (0.05, 0.2), (0.1, -0.05)], (side, 1))
            pieces.append(Piece(smooth(np.add(lock, (x, y))), "hair"))
    elif rng.random() < 0.4:
        pieces.append(Piece(rounded(x - 0.12, y - 0.25, x + 0.12, y - 0.09, 0.04), "shirt"))
        pieces.append(Piece(box(x - 0.2, y - 0.12, x + 0.2, y - 0.07), "shirt", 0.8))
    eyes = [Piece(ellipse(x + dx, y + 0.01, 0.017, 0.02), "shoe") for dx in (-0.05, 0.05)]
    return pieces + eyes


def _upright(rng: np.random.Generator, pose: str) -> list[Piece]:
    stride = rng.uniform(0.12, 0.24) if pose == "walking" else rng.uniform(0.0, 0.06)
    pieces = []
    for side, shade in ((-1, 0.85), (1, 1.0)):
        hip, foot = (side * 0.09, -0.9), (side * (0.1 + stride), -0.05)
        pieces.append(Piece(limb([hip, (side * (0.1 + 0.5 * stride), -0.48), foot], [0.21, 0.17, 0.13]), "legs", shade))
        pieces.append(Piece(ellipse(foot[0] + 0.03 * side, -0.03, 0.1, 0.05), "shoe"))
    if rng.random() < 0.3:
        flare, hem = rng.uniform(0.26, 0.36), rng.uniform(-0.62, -0.35)
        pieces.append(Piece(smooth([(-0.16, -1.0), (0.16, -1.0), (flare, hem), (-flare, hem)], rounds=1), "legs"))
    for side in (-1, 1):
        pieces += _arm(rng, side, raised=pose == "waving" and side == 1)
    torso = [(-0.24, -1.44), (-0.08, -1.5), (0.08, -1.5), (0.24, -1.44), (0.2, -1.15), (0.19, -0.84), (-0.19, -0.84),
             (-0.2, -1.15)]  # fmt: skip
    return [*pieces, Piece(smooth(torso, rounds=1), "shirt"), *_head(rng, rng.uniform(-0.02, 0.02), -1.69)]


def _arm(rng: np.random.Generator, side: int, *, raised: bool) -> list[Piece]:
    bend = rng.uniform(0.06, 0.2)
    elbow = (side * (0.27 + bend), -1.32) if raised else (side * (0.26 + 0.6 * bend), -1.12)
    hand = (side * (0.32 + bend), -1.7) if raised else (side * (0.24 + bend), -0.84)
    return [
        Piece(ellipse(hand[0], hand[1], 0.055, 0.06), "skin"),
        Piece(limb([(side * 0.2, -1.4), elbow, hand], [0.15, 0.12, 0.09]), "shirt", 0.9),
    ]


def _rider(rng: np.random.Generator) -> list[Piece]:
    lean = rng.uniform(0.0, 0.16)
    torso = [(-0.17, 0.06), (-0.15, -0.35), (lean - 0.14, -0.6), (lean + 0.1, -0.62), (lean + 0.16, -0.35),
             (0.17, 0.05)]  # fmt: skip
    return [
        Piece(smooth(torso, rounds=1), "shirt"),
        Piece(limb([(0.0, 0.0), (0.3, 0.2), (0.22, 0.62)], [0.25, 0.19, 0.13]), "legs"),
        Piece(ellipse(0.28, 0.67, 0.11, 0.055), "shoe"),
        *_head(rng, lean + 0.02, -0.82),
        Piece(ellipse(0.48, -0.2, 0.055, 0.05), "skin"),
        Piece(limb([(lean, -0.52), (0.14, -0.26), (0.46, -0.2)], [0.14, 0.12, 0.09]), "shirt", 0.85),
    ]
