"""Defects: where each kind lies on a surface, and what it makes of the colours there."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from scenes.drawing.colours import from_hsv
from scenes.drawing.shapes import Outline, limb, smooth
from scenes.drawing.textures import Field, blend, speckle, value_noise

Paint = Callable[[Field, Field, np.random.Generator], Field]
"""Colours `[3, H, W]` and the share of each pixel that a defect covers `[H, W]` to the colours with the defect."""


class Flaw(NamedTuple):
    """A kind of defect."""

    outline: Callable[[np.random.Generator], Outline]
    """Around (0, 0); a unit is the picture's short side."""
    paint: Paint


def _blob(rng: np.random.Generator, radius: float, *, ragged: float) -> Outline:
    """Return a closed, uneven outline; `ragged` is the spread of its radius (0: an ellipse)."""
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    reach = radius * np.exp(rng.normal(0, ragged, len(turn)))[:, None]
    flat = np.array([1.0, rng.uniform(0.65, 1.0)])
    return smooth(np.stack((np.cos(turn), np.sin(turn)), axis=1) * reach * flat)


def _gash(rng: np.random.Generator) -> Outline:
    """Return a long, thin, bent outline of any direction."""
    length, width = rng.uniform(0.45, 0.75), rng.uniform(0.11, 0.16)
    along = np.linspace(-0.5, 0.5, 5) * length
    joints = np.stack((along, rng.normal(0, 0.03, 5)), axis=1)
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return limb(joints @ turn, width * np.array([0.5, 0.9, 1.0, 0.9, 0.4]))


def _scratched(colours: Field, covered: Field, rng: np.random.Generator) -> Field:
    """Bare material: much darker or much lighter than the surface, and rough."""
    here = (colours * covered).sum(axis=(1, 2)) / max(float(covered.sum()), 1.0)
    dark, light = 0.35 * here, np.clip(1.3 * here + 60.0, 0, 255)
    bare, other = (dark, light) if here.mean() > 120 else (light, dark)
    above = blend(bare, 0.7 * bare + 0.3 * other, speckle(rng, *covered.shape))
    return _over(colours, above, 0.95 * covered)


def _stained(colours: Field, covered: Field, rng: np.random.Generator) -> Field:
    """Rust: blotches of brown and orange through which the surface shows."""
    height, width = covered.shape
    blotches = value_noise(rng, height, width, cells=(height / 7, width / 7), octaves=2)
    dark, light = (from_hsv(rng.normal(0.06, 0.015), rng.uniform(0.6, 0.9), value) for value in (0.22, 0.7))
    return _over(colours, blend(dark, light, blotches), rng.uniform(0.75, 0.9) * covered)


def _pierced(colours: Field, covered: Field, rng: np.random.Generator) -> Field:
    """A dark opening with a bright, frayed edge."""
    inside = np.clip(2.0 * gaussian_filter(covered, 1.5) - 1.0, 0, 1) * covered
    edge = np.clip(covered - inside, 0, 1)
    dark = rng.uniform(8, 35) + 8 * speckle(rng, *covered.shape)
    return colours * (1.0 - covered) + inside * dark + edge * np.clip(1.35 * colours + 25, 0, 255)


def _dented(colours: Field, covered: Field, rng: np.random.Generator) -> Field:
    """The surface itself, bent and creased: bright where it faces the light, dark where it turns away."""
    height, width = covered.shape
    creases = value_noise(rng, height, width, cells=(height / 12, width / 12), octaves=1)
    depth = gaussian_filter(covered * (0.6 + 0.8 * creases), 2.0)
    down, across = np.gradient(depth)
    angle = rng.uniform(0, 2 * np.pi)
    slope = np.sin(angle) * down + np.cos(angle) * across
    return colours * (1.0 + covered * np.clip(rng.uniform(7.0, 10.0) * slope, -0.75, 0.9))


FLAWS = {
    "scratch": Flaw(_gash, _scratched),
    "stain": Flaw(lambda rng: _blob(rng, rng.uniform(0.16, 0.26), ragged=0.16), _stained),
    "hole": Flaw(lambda rng: _blob(rng, rng.uniform(0.11, 0.18), ragged=0.1), _pierced),
    "dent": Flaw(lambda rng: _blob(rng, rng.uniform(0.16, 0.24), ragged=0.03), _dented),
}
"""By name; all are of the class `defect`."""


def _over(colours: Field, above: Field, share: Field) -> Field:
    return colours + (above - colours) * share
