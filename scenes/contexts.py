"""The backgrounds: a painter each, which covers the whole canvas and says where things can stand.

`sky`, `water`, `rails` and `room` are the *owned* contexts, home of a class (see `sampling`); the others are free.
"""

from collections.abc import Callable

import numpy as np

from scenes.ground import Floor
from scenes.landscapes import desert, forest, meadow, sky, water
from scenes.raster import Canvas
from scenes.surroundings import rails, room, street, studio

CONTEXTS: dict[str, Callable[[Canvas, np.random.Generator], Floor]] = {
    painter.__name__: painter
    for painter in (sky, water, rails, room, meadow, street, desert, forest, studio)
}  # fmt: skip
