"""Class names, their ids and their colours.

Ids follow one rule everywhere: 0 is background, 1..K are the foreground classes in the order of their list,
255 is "ignore" (in a ground-truth mask) or "uncertain" (in a pseudo label).
"""

from collections.abc import Sequence
from functools import cache

from seco.errors import SecoError

BACKGROUND = 0
IGNORE = 255

DEMO = ("aeroplane", "boat", "bottle", "car", "chair", "horse", "person", "sofa", "train")

VOC = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip

# In the order of COCO's category ids, which run from 1 to 90 with gaps; here they are 1..80.
COCO = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple",
    "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone",
    "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors", "teddy bear",
    "hair drier", "toothbrush",
)  # fmt: skip

CLASS_SETS = {"demo": DEMO, "voc": VOC, "coco": COCO}


def class_names(classes: str | Sequence[str]) -> tuple[str, ...]:
    """Return the foreground class names of a named set, or those of a list, in id order (the first has id 1).

    Raises:
        SecoError: the set is unknown.
    """
    if not isinstance(classes, str):
        return tuple(classes)
    try:
        return CLASS_SETS[classes]
    except KeyError:
        known = ", ".join(sorted(CLASS_SETS))
        raise SecoError(f"class set {classes!r} is unknown: choose one of {known}") from None


@cache
def palette() -> tuple[int, ...]:
    """Return VOC's colour map as 256 RGB triples in one flat row of 768 values (0-255).

    Each class id spreads its bits over the three channels, most significant bits first (the VOC devkit's rule).
    """
    colours: list[int] = []
    for class_id in range(256):
        rgb = [0, 0, 0]
        for bit in range(8):
            for channel in range(3):
                rgb[channel] |= ((class_id >> (3 * bit + channel)) & 1) << (7 - bit)
        colours.extend(rgb)
    return tuple(colours)
