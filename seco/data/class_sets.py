"""The class names of public data sets, in the order of their ids: the first has id 1."""

from collections.abc import Sequence

from seco.errors import SecoError

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

CLASS_SETS = {"voc": VOC, "coco": COCO}


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
