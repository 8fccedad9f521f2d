"""Boats afloat: a sailing boat, a cabin boat or an open one."""

import numpy as np

from scenes.drawing.colours import any_colour, grey, rgb, shifted, typical
from scenes.drawing.shapes import Piece, Shape, box, ellipse, limb, polygon, rounded, smooth
from scenes.drawing.textures import Material


def boat(rng: np.random.Generator) -> Shape:
    """Return a boat."""
    hull, trim, top = typical(rng, 0.98), any_colour(rng), any_colour(rng)
    cloth = grey(rng) if rng.random() < 0.4 else any_colour(rng)
    materials = {
        "hull": Material(hull, shifted(rng, hull, amount=60), "planks", rng.uniform(0.07, 0.11)),
        "trim": Material(trim, shifted(rng, trim), "planks", 0.08),
        "top": Material(top, shifted(rng, top, amount=50), "planks", rng.uniform(0.07, 0.1)),
        "sail": Material(
            cloth, shifted(rng, cloth, amount=40), "stripes", rng.uniform(0.12, 0.25), rng.uniform(-0.2, 0.2)
        ),
        "glass": Material(rgb(45, 60, 75), rgb(160, 180, 195), "sheen", 0.2),
        "wood": Material(rgb(95, 70, 50), rgb(140, 105, 75), "grain", 0.05),
    }
    kind = str(rng.choice(["sail", "cabin", "open"], p=[0.45, 0.35, 0.2]))
    above = {"sail": _sails, "cabin": _cabin, "open": _benches}[kind](rng)
    return Shape((*above, *_hull(rng)), materials)


def _hull(rng: np.random.Generator) -> list[Piece]:
    depth, bow = rng.uniform(0.3, 0.44), rng.uniform(0.1, 0.22)
    shell = [(-0.98, -0.02), (-0.5, 0.03), (0.4, 0.0), (1.08, -bow), (0.98, 0.1), (0.7, depth), (-0.8, depth),
             (-0.95, 0.15)]  # fmt: skip
    rail = [(-1.0, -0.06), (0.4, -0.04), (1.12, -bow - 0.05), (1.06, -bow + 0.05), (0.4, 0.05), (-0.98, 0.04)]
    if rng.random() < 0.5:
        marks = [Piece(ellipse(x, 0.42 * depth, 0.055, 0.055), "glass") for x in np.linspace(-0.5, 0.5, 4)]
    else:
        marks = [Piece(box(-0.86, depth * 0.75, 0.74, depth), "trim", 0.7)]
    return [Piece(smooth(shell, rounds=1), "hull"), Piece(smooth(rail, rounds=1), "trim"), *marks]


def _sails(rng: np.random.Generator) -> list[Piece]:
    mast, height, reach = rng.uniform(0.0, 0.25), rng.uniform(1.2, 1.7), rng.uniform(0.65, 0.95)
    main = [(mast - 0.03, -height), (mast - 0.2, -height * 0.55), (mast - reach, -0.16), (mast - 0.03, -0.16)]
    jib = [(mast + 0.04, -height * 0.92), (mast + 0.32, -height * 0.5), (1.02, -0.22), (mast + 0.04, -0.2)]
    pieces = [
        Piece(box(mast - 0.025, -height - 0.08, mast + 0.025, 0.05), "wood"),
        Piece(smooth(main, rounds=1), "sail"),
    ]
    if rng.random() < 0.75:
        pieces.append(Piece(smooth(jib, rounds=1), "sail", 0.88))
    return [*pieces, Piece(limb([(mast, -0.12), (mast - reach, -0.12)], [0.04, 0.03]), "wood")]


def _cabin(rng: np.random.Generator) -> list[Piece]:
    left, right, height = rng.uniform(-0.75, -0.4), rng.uniform(0.25, 0.5), rng.uniform(0.35, 0.5)
    windows = np.linspace(left + 0.14, right - 0.06, 4)
    pieces = [
        Piece(polygon((left, 0.05), (left, -height), (right, -height), (right + 0.14, 0.05)), "top"),
        *(Piece(rounded(x - 0.08, -height * 0.8, x + 0.08, -height * 0.4, 0.03), "glass") for x in windows),
        Piece(box(left - 0.06, -height - 0.05, right + 0.08, -height + 0.02), "trim"),
    ]
    if rng.random() < 0.6:
        x, top = rng.uniform(left + 0.15, right - 0.2), -height - 0.35
        funnel = polygon((x, -height), (x + 0.02, top), (x + 0.2, top), (x + 0.22, -height))
        pieces.insert(0, Piece(funnel, "trim"))
    return pieces


def _benches(rng: np.random.Generator) -> list[Piece]:
    lean = rng.uniform(0.1, 0.35)
    return [
        *(Piece(box(x - 0.14, -0.1, x + 0.14, 0.02), "wood") for x in (-0.5, 0.05, 0.5)),
        Piece(limb([(-0.2, 0.05), (-0.2 - lean, -0.55)], [0.05, 0.07]), "wood"),
        Piece(rounded(-1.14, -0.3, -0.93, 0.12, 0.05), "trim", 0.8),
    ]
