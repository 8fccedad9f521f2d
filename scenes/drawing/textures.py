"""Value noise, the surface patterns made of it, and the materials that shapes and backgrounds are filled with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scenes.drawing.colours import Colour

Field = NDArray[np.floating[Any]]


def value_noise(
    rng: np.random.Generator, height: int, width: int, *, cells: tuple[float, float], octaves: int = 3
) -> Field:
    """Return multi-octave value noise `[height, width]` in 0..1.

    `cells` counts the random knots of the first octave down and across; every octave doubles them and halves
    their weight. Unequal counts stretch the noise (grain, water, hair).
    """
    total = np.zeros((height, width), dtype=np.float32)
    weight, weights = 1.0, 0.0
    for octave in range(octaves):
        rows = int(np.clip(round(cells[0] * 2**octave) + 1, 2, height))
        columns = int(np.clip(round(cells[1] * 2**octave) + 1, 2, width))
        knots = Image.fromarray(rng.random((rows, columns), dtype=np.float32))
        total += weight * np.asarray(knots.resize((width, height), Image.Resampling.BILINEAR))
        weights += weight
        weight *= 0.5
    # Averaging octaves crowds the values around one half: the gain spreads them again.
    return np.clip((total / weights - 0.5) * 1.7 + 0.5, 0.0, 1.0)


def speckle(rng: np.random.Generator, height: int, width: int) -> Field:
    """Return noise without correlation between pixels, `[height, width]` in 0..1."""
    return rng.random((height, width), dtype=np.float32)


def plain(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Slow, cloudy variation."""
    return value_noise(rng, *u.shape, cells=(3, 3), octaves=2).astype(v.dtype)


def stripes(_u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Soft-edged bands along v."""
    sharp = rng.uniform(2.0, 6.0)
    return 0.5 + 0.5 * np.tanh(sharp * np.sin(2 * np.pi * v))


def checks(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """A tartan of two crossing bands."""
    share = rng.uniform(0.35, 0.6)
    return (0.5 * (u % 1.0 < share) + 0.5 * (v % 1.0 < share)).astype(np.float32)


def dots(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Round dots on a staggered grid."""
    radius = rng.uniform(0.2, 0.34)
    x = (u + 0.5 * (np.floor(v) % 2)) % 1.0 - 0.5
    return np.clip((radius - np.hypot(x, v % 1.0 - 0.5)) * 12 + 0.5, 0.0, 1.0)


def planks(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Boards along u with dark joints and a grain."""
    fibres = value_noise(rng, *u.shape, cells=(24, 4), octaves=2)
    tone = np.sin(np.floor(v) * 12.9 + rng.uniform(0, 6)) * 0.18
    return np.clip(0.35 * fibres + tone + 0.15 + 0.75 * (v % 1.0 < 0.16), 0.0, 1.0).astype(np.float32)


def grain(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Wood: rings stretched along u."""
    wobble = value_noise(rng, *u.shape, cells=(3, 2), octaves=2)
    return 0.5 + 0.5 * np.sin(2 * np.pi * (v + 1.6 * wobble + 0.15 * u))


def bricks(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Staggered courses with light joints, every brick in its own tone."""
    x = 0.5 * u + 0.5 * (np.floor(v) % 2)
    tone = 0.5 + 0.5 * np.sin(np.floor(x) * 45.3 + np.floor(v) * 78.2 + rng.uniform(0, 6))
    joint = (x % 1.0 < 0.07) | (v % 1.0 < 0.14)
    return np.where(joint, 1.0, 0.55 * tone).astype(np.float32)


def tiles(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """A chequerboard with worn tiles."""
    board = (np.floor(u) + np.floor(v)) % 2
    return np.clip(0.8 * board + 0.25 * value_noise(rng, *u.shape, cells=(6, 6)), 0.0, 1.0)


def panels(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Sheet metal: thin seams on a grid, rivets between them."""
    seam = ((u % 1.0) < 0.1) | ((v % 1.0) < 0.1)
    rivet = np.hypot((4 * u) % 1.0 - 0.5, v % 1.0 - 0.25) < 0.28
    base = 0.25 * value_noise(rng, *u.shape, cells=(2, 5), octaves=2)
    return np.clip(base + 0.75 * seam + 0.3 * rivet, 0.0, 1.0).astype(np.float32)


def ribs(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Corrugated sheet: narrow round ridges across u, a lighter belt along v."""
    belt = 0.25 * (v % 3.0 < rng.uniform(0.5, 1.2))
    return np.clip(0.35 + 0.4 * np.sin(2 * np.pi * u) + belt, 0.0, 1.0)


def gloss(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Reflections running along v: narrow highlights beside broad shade."""
    phase = rng.uniform(0, 1)
    slow = 0.5 + 0.5 * np.sin(2 * np.pi * (u + phase))
    return np.clip(0.7 * slow + 0.6 * ((u + phase + 0.02 * v) % 1.0 < 0.16), 0.0, 1.0)


def sheen(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Lacquer: slanted, smooth reflections that darken downwards."""
    slant = 0.5 + 0.5 * np.sin(2 * np.pi * (0.6 * u + 0.45 * v + rng.uniform(0, 1)))
    return np.clip(slant**3 + 0.25 * (v % 2.0) / 2.0, 0.0, 1.0)


def weave(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Cloth: threads over and under."""
    over = np.sin(2 * np.pi * u) * np.sin(2 * np.pi * v)
    return np.clip(0.5 + 0.5 * over + 0.2 * (speckle(rng, *u.shape) - 0.5), 0.0, 1.0)


def knit(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Stitches: zigzag rows."""
    zigzag = np.abs(u % 1.0 - 0.5) * rng.uniform(0.8, 1.3)
    return 0.5 + 0.5 * np.sin(2 * np.pi * (v + zigzag))


def blotches(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Hide: large patches with crisp edges over short hair."""
    patch = value_noise(rng, *u.shape, cells=(3, 3.5), octaves=3)
    hair = value_noise(rng, *u.shape, cells=(40, 14), octaves=1)
    edge = rng.uniform(0.42, 0.6)
    return (np.clip((patch - edge) * 14 + 0.5, 0.0, 1.0) * 0.8 + 0.2 * hair).astype(v.dtype)


def dapple(u: Field, v: Field, rng: np.random.Generator) -> Field:
    """Hide: round, soft spots over short hair."""
    x = u + 1.3 * value_noise(rng, *u.shape, cells=(5, 5), octaves=1)
    y = v + 1.3 * value_noise(rng, *u.shape, cells=(5, 5), octaves=1)
    hair = value_noise(rng, *u.shape, cells=(40, 14), octaves=1)
    spots = 0.5 + 0.5 * np.sin(2 * np.pi * x) * np.sin(2 * np.pi * y)
    return np.clip(0.75 * spots**1.5 + 0.3 * hair, 0.0, 1.0)


PATTERNS: dict[str, Callable[[Field, Field, np.random.Generator], Field]] = {
    pattern.__name__: pattern
    for pattern in (
        plain, stripes, checks, dots, planks, grain, bricks, tiles, panels, ribs, gloss, sheen, weave, knit,
        blotches, dapple,
    )
}  # fmt: skip
"""Each returns how much of a material's second colour there is (0..1, `[h, w]`) at positions `u`, `v`, in periods."""


@dataclass(frozen=True)
class Material:
    """A pattern that mixes two colours, `period` units apart, turned by `angle` radians; `roughness` is its noise."""

    base: Colour
    accent: Colour
    pattern: str = "plain"
    period: float = 0.1
    angle: float = 0.0
    roughness: float = 10.0

    def paint(self, u: Field, v: Field, rng: np.random.Generator) -> Field:
        """Return colours `[3, h, w]` (0..255) at the positions `u`, `v` (each `[h, w]`, in the shape's units)."""
        cos, sin = np.cos(self.angle) / self.period, np.sin(self.angle) / self.period
        mix = PATTERNS[self.pattern](u * cos + v * sin, v * cos - u * sin, rng)
        colours = blend(self.base, self.accent, mix)
        colours += (speckle(rng, *u.shape) - 0.5) * self.roughness
        return colours


def blend(first: Colour, second: Colour, mix: Field) -> Field:
    """Return the colours `[3, h, w]` between two colours, by the share `mix` `[h, w]` (0..1) of the second."""
    colours = (second - first).astype(mix.dtype)[:, None, None] * mix
    colours += first.astype(mix.dtype)[:, None, None]
    return colours
