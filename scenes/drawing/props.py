"""Props: things that are no class. They stand in the backgrounds and sometimes hide part of an object."""

import numpy as np

from scenes.drawing.colours import earthy, from_hsv, grey, muted, near, shifted
from scenes.drawing.shapes import Piece, Shape, box, ellipse, limb, polygon, rounded, smooth
from scenes.drawing.textures import Material


def _leaves(rng: np.random.Generator) -> Material:
    green = near(rng, rng.choice([0.28, 0.28, 0.12]))
    return Material(green, shifted(rng, green, amount=50), "dapple", rng.uniform(0.08, 0.14), roughness=45)


def _any_material(rng: np.random.Generator, pattern: str, *, period: float = 0.15) -> Material:
    base = earthy(rng) if rng.random() < 0.7 else muted(rng)
    return Material(base, shifted(rng, base, amount=55), pattern, period)


def tree(rng: np.random.Generator) -> Shape:
    """Return a tree: round or pointed."""
    pieces = [Piece(limb([(0, 0), (0.02, -0.5)], [0.14, 0.09]), "bark")]
    if rng.random() < 0.6:
        for _ in range(5):
            x, y, r = rng.normal(0, 0.16), -0.72 + rng.normal(0, 0.11), rng.uniform(0.16, 0.26)
            pieces.append(Piece(ellipse(x, y, r, r), "leaves", rng.uniform(0.8, 1.05)))
    else:
        for level in range(3):
            y, half = -0.2 - 0.26 * level, 0.34 - 0.08 * level
            pieces.append(Piece(polygon((-half, y), (half, y), (0, y - 0.42)), "leaves", 0.85 + 0.08 * level))
    return Shape(tuple(pieces), {"bark": _any_material(rng, "grain", period=0.06), "leaves": _leaves(rng)})


def bush(rng: np.random.Generator) -> Shape:
    """Return a bush of several round tufts."""
    tufts = [(rng.uniform(-0.4, 0.4), rng.uniform(0.16, 0.28)) for _ in range(6)]
    pieces = [Piece(ellipse(x, -0.7 * r, r, r * 0.85), "leaves", rng.uniform(0.78, 1.05)) for x, r in tufts]
    return Shape(tuple(pieces), {"leaves": _leaves(rng)})


def rock(rng: np.random.Generator) -> Shape:
    """Return a boulder."""
    turn = np.linspace(np.pi, 2 * np.pi, 7)
    radius = rng.uniform(0.7, 1.1, 7)
    rim = np.stack((0.5 * radius * np.cos(turn), 0.42 * radius * np.sin(turn)), axis=1)
    base = earthy(rng)
    stone = Material(base, shifted(rng, base), "blotches", roughness=30)
    return Shape((Piece(smooth(rim, rounds=1), "stone"),), {"stone": stone})


def crate(rng: np.random.Generator) -> Shape:
    """Return a box with a lid, seen a little from above."""
    width, height = rng.uniform(0.6, 1.0), rng.uniform(0.45, 0.9)
    top = -height - 0.14
    pieces = (
        Piece(polygon((0, -height), (0.12, top), (width + 0.08, top), (width, -height)), "face", 1.1),
        Piece(box(0, -height, width, 0), "face"),
        Piece(box(0, -height, width, -height + 0.06), "edge"),
        Piece(box(0, -0.06, width, 0), "edge"),
    )
    pattern = str(rng.choice(["planks", "plain", "bricks"]))
    return Shape(pieces, {"face": _any_material(rng, pattern), "edge": _any_material(rng, "grain", period=0.05)})


def barrel(rng: np.random.Generator) -> Shape:
    """Return a barrel or a drum."""
    staves = smooth([(-0.3, 0), (-0.38, -0.5), (-0.3, -1.0), (0.3, -1.0), (0.38, -0.5), (0.3, 0)])
    hoops = [Piece(rounded(-0.36, y - 0.04, 0.36, y + 0.04, 0.02), "hoop") for y in (-0.78, -0.22)]
    materials = {"staves": _any_material(rng, "stripes", period=0.14), "hoop": _any_material(rng, "plain")}
    return Shape((Piece(staves, "staves"), *hoops), materials)


def lamp(rng: np.random.Generator) -> Shape:
    """Return a standing lamp."""
    pieces = (
        Piece(ellipse(0, -0.02, 0.18, 0.03), "stand"),
        Piece(limb([(0, 0), (0, -0.8)], [0.035, 0.035]), "stand"),
        Piece(polygon((-0.13, -1.1), (0.13, -1.1), (0.22, -0.76), (-0.22, -0.76)), "shade"),
    )
    return Shape(pieces, {"stand": _any_material(rng, "plain"), "shade": _any_material(rng, "stripes", period=0.12)})


def plant(rng: np.random.Generator) -> Shape:
    """Return a pot plant."""
    leaves = []
    for angle in rng.uniform(-1.1, 1.1, 6):
        tip = (0.5 * np.sin(angle), -0.35 - 0.5 * np.cos(angle))
        middle = (0.55 * tip[0], (tip[1] - 0.35) * 0.55)
        leaves.append(Piece(limb([(0, -0.3), middle, tip], [0.04, 0.16, 0.02]), "leaves", rng.uniform(0.8, 1.05)))
    pot = Piece(polygon((-0.2, -0.34), (0.2, -0.34), (0.14, 0), (-0.14, 0)), "pot")
    return Shape((*leaves, pot), {"leaves": _leaves(rng), "pot": _any_material(rng, "stripes", period=0.1)})


def post(rng: np.random.Generator) -> Shape:
    """Return a pole, some with a sign."""
    pieces = [Piece(box(-0.035, -2.0, 0.035, 0), "pole")]
    if rng.random() < 0.5:
        plate = ellipse(0, -1.85, 0.17, 0.17) if rng.random() < 0.5 else rounded(-0.22, -2.0, 0.22, -1.75, 0.03)
        pieces.append(Piece(plate, "sign"))
    pole, sign = _any_material(rng, "stripes", period=0.3), _any_material(rng, "checks", period=0.2)
    return Shape(tuple(pieces), {"pole": pole, "sign": sign})


def fence(rng: np.random.Generator) -> Shape:
    """Return a run of fence."""
    rails = [Piece(box(-1.3, y, 1.3, y + 0.06), "wood", 0.85) for y in (-0.4, -0.18)]
    pales = [
        Piece(polygon((x, 0), (x, -0.5), (x + 0.05, -0.56), (x + 0.1, -0.5), (x + 0.1, 0)), "wood")
        for x in np.arange(-1.3, 1.25, 0.25)
    ]
    return Shape((*rails, *pales), {"wood": _any_material(rng, "grain", period=0.07)})


def house(rng: np.random.Generator) -> Shape:
    """Return a building with windows: a house with a gable or a block."""
    width, height = rng.uniform(0.7, 1.3), rng.uniform(0.7, 1.6)
    pieces = [Piece(box(0, -height, width, 0), "wall")]
    if rng.random() < 0.6:
        pieces.append(Piece(polygon((-0.08, -height), (width / 2, -height - 0.45), (width + 0.08, -height)), "roof"))
    for y in np.arange(-height + 0.14, -0.2, 0.34):
        columns = np.linspace(0.12, width - 0.3, max(int(width / 0.32), 2))
        pieces += [Piece(box(x, y, x + 0.16, y + 0.2), "pane") for x in columns]
    materials = {
        "wall": _any_material(rng, str(rng.choice(["bricks", "plain", "stripes"])), period=0.09),
        "roof": _any_material(rng, "bricks", period=0.08),
        "pane": _any_material(rng, "plain"),
    }
    return Shape(tuple(pieces), materials)


def cloud(rng: np.random.Generator) -> Shape:
    """Return a cloud."""
    puffs = [(rng.uniform(-0.5, 0.5), rng.uniform(0.12, 0.24)) for _ in range(6)]
    pieces = [Piece(ellipse(x, -0.6 * r, r * 1.2, r * 0.8), "mist", rng.uniform(0.94, 1.0)) for x, r in puffs]
    tone = from_hsv(rng.uniform(0.5, 0.7), rng.uniform(0, 0.12), rng.uniform(0.72, 1.0))
    return Shape(tuple(pieces), {"mist": Material(tone, shifted(rng, tone, amount=16))})


def picture(rng: np.random.Generator) -> Shape:
    """Return a framed picture or a window on a wall."""
    width, height = rng.uniform(0.6, 1.1), rng.uniform(0.6, 1.1)
    pieces = (
        Piece(box(0, -height, width, 0), "frame"),
        Piece(box(0.07, -height + 0.07, width - 0.07, -0.07), "view"),
        Piece(ellipse(width * rng.uniform(0.3, 0.7), -height * 0.45, 0.14, 0.14), "dot"),
    )
    view = _any_material(rng, str(rng.choice(["blotches", "plain", "stripes"])))
    frame, dot = _any_material(rng, "grain", period=0.06), _any_material(rng, "plain")
    return Shape(pieces, {"frame": frame, "view": view, "dot": dot})


def raft(rng: np.random.Generator) -> Shape:
    """Return a floating platform of planks on drums: objects other than boats stand on it in water."""
    drums = [Piece(ellipse(x, 0.16, 0.14, 0.09), "drum") for x in (-0.75, -0.25, 0.25, 0.75)]
    deck = Piece(polygon((-0.9, -0.1), (0.9, -0.1), (1.0, 0.1), (-1.0, 0.1)), "deck")
    drum = grey(rng)
    planks = _any_material(rng, "planks", period=0.08)
    return Shape((*drums, deck), {"deck": planks, "drum": Material(drum, shifted(rng, drum))})
