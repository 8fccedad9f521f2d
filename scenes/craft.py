"""Aeroplanes and boats."""

import numpy as np

from scenes.colours import any_colour, grey, rgb, shifted, typical
from scenes.figure import Figure, Part, box, ellipse, limb, polygon, rounded, smooth
from scenes.patterns import Material


def _metal(rng: np.random.Generator) -> Material:
    base = rgb(*rng.uniform(205, 255, 3)) if rng.random() < 0.9 else any_colour(rng)
    accent = shifted(rng, base, amount=rng.uniform(45, 80))
    return Material(base, accent, "panels", rng.uniform(0.16, 0.24), rng.normal(0, 0.05))


def aeroplane(rng: np.random.Generator) -> Figure:
    """Return an aeroplane: from the side, or banking with both wings in view."""
    body, trim = _metal(rng), any_colour(rng)
    materials = {
        "body": body,
        "trim": Material(trim, shifted(rng, trim), "panels", 0.15),
        "glass": Material(rgb(40, 55, 75), rgb(150, 175, 195), "sheen", 0.2),
    }
    draw = _side_view if rng.random() < 0.6 else _top_view
    return Figure(tuple(draw(rng)), materials)


def _side_view(rng: np.random.Generator) -> list[Part]:
    r, tail = rng.uniform(0.11, 0.17), rng.uniform(0.3, 0.46)
    hull = [(-1, -r * 0.7), (-0.5, -r), (0.6, -r), (0.9, -r * 0.6), (1.05, r * 0.1), (0.9, r * 0.75), (0.5, r),
            (-0.4, r), (-0.9, -r * 0.1)]  # fmt: skip
    sweep, reach = rng.uniform(0.25, 0.5), rng.uniform(0.3, 0.5)
    parts = [
        Part(
            polygon((-0.05, -0.3 * r), (0.3, -0.3 * r), (-0.02, -reach * 0.8), (-0.16, -reach * 0.8)),
            "body",
            0.72,
        ),
        Part(smooth([(-1.0, -r * 0.6), (-1.12, -tail), (-0.92, -tail), (-0.55, -r * 0.8)], rounds=1), "trim"),
        Part(smooth(hull), "body"),
        Part(polygon((-1.0, -0.3 * r), (-0.72, -0.3 * r), (-0.98, 0.55 * r), (-1.14, 0.55 * r)), "trim", 0.85),
        Part(
            smooth([(0.72, -r * 0.8), (0.84, -r * 0.66), (0.97, -0.12 * r), (0.78, -0.12 * r)], rounds=1),
            "glass",
        ),
    ]
    parts += [
        Part(ellipse(x, -0.3 * r, 0.026, 0.036), "glass") for x in np.linspace(-0.6, 0.6, int(rng.integers(6, 11)))
    ]
    for x in (0.12, 0.12 - 0.6 * sweep)[: int(rng.integers(1, 3))]:
        parts.append(Part(rounded(x - 0.12, 0.8 * r, x + 0.14, 1.75 * r, 0.05), "trim", 0.8))
    wing = [
        (0.32, 0.25 * r),
        (-0.12, 0.25 * r),
        (-0.28 - sweep * 0.5, r + reach),
        (-0.08 - sweep * 0.5, r + reach),
    ]
    parts.append(Part(smooth(wing, rounds=1), "body", 0.9))
    return parts


def _top_view(rng: np.random.Generator) -> list[Part]:
    r, span, sweep = rng.uniform(0.1, 0.14), rng.uniform(0.75, 1.0), rng.uniform(0.0, 0.5)
    parts = []
    for side, squeeze in ((-1.0, rng.uniform(0.55, 1.0)), (1.0, 1.0)):
        wing = [(0.38, 0.0), (-0.1, 0.0), (-0.05 - sweep, span), (0.12 - sweep, span)]
        stabiliser = [(-0.72, 0.0), (-0.98, 0.0), (-1.08, 0.34), (-0.94, 0.34)]
        scale = np.array([1.0, side * squeeze])
        parts.append(Part(smooth(np.asarray(wing) * scale, rounds=1), "body", 0.92))
        parts.append(Part(polygon(*[(x, y * scale[1]) for x, y in stabiliser]), "trim"))
        pod = np.array([0.2 - 0.5 * sweep, 0.45 * span]) * scale
        parts.append(Part(rounded(pod[0] - 0.08, pod[1] - 0.06, pod[0] + 0.16, pod[1] + 0.06, 0.04), "trim", 0.85))
    nose = [(-1.05, 0), (-0.9, -r * 0.5), (-0.2, -r), (0.7, -r), (1.0, -r * 0.5), (1.05, r * 0.4), (0.7, r), (-0.2, r),
            (-0.9, r * 0.5)]  # fmt: skip
    parts += [
        Part(smooth(nose), "body"),
        Part(limb([(-1.0, 0), (-0.6, -0.02)], [0.05, 0.03]), "trim", 0.7),
        Part(smooth([(0.74, -r * 0.7), (0.92, -r * 0.4), (0.92, r * 0.4), (0.74, r * 0.7)], rounds=1), "glass"),
    ]
    return parts


def boat(rng: np.random.Generator) -> Figure:
    """Return a boat afloat: a sailing boat, a cabin boat or an open one."""
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
    kind = rng.choice(["sail", "cabin", "open"], p=[0.45, 0.35, 0.2])
    above = {"sail": _sails, "cabin": _cabin, "open": _thwarts}[str(kind)](rng)
    return Figure((*above, *_hull(rng)), materials)


def _hull(rng: np.random.Generator) -> list[Part]:
    depth, bow = rng.uniform(0.3, 0.44), rng.uniform(0.1, 0.22)
    shell = [
        (-0.98, -0.02),
        (-0.5, 0.03),
        (0.4, 0.0),
        (1.08, -bow),
        (0.98, 0.1),
        (0.7, depth),
        (-0.8, depth),
        (-0.95, 0.15),
    ]
    rail = [(-1.0, -0.06), (0.4, -0.04), (1.12, -bow - 0.05), (1.06, -bow + 0.05), (0.4, 0.05), (-0.98, 0.04)]
    parts = [Part(smooth(shell, rounds=1), "hull"), Part(smooth(rail, rounds=1), "trim")]
    if rng.random() < 0.5:
        parts += [Part(ellipse(x, 0.42 * depth, 0.055, 0.055), "glass") for x in np.linspace(-0.5, 0.5, 4)]
    else:
        parts.append(Part(box(-0.86, depth * 0.75, 0.74, depth), "trim", 0.7))
    return parts


def _sails(rng: np.random.Generator) -> list[Part]:
    mast, height, reach = rng.uniform(0.0, 0.25), rng.uniform(1.2, 1.7), rng.uniform(0.65, 0.95)
    main = [(mast - 0.03, -height), (mast - 0.2, -height * 0.55), (mast - reach, -0.16), (mast - 0.03, -0.16)]
    jib = [(mast + 0.04, -height * 0.92), (mast + 0.32, -height * 0.5), (1.02, -0.22), (mast + 0.04, -0.2)]
    parts = [
        Part(box(mast - 0.025, -height - 0.08, mast + 0.025, 0.05), "wood"),
        Part(smooth(main, rounds=1), "sail"),
    ]
    if rng.random() < 0.75:
        parts.append(Part(smooth(jib, rounds=1), "sail", 0.88))
    parts.append(Part(limb([(mast, -0.12), (mast - reach, -0.12)], [0.04, 0.03]), "wood"))
    return parts


def _cabin(rng: np.random.Generator) -> list[Part]:
    left, right, height = rng.uniform(-0.75, -0.4), rng.uniform(0.25, 0.5), rng.uniform(0.35, 0.5)
    parts = [Part(polygon((left, 0.05), (left, -height), (right, -height), (right + 0.14, 0.05)), "top")]
    parts += [
        Part(rounded(x - 0.08, -height * 0.8, x + 0.08, -height * 0.4, 0.03), "glass")
        for x in np.linspace(left + 0.14, right - 0.06, 4)
    ]
    parts.append(Part(box(left - 0.06, -height - 0.05, right + 0.08, -height + 0.02), "trim"))
    if rng.random() < 0.6:
        x = rng.uniform(left + 0.15, right - 0.2)
        parts.insert(
            0,
            Part(
                polygon((x, -height), (x + 0.02, -height - 0.35), (x + 0.2, -height - 0.35), (x + 0.22, -height)),
                "trim",
            ),
        )
    return parts


def _thwarts(rng: np.random.Generator) -> list[Part]:
    lean = rng.uniform(0.1, 0.35)
    parts = [Part(box(x - 0.14, -0.1, x + 0.14, 0.02), "wood") for x in (-0.5, 0.05, 0.5)]
    parts.append(Part(limb([(-0.2, 0.05), (-0.2 - lean, -0.55)], [0.05, 0.07]), "wood"))
    parts.append(Part(rounded(-1.14, -0.3, -0.93, 0.12, 0.05), "trim", 0.8))
    return parts
