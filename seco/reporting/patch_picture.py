"""Patches of an image and the prototypes that they are like, as a figure."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from seco.inference.embeddings import PatchGrid
from seco.reporting.lettering import lettered, lettering
from seco.reporting.overlays import class_colours

_DPI = 110
_PANEL = 3.3  # inches
_MOST_PANELS = 3  # of single classes
_SHADE = 0.55  # of the colour over a patch


@lettering()
def patch_figure(grid: PatchGrid, *, labels: Sequence[int], class_names: Sequence[str]) -> bytes:
    """Draw which prototype each patch is most like, and how like it is to those of the image's own classes.

    A single class has one panel: how like each patch is to its prototype.

    Args:
        grid: the patches and their similarities.
        labels: class ids (1..K) of the image; the first three have a panel each.
        class_names: foreground classes in id order.

    Returns:
        A WebP picture.
    """
    several = len(class_names) > 1
    own = labels if several else [1]
    shown = [class_id for class_id in own if np.isfinite(grid.similarities[..., class_id - 1]).all()][:_MOST_PANELS]
    panels = several + len(shown)
    figure = Figure(figsize=(_PANEL * panels, _PANEL + 0.3), facecolor="white", layout="constrained")
    axes = figure.subplots(1, panels, squeeze=False)[0]
    if several:
        _most_similar(axes[0], grid, class_names)
    for axis, class_id in zip(axes[several:], shown, strict=True):
        values = grid.similarities[..., class_id - 1]
        # From white (a cosine of 0 or less) to the colour of the class (1).
        share = np.clip(values, 0, 1)[..., None]
        colours = share * class_colours()[class_id] / 255.0 + (1 - share)
        _panel(axis, grid, colours, [[f"{value:.2f}" for value in row] for row in values.tolist()])
        axis.set_title(f"similarity to {lettered(class_names[class_id - 1])}", fontsize=10)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="webp", dpi=_DPI, pil_kwargs={"quality": 80})  # a fifth of the bytes of a PNG
    return buffer.getvalue()


def _most_similar(axis: Axes, grid: PatchGrid, class_names: Sequence[str]) -> None:
    best = np.nanargmax(grid.similarities, axis=2)  # [n, m]
    strength = np.nanmax(grid.similarities, axis=2)
    colours = class_colours()[best + 1] / 255.0
    names = np.array([lettered(name) for name in class_names])[best]
    texts = [
        [f"{name}\n{value:.2f}" for name, value in zip(*row, strict=True)]
        for row in zip(names.tolist(), strength.tolist(), strict=True)
    ]
    _panel(axis, grid, colours, texts)
    axis.set_title("most similar prototype", fontsize=10)


def _panel(axis: Axes, grid: PatchGrid, colours: NDArray[np.float64], texts: Sequence[Sequence[str]]) -> None:
    """Draw the image with a colour and a text on each patch."""
    rows, columns = grid.similarities.shape[:2]
    height, width = (whole // count for whole, count in zip(grid.pixels.shape[:2], (rows, columns), strict=True))
    full = np.repeat(np.repeat(colours, height, axis=0), width, axis=1)  # [n·s, m·s, 3]
    axis.imshow((1 - _SHADE) * grid.pixels / 255.0 + _SHADE * full)
    for place in range(1, rows):
        axis.axhline(place * height - 0.5, color="white", linewidth=1)
    for place in range(1, columns):
        axis.axvline(place * width - 0.5, color="white", linewidth=1)
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            middle = ((column + 0.5) * width, (row + 0.5) * height)
            box = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 1.0}
            axis.text(*middle, text, ha="center", va="center", fontsize=7 if columns < 8 else 5, bbox=box)
    axis.set_axis_off()
