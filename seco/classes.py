"""Class names, their ids and their colours.

Ids follow one rule everywhere: 0 is background, 1..K are the foreground classes in the order of their list,
255 is "ignore" (in a ground-truth mask) or "uncertain" (in a pseudo label).
"""

from seco.errors import SecoError

BACKGROUND = 0
IGNORE = 255

DEMO = ("aeroplane", "boat", "bottle", "car", "chair", "horse", "person", "sofa", "train")

VOC = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip

CLASS_SETS = {"demo": DEMO, "voc": VOC}


def class_names(class_set: str) -> tuple[str, ...]:
    """Return the foreground class names of a named set, in id order (the first has id 1).

    Raises:
        SecoError: the set is unknown.
    """
    try:
        return CLASS_SETS[class_set]
    except KeyError:
        known = ", ".join(sorted(CLASS_SETS))
        raise SecoError(f"class set {class_set!r} is unknown: choose one of {known}") from None


def palette() -> list[int]:
    """Return VOC's colour map as 256 RGB triples in one flat list of 768 values (0-255).

    Each class id spreads its bits over the three channels, most significant bits first (the VOC devkit's rule).
    """
    colours: list[int] = []
    for class_id in range(256):
        rgb = [0, 0, 0]
        for bit in range(8):
            for channel in range(3):
                rgb[channel] |= ((class_id >> (3 * bit + channel)) & 1) << (7 - bit)
        colours.extend(rgb)
    return colours
