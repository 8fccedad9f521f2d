"""The layers that backgrounds are made of: skies, grounds, walls, hills, and props that stand on them."""

from collections.abc import Callable, Sequence

import numpy as np

from scenes.drawing.colours import Colour, from_hsv, shifted
from scenes.drawing.rendering import Canvas, Pose
from scenes.drawing.shapes import Outline, Piece, Shape
from scenes.drawing.textures import Field, Material, blend, speckle, value_noise

Floor = tuple[float, float]
"""The rows (pixels, back to front) on which an object's foot may stand."""


def fill_rows(canvas: Canvas, top: int, bottom: int, first: Colour, second: Colour, mix: Field) -> None:
    """Fill the rows top..bottom with two colours mixed by `mix` `[bottom - top, width]` in 0..1."""
    canvas.colours[:, top:bottom] = blend(first, second, mix)


def sky_layer(canvas: Canvas, rng: np.random.Generator, bottom: int) -> None:
    """Fill the rows above `bottom` with a graded sky and thin cloud."""
    hue = rng.normal(0.58, 0.04) if rng.random() < 0.9 else rng.random()
    vivid = 0.7 if 0.5 < hue < 0.66 else 0.35
    zenith = from_hsv(hue, rng.uniform(0.05, vivid), rng.uniform(0.5, 0.98))
    haze = from_hsv(hue + rng.normal(0, 0.06), rng.uniform(0.0, 0.25), rng.uniform(0.75, 1.0))
    fall = np.linspace(0, 1, bottom, dtype=np.float32)[:, None] ** rng.uniform(0.6, 1.8)
    wisps = value_noise(rng, bottom, canvas.width, cells=(5, 2.5), octaves=4)
    thickness = rng.uniform(0.0, 0.6)
    fill_rows(canvas, 0, bottom, zenith, haze, np.clip(fall + thickness * (wisps - 0.45), 0, 1))


def ground_layer(
    canvas: Canvas, rng: np.random.Generator, top: int, colour: Colour, *, cells: tuple[float, float], grit: float
) -> None:
    """Fill the rows below `top` with uneven ground: noise, grain of `grit` (0..1), darker towards the front."""
    height = canvas.height - top
    uneven = value_noise(rng, height, canvas.width, cells=cells, octaves=4)
    mix = np.clip((1 - grit) * uneven + grit * speckle(rng, height, canvas.width), 0, 1)
    fill_rows(canvas, top, canvas.height, colour, shifted(rng, colour, amount=rng.uniform(35, 65)), mix)
    canvas.colours[:, top:] *= np.linspace(rng.uniform(0.95, 1.1), rng.uniform(0.8, 1.0), height)[:, None]


def floor_layer(canvas: Canvas, rng: np.random.Generator, top: int, material: Material) -> None:
    """Fill the rows below `top` with a patterned floor in perspective."""
    ys, xs = np.mgrid[0 : canvas.height - top, 0 : canvas.width].astype(np.float32)
    depth = 1.0 / (ys / canvas.height + rng.uniform(0.12, 0.25))
    vanishing = canvas.width * rng.uniform(0.2, 0.8)
    canvas.colours[:, top:] = material.paint((xs - vanishing) / canvas.width * depth, depth, rng)


def wall_layer(canvas: Canvas, rng: np.random.Generator, bottom: int, material: Material) -> None:
    """Fill the rows above `bottom` with a patterned wall."""
    ys, xs = np.mgrid[0:bottom, 0 : canvas.width].astype(np.float32)
    canvas.colours[:, :bottom] = material.paint(xs / canvas.height, ys / canvas.height, rng)


def add_hills(canvas: Canvas, rng: np.random.Generator, base: int, height: float, colour: Colour) -> None:
    """Draw a rolling skyline of `height` pixels over the row `base`, filled down to that row."""
    knots = int(rng.integers(3, 8))
    rise = np.interp(np.linspace(0, knots, canvas.width), np.arange(knots + 1), rng.uniform(0.2, 1.0, knots + 1))
    crest = base - height * (0.5 - 0.5 * np.cos(np.pi * rise))
    skyline = np.stack((np.arange(float(canvas.width)), crest), axis=1)
    outline = np.concatenate((skyline, [[canvas.width, base], [0.0, base]]))
    add_polygon(canvas, rng, outline, Material(colour, shifted(rng, colour), "dapple", 9.0, roughness=24))


def add_polygon(canvas: Canvas, rng: np.random.Generator, outline: Outline, material: Material) -> None:
    """Draw a polygon given in pixels; the material's period is in pixels too."""
    shape = Shape((Piece(outline, "fill"),), {"fill": material})
    canvas.paste(canvas.render(shape, Pose(0.0, 0.0, 1.0), rng))


def add_prop(canvas: Canvas, rng: np.random.Generator, prop: Shape, *, x: float, y: float, height: float) -> None:
    """Stand a prop of that height (pixels) with the middle of its foot at (x, y), shadow included."""
    left, top, right, bottom = prop.bounds()
    scale = height / (bottom - top)
    canvas.add_shadow(x, y, (right - left) * scale * 0.5, height * 0.06 + 2, strength=0.35)
    pose = Pose(x, y, scale, ((left + right) / 2, bottom), flip=bool(rng.random() < 0.5))
    canvas.paste(canvas.render(prop, pose, rng))


def scatter_props(
    canvas: Canvas,
    rng: np.random.Generator,
    builders: Sequence[Callable[[np.random.Generator], Shape]],
    *,
    rows: tuple[float, float],
    heights: tuple[float, float],
    most: int,
) -> None:
    """Stand 0..`most` props, feet in `rows`, `heights` as shares of the canvas height; far ones first."""
    for y in np.sort(rng.uniform(*rows, int(rng.integers(0, most + 1)))):
        build = builders[int(rng.integers(len(builders)))]
        height = canvas.height * rng.uniform(*heights)
        add_prop(canvas, rng, build(rng), x=rng.uniform(0, canvas.width), y=float(y), height=height)
