"""The objects of the classes: one builder a class."""

from collections.abc import Callable

import numpy as np

from seco.datasets.demo.craft import aeroplane, boat
from seco.datasets.demo.figure import Figure
from seco.datasets.demo.horses import horse
from seco.datasets.demo.household import bottle, chair, sofa
from seco.datasets.demo.people import person
from seco.datasets.demo.vehicles import car, train

Builder = Callable[[np.random.Generator], Figure]

BUILDERS: dict[str, Builder] = {
    builder.__name__: builder
    for builder in (aeroplane, boat, bottle, car, chair, horse, person, sofa, train)
}  # fmt: skip
