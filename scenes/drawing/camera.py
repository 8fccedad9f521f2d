"""What a camera makes of a scene: light, colour cast, exposure, blur, noise."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from scenes.drawing.textures import Field


def photograph(colours: Field, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return colours `[3, H, W]`, lit, as a picture `[H, W, 3]`: a little out of focus and with sensor noise."""
    picture = np.ascontiguousarray(np.clip(_lit(colours, rng), 0, 255).astype(np.uint8).transpose(1, 2, 0))
    if rng.random() < 0.5:
        blurred = Image.fromarray(picture).filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.9)))
        picture = np.asarray(blurred)
    noise = rng.standard_normal(picture.shape, dtype=np.float32) * np.float32(rng.uniform(0.5, 7.0))
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _lit(colours: Field, rng: np.random.Generator) -> Field:
    """Return the scene `[3, H, W]` under a slanting light, with a random colour cast and exposure."""
    _, height, width = colours.shape
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0.0, 0.28)
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(np.sin(angle))
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None] * np.float32(np.cos(angle))
    gain = (1.0 + strength * (rows + columns)) * rng.uniform(0.72, 1.18)
    cast = rng.uniform(0.93, 1.07, 3).astype(np.float32)
    lit = np.clip(colours * gain.astype(np.float32) * cast[:, None, None], 0, 255) / np.float32(255)
    return lit ** np.float32(rng.uniform(0.8, 1.25)) * 255
