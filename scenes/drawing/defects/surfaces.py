"""Surfaces of cloth, metal, wood, concrete and leather, each as large as a picture."""

from collections.abc import Callable

import numpy as np

from scenes.drawing.colours import Colour, earthy, grey, muted, shifted
from scenes.drawing.textures import Field, Material, blend, speckle, value_noise

Surface = Callable[[np.random.Generator, int, int], Field]


def weave(rng: np.random.Generator, height: int, width: int) -> Field:
    """Return cloth `[3, height, width]` of threads over and under."""
    return _patterned(rng, height, width, "weave", muted(rng), amount=40, period=rng.uniform(0.05, 0.09))


def metal(rng: np.random.Generator, height: int, width: int) -> Field:
    """Return brushed metal `[3, height, width]`: fine streaks along one side of the picture."""
    streaks = value_noise(rng, height, width, cells=(height / 1.5, 2.0), octaves=2)
    if rng.random() < 0.5:
        streaks = value_noise(rng, height, width, cells=(2.0, width / 1.5), octaves=2)
    sheen = value_noise(rng, height, width, cells=(1.0, 2.0), octaves=1)
    return _two_tones(rng, grey(rng), 0.6 * streaks + 0.4 * sheen, amount=35, roughness=6)


def wood(rng: np.random.Generator, height: int, width: int) -> Field:
    """Return planed wood `[3, height, width]` with its rings."""
    return _patterned(rng, height, width, "grain", earthy(rng), amount=30, period=rng.uniform(0.1, 0.22))


def concrete(rng: np.random.Generator, height: int, width: int) -> Field:
    """Return concrete `[3, height, width]`: clouds and grit."""
    clouds = value_noise(rng, height, width, cells=(3.0, 3.0), octaves=4)
    return _two_tones(rng, grey(rng), 0.6 * clouds + 0.4 * speckle(rng, height, width), amount=40, roughness=18)


def leather(rng: np.random.Generator, height: int, width: int) -> Field:
    """Return leather `[3, height, width]`: small pebbles with creases between them."""
    cell = rng.uniform(3.5, 6.0)
    pebbles = value_noise(rng, height, width, cells=(height / cell, width / cell), octaves=2)
    return _two_tones(rng, earthy(rng), np.clip(2.2 * np.abs(pebbles - 0.5), 0, 1), amount=35, roughness=8)


SURFACES: dict[str, Surface] = {surface.__name__: surface for surface in (weave, metal, wood, concrete, leather)}
"""By the name under which contexts.csv has them."""


def _patterned(
    rng: np.random.Generator, height: int, width: int, pattern: str, base: Colour, *, amount: float, period: float
) -> Field:
    material = Material(base, shifted(rng, base, amount=amount), pattern, period, angle=rng.uniform(0, np.pi))
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32(min(height, width))
    return material.paint(xs, ys, rng)


def _two_tones(rng: np.random.Generator, base: Colour, mix: Field, *, amount: float, roughness: float) -> Field:
    colours = blend(base, shifted(rng, base, amount=amount), mix)
    return colours + (speckle(rng, *mix.shape) - 0.5) * np.float32(roughness)
