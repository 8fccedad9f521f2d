"""Pictures of single objects, framed as ImageNet's photographs are: the object fills them."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scenes.classes import DEMO
from scenes.scene import object_scene
from seco.storage.label_map import BACKGROUND


def portrait(index: int, *, size: int, seed: int) -> NDArray[np.uint8]:
    """Return the picture `[size, size, 3]` number `index` of a seed.

    It shows class id `index % (K + 1)`, on a background drawn independently of it; 0 is a background alone.
    """
    rng = np.random.default_rng((seed, index))
    class_id = index % (len(DEMO) + 1)
    image, mask = object_scene(rng, size=2 * size, class_id=class_id)
    rows, columns = np.nonzero(mask if class_id != BACKGROUND else np.ones_like(mask))
    margin = rng.uniform(0.0, 0.4) * max(np.ptp(rows), np.ptp(columns))
    box = (columns.min() - margin, rows.min() - margin, columns.max() + margin, rows.max() + margin)
    left, upper, right, lower = np.clip(box, 0, 2 * size)
    frame = Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR, box=(left, upper, right, lower))
    return np.array(frame)
