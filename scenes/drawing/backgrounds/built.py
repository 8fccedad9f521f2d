"""Backgrounds that people built: rails, room, street, studio."""

import numpy as np

from scenes.drawing import props
from scenes.drawing.backgrounds.layers import (
    Floor,
    add_hills,
    add_polygon,
    add_prop,
    fill_rows,
    floor_layer,
    ground_layer,
    scatter_props,
    sky_layer,
    wall_layer,
)
from scenes.drawing.colours import earthy, grey, muted, near, shifted
from scenes.drawing.rendering import Canvas
from scenes.drawing.shapes import box, ellipse, polygon
from scenes.drawing.textures import Material, value_noise


def rails(canvas: Canvas, rng: np.random.Generator) -> Floor:
    """A railway line across the picture: ballast, sleepers, rails, masts behind."""
    horizon, track = int(canvas.height * rng.uniform(0.3, 0.5)), canvas.height * rng.uniform(0.68, 0.9)
    sky_layer(canvas, rng, horizon)
    add_hills(canvas, rng, horizon, canvas.height * rng.uniform(0.05, 0.2), near(rng, 0.3, spread=0.04))
    ground_layer(canvas, rng, horizon, near(rng, 0.25, spread=0.04), cells=(10, 16), grit=0.3)
    things = [props.tree, props.house, props.bush]
    scatter_props(canvas, rng, things, rows=(horizon, horizon + 20), heights=(0.1, 0.25), most=5)
    far = canvas.height * rng.uniform(0.14, 0.2)
    for y in (track - far, track) if rng.random() < 0.5 else (track,):
        _add_track(canvas, rng, y)
    for x in np.arange(rng.uniform(0, 60), canvas.width, rng.uniform(90, 160)):
        add_prop(canvas, rng, props.post(rng), x=float(x), y=track - far, height=canvas.height * 0.5)
    return track, track + 1


def _add_track(canvas: Canvas, rng: np.random.Generator, y: float) -> None:
    unit, width = canvas.height / 100, canvas.width
    stone, wood, steel = earthy(rng), earthy(rng) * 0.6, grey(rng)
    ballast = Material(stone, shifted(rng, stone, amount=70), "dapple", 4.0, roughness=70)
    add_polygon(canvas, rng, box(0, y - 2.5 * unit, width, y + 7 * unit), ballast)
    timber = Material(wood, shifted(rng, wood, amount=30), "grain", 5.0)
    back, front = y - 1.5 * unit, y + 5.5 * unit
    for x in np.arange(rng.uniform(-6, 0) * unit, width, rng.uniform(6, 8) * unit):
        sleeper = polygon((x, back), (x + 2.6 * unit, back), (x + 2.2 * unit, front), (x - 0.8 * unit, front))
        add_polygon(canvas, rng, sleeper, timber)
    for offset in (0.0, 3.6):
        rail = box(0, y + offset * unit, width, y + (offset + 0.9) * unit)
        add_polygon(canvas, rng, rail, Material(steel, shifted(rng, steel)))


def room(canvas: Canvas, rng: np.random.Generator) -> Floor:
    """A papered wall with pictures, a skirting board, and a floor with a rug, a lamp, a plant."""
    base = int(canvas.height * rng.uniform(0.52, 0.72))
    _add_wall_and_floor(canvas, rng, base)
    for _ in range(int(rng.integers(0, 4))):
        y, x, height = base * rng.uniform(0.45, 0.8), rng.uniform(0, canvas.width), rng.uniform(0.14, 0.3)
        add_prop(canvas, rng, props.picture(rng), x=x, y=y, height=canvas.height * height)
    skirting = grey(rng)
    board = box(0, base - canvas.height * 0.03, canvas.width, base + 2)
    add_polygon(canvas, rng, board, Material(skirting, shifted(rng, skirting)))
    if rng.random() < 0.5:
        rug, y = muted(rng), rng.uniform(base, canvas.height)
        outline = ellipse(rng.uniform(0.2, 0.8) * canvas.width, y, canvas.width * 0.4, canvas.height * 0.09)
        pattern = str(rng.choice(["stripes", "checks"]))
        add_polygon(canvas, rng, outline, Material(rug, shifted(rng, rug), pattern, 14.0))
    things = [props.lamp, props.plant, props.crate]
    scatter_props(canvas, rng, things, rows=(base + 4, base + 20), heights=(0.2, 0.45), most=3)
    return base + 0.08 * canvas.height, canvas.height * 0.97


def _add_wall_and_floor(canvas: Canvas, rng: np.random.Generator, base: int) -> None:
    paper, wood = muted(rng), earthy(rng)
    pattern = str(rng.choice(["stripes", "plain", "dots", "checks", "bricks"]))
    accent = shifted(rng, paper, amount=rng.uniform(18, 40))
    # Striped paper hangs upright: the pattern's bands lie across v.
    angle = np.pi / 2 if pattern == "stripes" else 0.0
    wall_layer(canvas, rng, base, Material(paper, accent, pattern, rng.uniform(0.05, 0.14), angle))
    pattern = str(rng.choice(["planks", "tiles", "plain", "weave"]))
    boards = Material(wood, shifted(rng, wood, amount=40), pattern, rng.uniform(0.25, 0.5), np.pi / 2)
    floor_layer(canvas, rng, base, boards)


def street(canvas: Canvas, rng: np.random.Generator) -> Floor:
    """A row of houses or a brick wall, a pavement, and a road with a dashed line."""
    base = int(canvas.height * rng.uniform(0.45, 0.65))
    if rng.random() < 0.5:
        wall = muted(rng)
        wall_layer(canvas, rng, base, Material(wall, shifted(rng, wall), "bricks", rng.uniform(0.04, 0.08)))
    else:
        sky_layer(canvas, rng, base)
        scatter_props(canvas, rng, [props.house], rows=(base, base + 1), heights=(0.3, 0.6), most=7)
    flag = grey(rng)
    floor_layer(canvas, rng, base, Material(flag, shifted(rng, flag, amount=22), "tiles", rng.uniform(0.3, 0.5)))
    kerb = base + int((canvas.height - base) * rng.uniform(0.2, 0.45))
    ground_layer(canvas, rng, kerb, grey(rng) * 0.75, cells=(10, 14), grit=0.5)
    y, paint = (kerb + canvas.height) / 2, grey(rng)
    for x in np.arange(rng.uniform(-30, 0), canvas.width, 46):
        add_polygon(canvas, rng, box(x, y, x + 24, y + 3), Material(paint, shifted(rng, paint)))
    things = [props.post, props.crate, props.barrel, props.bush, props.tree]
    scatter_props(canvas, rng, things, rows=(base + 3, kerb), heights=(0.12, 0.4), most=4)
    return base + 0.1 * canvas.height, canvas.height * 0.97


def studio(canvas: Canvas, rng: np.random.Generator) -> Floor:
    """A plain backdrop, a few boxes at most."""
    paper = muted(rng)
    fall = np.linspace(0, 1, canvas.height, dtype=np.float32)[:, None]
    cloudy = value_noise(rng, canvas.height, canvas.width, cells=(3, 3), octaves=2)
    accent = shifted(rng, paper, amount=rng.uniform(20, 60))
    fill_rows(canvas, 0, canvas.height, paper, accent, np.clip(fall + 0.5 * (cloudy - 0.5), 0, 1))
    base = canvas.height * rng.uniform(0.5, 0.65)
    things = [props.crate, props.barrel, props.plant, props.lamp]
    scatter_props(canvas, rng, things, rows=(base, base + 30), heights=(0.12, 0.35), most=2)
    return base + 0.1 * canvas.height, canvas.height * 0.96
