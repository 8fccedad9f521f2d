"""Results of made-up runs."""

import math

from seco.studies.results import Row

CLASSES = ("background", "aeroplane", "boat", "bottle", "car", "chair", "horse", "person", "sofa", "train")
MASKS = "segmentation, crf"


def row(
    variant: str,
    seed: int,
    *,
    miou: float = 0.5,
    cam: float = 0.4,
    confusion: float = 1.0,
    boat: float = math.nan,
    seconds: float = 60.0,
    purity: float = math.nan,
    reference: str = "SeCo",
    line: str = "",
    value: str = "",
    changes: str = "",
    common: str = "0123abcd",
) -> Row:
    """Return a run of the demo whose classes all have the same scores, but for the boat's confusion ratio if given."""
    metrics = {
        "cam_seed/train/miou": cam,
        "refined/train/miou": cam + 0.05,
        "segmentation/val/crf/miou": miou,
        "segmentation/val/crf/precision": miou + 0.1,
        "segmentation/val/crf/recall": miou + 0.2,
        "segmentation/val/crf/confusion_ratio": confusion,
        "segmentation/val/multi_scale/miou": miou - 0.1,
        "training/seconds": seconds,
    }
    for name in CLASSES:
        own = boat if name == "boat" and not math.isnan(boat) else confusion
        metrics |= {f"class/{MASKS}/val/{name}/iou": miou, f"class/{MASKS}/val/{name}/confusion_ratio": own}
    if not math.isnan(purity):
        metrics |= {"tags/all/9": purity - 0.1, "tags/all/10": purity, "tags/kept/10": purity, "tags/boat/10": purity}
    return Row("ablation", variant, line, value, reference, seed, "abc1234", changes, common, metrics)
