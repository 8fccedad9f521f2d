"""Backgrounds in open country: sky, water, meadow, desert, forest."""

import numpy as np

from scenes.drawing import props
from scenes.drawing.backgrounds.layers import (
    Floor,
    add_hills,
    add_polygon,
    fill_rows,
    ground_layer,
    scatter_props,
    sky_layer,
)
from scenes.drawing.colours import earthy, from_hsv, muted, near, shifted
from scenes.drawing.rendering import Canvas
from scenes.drawing.shapes import box, ellipse
from scenes.drawing.textures import Material, value_noise


def sky(canvas: Canvas, rng: np.random.Generator) -> Floor:
    """Clouds and sun high above a strip of hills or roofs."""
    base = int(canvas.height * rng.uniform(0.84, 0.95))
    sky_layer(canvas, rng, canvas.height)
    if rng.random() < 0.4:
        x, y = rng.uniform(0, canvas.width), rng.uniform(0, base * 0.6)
        radius = canvas.height * rng.uniform(0.03, 0.08)
        sun = from_hsv(rng.uniform(0.08, 0.16), 0.3, 1.0)
        add_polygon(canvas, rng, ellipse(x, y, radius, radius), Material(sun, sun))
    scatter_props(canvas, rng, [props.cloud], rows=(0.1 * base, 0.9 * base), heights=(0.05, 0.2), most=5)
    add_hills(canvas, rng, base, canvas.height * rng.uniform(0.03, 0.15), near(rng, 0.3, spread=0.04))
    ground_layer(canvas, rng, base, near(rng, 0.25, spread=0.04), cells=(6, 20), grit=0.3)
    scatter_props(canvas, rng, [props.tree, props.house], rows=(base, base + 3), heights=(0.06, 0.16), most=4)
    return base, canvas.height * 0.98


def water(canvas: Canvas, rng: np.random.Generator) -> Floor:
    """A lake or sea under a low sky, with rocks and drifting rafts."""
    horizon = int(canvas.height * rng.uniform(0.2, 0.5))
    sky_layer(canvas, rng, horizon)
    if rng.random() < 0.6:
        add_hills(canvas, rng, horizon, canvas.height * rng.uniform(0.05, 0.16), near(rng, 0.35, spread=0.04))
    height = canvas.height - horizon
    deep = near(rng, rng.choice([0.55, 0.55, 0.48]), spread=0.05)
    swell = value_noise(rng, height, canvas.width, cells=(16, 2.5), octaves=3)
    # Waves look shorter far away: sample the swell's rows faster near the horizon.
    swell = swell[(np.linspace(0, 1, height) ** 0.55 * (height - 1)).astype(int)]
    light = shifted(rng, deep, amount=rng.uniform(50, 90))
    fill_rows(canvas, horizon, canvas.height, deep, light, swell**1.5)
    canvas.colours[:, horizon:] += 70 * (swell > rng.uniform(0.8, 0.95))
    things = [props.rock, props.rock, props.raft]
    scatter_props(canvas, rng, things, rows=(horizon + 8, canvas.height), heights=(0.04, 0.13), most=3)
    return horizon + 0.16 * canvas.height, canvas.height * 0.95


def meadow(canvas: Canvas, rng: np.random.Generator) -> Floor:
    """Grass and flowers under hills, trees and fences."""
    horizon = int(canvas.height * rng.uniform(0.25, 0.5))
    sky_layer(canvas, rng, horizon)
    add_hills(canvas, rng, horizon, canvas.height * rng.uniform(0.05, 0.2), near(rng, 0.35, spread=0.04))
    ground_layer(canvas, rng, horizon, near(rng, 0.27), cells=(8, 40), grit=0.25)
    for _ in range(int(rng.integers(0, 30))):
        x, y = rng.uniform(0, canvas.width), rng.uniform(horizon + 6, canvas.height)
        petal = muted(rng)
        add_polygon(canvas, rng, ellipse(x, y, 1.8, 1.6), Material(petal, petal))
    things = [props.tree, props.bush, props.fence, props.rock, props.house]
    scatter_props(canvas, rng, things, rows=(horizon, horizon + 25), heights=(0.08, 0.28), most=6)
    return horizon + 0.15 * canvas.height, canvas.height * 0.97


def desert(canvas: Canvas, rng: np.random.Generator) -> Floor:
    """Sand, ripples, mesas and boulders."""
    horizon = int(canvas.height * rng.uniform(0.25, 0.5))
    sky_layer(canvas, rng, horizon)
    add_hills(canvas, rng, horizon, canvas.height * rng.uniform(0.08, 0.25), near(rng, 0.07))
    ground_layer(canvas, rng, horizon, near(rng, 0.1, spread=0.03), cells=(14, 4), grit=0.2)
    things = [props.rock, props.rock, props.bush, props.barrel]
    scatter_props(canvas, rng, things, rows=(horizon, horizon + 40), heights=(0.06, 0.22), most=5)
    return horizon + 0.15 * canvas.height, canvas.height * 0.97


def forest(canvas: Canvas, rng: np.random.Generator) -> Floor:
    """Trunks and undergrowth on leaf litter."""
    base = int(canvas.height * rng.uniform(0.5, 0.65))
    gloom = near(rng, 0.32) * 0.8
    leaves = shifted(rng, gloom, amount=60)
    fill_rows(canvas, 0, base, gloom, leaves, value_noise(rng, base, canvas.width, cells=(8, 9), octaves=4))
    ground_layer(canvas, rng, base, earthy(rng), cells=(14, 22), grit=0.4)
    for y in np.sort(rng.uniform(base, base + 25, int(rng.integers(3, 8)))):
        bark = earthy(rng) * 0.8
        half, x = canvas.width * rng.uniform(0.012, 0.04), rng.uniform(0, canvas.width)
        trunk = Material(bark, shifted(rng, bark), "grain", 7.0, 1.5)
        add_polygon(canvas, rng, box(x - half, 0, x + half, y), trunk)
    things = [props.bush, props.tree, props.rock]
    scatter_props(canvas, rng, things, rows=(base, base + 20), heights=(0.1, 0.3), most=5)
    return base + 0.08 * canvas.height, canvas.height * 0.97
