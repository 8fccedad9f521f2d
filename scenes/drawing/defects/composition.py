"""Composition: where defects and marks lie on a surface, and the photograph with its mask."""

import numpy as np
from numpy.typing import NDArray

from scenes.drawing.camera import photograph
from scenes.drawing.composition import Scene
from scenes.drawing.defects.chalk import chalk_mark, chalked
from scenes.drawing.defects.flaws import FLAWS
from scenes.drawing.defects.sampling import SurfaceSpec
from scenes.drawing.defects.surfaces import SURFACES
from scenes.drawing.rendering import coverage
from scenes.drawing.shapes import Outline
from scenes.drawing.textures import Field

CHALK_SIZE = (0.26, 0.4)
"""The size of a mark as a share of the picture's short side."""

TRIES = 30
"""Places that are tried for a mark: one that hides no part of a defect is taken, else the last of them."""


def compose_surface(rng: np.random.Generator, spec: SurfaceSpec, *, height: int, width: int) -> Scene:
    """Return a picture of a surface with the defects and the mark of `spec`; its mask has 1 where a defect is."""
    side = min(height, width)
    colours = SURFACES[spec.surface](rng, height, width)
    placed = [(kind, _placed(rng, FLAWS[kind].outline(rng) * side, height, width)) for kind in spec.flaws]
    cuts = [_covered([outline], height, width) for _, outline in placed]
    mask = np.zeros((height, width), dtype=np.bool_)
    for cut in cuts:
        mask |= cut >= 0.5
    if spec.marked:
        middle = placed[0][1].mean(axis=0) if placed else None
        colours = chalked(colours, _mark(rng, mask, middle), rng)
    for (kind, _), cut in zip(placed, cuts, strict=True):
        colours = FLAWS[kind].paint(colours, cut, rng)
    return Scene(photograph(colours, rng), mask.astype(np.uint8))


def _placed(rng: np.random.Generator, outline: Outline, height: int, width: int) -> Outline:
    """Return an outline `[n, 2]` moved to a random place at which it is inside the picture, if it fits."""
    low, high = outline.min(axis=0), outline.max(axis=0)
    room = np.maximum((width, height) - (high - low), 0.0)
    return outline - low + rng.random(2) * room


def _mark(rng: np.random.Generator, mask: NDArray[np.bool_], middle: Outline | None) -> Field:
    """Return what a mark covers `[H, W]`: beside the defect at `middle` (x, y), or anywhere where there is none."""
    height, width = mask.shape
    size = rng.uniform(*CHALK_SIZE) * min(height, width)
    strokes = [stroke * size for stroke in chalk_mark(rng)]
    low, high = np.array([size, size]) / 2, np.array([width, height]) - size / 2
    covered = np.zeros((height, width), dtype=np.float32)
    for _ in range(TRIES):
        centre = rng.uniform(low, high)
        if middle is not None:
            angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 1.6) * size
            centre = np.clip(middle + away * np.array([np.cos(angle), np.sin(angle)]), low, high)
        covered = _covered([stroke + centre for stroke in strokes], height, width)
        if not (mask & (covered > 0)).any():
            break
    return covered


def _covered(outlines: list[Outline], height: int, width: int) -> Field:
    """Return the share of each pixel `[height, width]` that lies in any of the outlines."""
    whole = np.zeros((height, width), dtype=np.float32)
    for outline in outlines:
        if (cut := coverage(outline, height, width)) is not None:
            top, left, share = cut
            window = whole[top : top + share.shape[0], left : left + share.shape[1]]
            np.maximum(window, share, out=window)
    return whole
