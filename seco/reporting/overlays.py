"""Photographs under activation maps or masks, as RGB arrays."""

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.colors import to_rgb
from PIL import Image

from seco.storage.label_map import BACKGROUND, IGNORE

RGB = npt.NDArray[np.uint8]
_DISTINCT = (
    "4363d8 3cb44b 9a6324 f58231 42d4f4 e6194b ffd21a f032e6 911eb4 469990 "
    "800000 808000 000075 bfef45 ff8fb0 2fd39b b79cff ffb37a 5b7a99 c4006a"
)
_FADED = 0.35  # share of the photograph under a mask's background


def class_colours() -> RGB:
    """Return a colour for every class id, uint8 `[256, 3]`: twenty that differ clearly, repeated.

    VOC's palette, which mask files carry, has colours that are hard to tell apart (aeroplane and chair) or to see on a
    grey photograph.
    """
    distinct = np.array([to_rgb(f"#{code}") for code in _DISTINCT.split()])
    return _to_bytes(255 * distinct[(np.arange(256) - 1) % len(distinct)])


def heat_overlay(photo: RGB, heat: npt.NDArray[np.floating]) -> RGB:
    """Return a photograph under an activation map.

    Args:
        photo: `[H, W, 3]`.
        heat: 0..1, `[h, w]`; resized to the photograph.

    Returns:
        `[H, W, 3]`: the photograph in grey, coloured the more the higher the activation.
    """
    height, width = photo.shape[:2]
    full = Image.fromarray(heat.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    strength = np.clip(np.asarray(full), 0, 1)  # [H, W]
    glow = matplotlib.colormaps["inferno"](0.25 + 0.7 * strength)[..., :3] * 255  # [H, W, 3]
    weight = (0.85 * np.sqrt(strength))[..., None]
    return _to_bytes(_grey(photo) * (1 - weight) + glow * weight)


def mask_overlay(photo: RGB, mask: npt.NDArray[np.uint8]) -> RGB:
    """Colour the classes of a mask `[H, W]` over a photograph `[H, W, 3]`.

    Background is the photograph in pale grey, uncertain pixels (255) are white, and classes are in their colours with a
    darker edge.
    """
    faded = _grey(photo) * _FADED + 255 * (1 - _FADED)
    colour = class_colours()[mask].astype(np.float64)
    painted = 0.75 * colour + 0.25 * _grey(photo)
    painted[_edges(mask)] = colour[_edges(mask)] * 0.6
    shown = np.where((mask == BACKGROUND)[..., None], faded, painted)
    shown[mask == IGNORE] = 255
    return _to_bytes(shown)


def outlined(picture: RGB, mask: npt.NDArray[np.uint8]) -> RGB:
    """Return a picture `[H, W, 3]` with the outlines of a mask `[H, W]` in white."""
    return np.where(_edges(mask)[..., None], np.uint8(255), picture)


def _grey(photo: RGB) -> npt.NDArray[np.float64]:
    """Return the photograph's brightness in three equal channels, `[H, W, 3]`."""
    brightness = photo @ np.array([0.299, 0.587, 0.114])
    return np.repeat(brightness[..., None], 3, axis=2).astype(np.float64)


def _edges(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return bool `[H, W]`: pixels whose right or lower neighbour is another class, and those neighbours."""
    edges = np.zeros(mask.shape, bool)
    across, down = mask[:, 1:] != mask[:, :-1], mask[1:] != mask[:-1]
    edges[:, 1:] |= across
    edges[:, :-1] |= across
    edges[1:] |= down
    edges[:-1] |= down
    return edges


def _to_bytes(values: npt.NDArray[np.float64]) -> RGB:
    return np.clip(values.round(), 0, 255).astype(np.uint8)
