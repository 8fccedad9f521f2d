"""The objects of the classes: one builder a class."""

from collections.abc import Callable

import numpy as np

from scenes.craft import aeroplane, boat
from scenes.figure import Figure
from scenes.horses import horse
from scenes.household import bottle, chair, sofa
from scenes.people import person
from scenes.vehicles import car, train

Builder = Callable[[np.random.Generator], Figure]

BUILDERS: dict[str, Builder] = {
    builder.__name__: builder
    for builder in (aeroplane, boat, bottle, car, chair, horse, person, sofa, train)
}  # fmt: skip
