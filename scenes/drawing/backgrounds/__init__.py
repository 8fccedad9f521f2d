"""The backgrounds: each function paints the whole canvas and returns the rows on which objects may stand.

`sky`, `water`, `rails` and `room` are the home of a class (see `scenes.drawing.bias`); the others are free.
"""

from collections.abc import Callable

import numpy as np

from scenes.drawing.backgrounds.built import rails, room, street, studio
from scenes.drawing.backgrounds.country import desert, forest, meadow, sky, water
from scenes.drawing.backgrounds.layers import Floor
from scenes.drawing.rendering import Canvas

BACKGROUNDS: dict[str, Callable[[Canvas, np.random.Generator], Floor]] = {
    painter.__name__: painter
    for painter in (sky, water, rails, room, meadow, street, desert, forest, studio)
}  # fmt: skip
