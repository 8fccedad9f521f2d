"""Value noise: the raw stuff of every texture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

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
