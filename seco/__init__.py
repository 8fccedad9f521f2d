"""SeCo: image-level labels into pixel masks.

from seco import load

model = load("data/train")
result = model.segment("photograph.jpg")
result.mask, result.labels, result.confidence, result.cam("dog")
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seco.inference.predictor import Predictor


def load(folder: str | Path) -> "Predictor":
    """Return the trained model in a folder that `seco train` wrote, on the GPU if there is one.

    Raises:
        SecoError: the model is missing, damaged, or of another version.
    """
    from seco.inference.trained import load_predictor  # torch takes a second to import

    return load_predictor(Path(folder))
