"""Horses."""

import numpy as np

from scenes.drawing.colours import rgb, shifted, typical
from scenes.drawing.shapes import Outline, Piece, Shape, ellipse, limb, polygon, smooth, turned
from scenes.drawing.textures import Material


def horse(rng: np.random.Generator) -> Shape:
    """Return a horse, head up or grazing; its anchor `saddle` is where a rider sits."""
    coat = typical(rng, 0.06) * rng.uniform(0.5, 1.0)
    hair = shifted(rng, coat, amount=rng.uniform(30, 90))
    pattern = str(rng.choice(["blotches", "dapple"]))
    marking = shifted(rng, coat, amount=rng.uniform(45, 90))
    materials = {
        "coat": Material(coat, marking, pattern, rng.uniform(0.1, 0.16), roughness=22),
        "hair": Material(hair, shifted(rng, hair, amount=35), "knit", 0.05, 1.2, roughness=26),
        "hoof": Material(rgb(45, 38, 34), rgb(80, 70, 62)),
    }
    build = rng.uniform(0.9, 1.12)
    body = [(-0.8, -0.1), (-0.68, -0.31), (-0.3, -0.27), (0.1, -0.22), (0.5, -0.33), (0.72, -0.2), (0.75, 0.1),
            (0.5, 0.27), (0.0, 0.34), (-0.42, 0.24), (-0.7, 0.22), (-0.84, 0.06)]  # fmt: skip
    swing = rng.uniform(0.05, 0.3)
    pieces = (
        *_leg((-0.5, 0.12), -swing, 0.72, hind=True),
        *_leg((0.48, 0.15), swing, 0.72, hind=False),
        Piece(limb([(-0.78, -0.16), (-0.98, 0.02), (-0.98 - 0.3 * swing, 0.5)], [0.1, 0.16, 0.06]), "hair"),
        *_leg((-0.62, 0.08), swing, 1.0, hind=True),
        *_leg((0.58, 0.12), -swing, 1.0, hind=False),
        Piece(smooth(np.asarray(body) * (1.0, build)), "coat"),
        *_head(rng),
    )
    return Shape(pieces, materials, {"saddle": (0.02, -0.2 * build)})


def _leg(hip: tuple[float, float], swing: float, shade: float, *, hind: bool) -> list[Piece]:
    x, y = hip
    knee = (x + 0.45 * swing - (0.06 if hind else 0.0), 0.56)
    foot = (x + swing + (0.04 if hind else 0.0), 0.96)
    shape = limb([(x, y), knee, foot], [0.34 if hind else 0.26, 0.13, 0.1])
    hoof = polygon((foot[0] - 0.06, 0.93), (foot[0] + 0.06, 0.93), (foot[0] + 0.09, 1.02), (foot[0] - 0.07, 1.02))
    return [Piece(shape, "coat", shade), Piece(hoof, "hoof")]


def _head(rng: np.random.Generator) -> list[Piece]:
    angle = rng.uniform(1.0, 1.5) if rng.random() < 0.2 else rng.uniform(-0.15, 0.25)

    def bent(points: list[tuple[float, float]] | Outline) -> Outline:
        return turned(points, pivot=(0.58, -0.1), angle=angle)

    neck = [(0.36, -0.3), (0.66, -0.72), (0.84, -0.95), (1.04, -0.84), (0.88, -0.45), (0.76, 0.1)]
    head = [(0.8, -0.93), (0.98, -1.0), (1.14, -0.86), (1.4, -0.62), (1.4, -0.48), (1.22, -0.44), (1.02, -0.6),
            (0.86, -0.66)]  # fmt: skip
    mane = [(0.96, -1.05), (0.9, -0.9), (0.64, -0.45), (0.42, -0.24), (0.32, -0.34), (0.58, -0.8), (0.8, -1.06)]
    return [
        Piece(bent(polygon((0.84, -0.95), (0.86, -1.17), (0.95, -0.97))), "coat", 0.75),
        Piece(bent(smooth(neck)), "coat"),
        Piece(bent(smooth(head)), "coat"),
        Piece(bent(smooth(mane, rounds=1)), "hair"),
        Piece(bent(polygon((0.92, -0.97), (0.96, -1.18), (1.03, -0.95))), "coat"),
        Piece(bent(ellipse(1.08, -0.8, 0.03, 0.03)), "hoof"),
        Piece(bent(ellipse(1.34, -0.55, 0.02, 0.025)), "hoof"),
    ]
