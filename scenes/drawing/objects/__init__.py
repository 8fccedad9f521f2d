"""The objects of the classes, seen from the side unless said otherwise: one function a class, one module a family."""

from collections.abc import Callable

import numpy as np

from scenes.drawing.objects.aeroplane import aeroplane
from scenes.drawing.objects.boat import boat
from scenes.drawing.objects.horse import horse
from scenes.drawing.objects.household import bottle, chair, sofa
from scenes.drawing.objects.person import person
from scenes.drawing.objects.vehicles import car, train
from scenes.drawing.shapes import Shape

OBJECTS: dict[str, Callable[[np.random.Generator], Shape]] = {
    build.__name__: build
    for build in (aeroplane, boat, bottle, car, chair, horse, person, sofa, train)
}  # fmt: skip
