"""Random colours. They overlap widely: a class may prefer a colour, but no class can be told by its colours alone."""

import colorsys

import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.float32]


def rgb(red: float, green: float, blue: float) -> Colour:
    """Return a colour `[3]` of channels in 0..255."""
    return np.asarray((red, green, blue), dtype=np.float32)


def from_hsv(hue: float, saturation: float, value: float) -> Colour:
    """Return an RGB colour `[3]` in 0..255; the hue wraps around, all three inputs are in units of 0..1."""
    return np.asarray(colorsys.hsv_to_rgb(hue % 1.0, saturation, value), dtype=np.float32) * 255.0


def any_colour(rng: np.random.Generator) -> Colour:
    """Return a colour of any hue, from greyish to vivid and from dark to light."""
    return from_hsv(rng.random(), rng.uniform(0.08, 0.85), rng.uniform(0.25, 0.95))


def typical(rng: np.random.Generator, hue: float) -> Colour:
    """Return a vivid colour around the hue that a class prefers (0..1), one time in ten any colour."""
    if rng.random() < 0.1:
        return any_colour(rng)
    return from_hsv(rng.normal(hue, 0.025), rng.uniform(0.55, 0.95), rng.uniform(0.45, 0.95))


def earthy(rng: np.random.Generator) -> Colour:
    """Return a wood, hide, stone or sand colour."""
    if rng.random() < 0.3:
        return grey(rng)
    return from_hsv(rng.uniform(0.02, 0.13), rng.uniform(0.2, 0.75), rng.uniform(0.25, 0.92))


def muted(rng: np.random.Generator) -> Colour:
    """Return a colour of any hue that stays in the background: walls, rugs, fields."""
    return from_hsv(rng.random(), rng.uniform(0.03, 0.28), rng.uniform(0.4, 0.9))


def grey(rng: np.random.Generator) -> Colour:
    """Return a nearly neutral colour."""
    return from_hsv(rng.random(), rng.uniform(0.0, 0.12), rng.uniform(0.18, 0.95))


def near(rng: np.random.Generator, hue: float, *, spread: float = 0.06) -> Colour:
    """Return a colour around a hue (0..1)."""
    return from_hsv(rng.normal(hue, spread), rng.uniform(0.25, 0.75), rng.uniform(0.35, 0.9))


def shifted(rng: np.random.Generator, colour: Colour, *, amount: float = 45.0) -> Colour:
    """Return a colour some way from `colour` (RGB units), always visibly lighter or darker."""
    sign = -1.0 if colour.mean() > 128 else 1.0
    moved = colour + sign * amount + rng.normal(0.0, amount / 3, 3)
    return np.clip(moved, 0.0, 255.0).astype(np.float32)
