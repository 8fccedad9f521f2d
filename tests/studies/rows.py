"""Results of made-up runs."""

import math

from seco.studies.results import Row

CLASSES = ("background", "aeroplane", "boat", "bottle", "car", "chair", "horse", "person", "sofa", "train")


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
    **fixed: str,
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
        place = f"class/segmentation/crf/val/{name}"
        metrics |= {f"{place}/iou": miou, f"{place}/confusion_ratio": own}
    tags = {"tags/all/9": purity - 0.1, "tags/all/10": purity, "tags/kept/10": purity, "tags/boat/10": purity}
    values = {"line": "", "value": "", "reference": "SeCo", "seed": seed, "commit": "abc1234", "changes": ""}
    return {"study": "ablation", "variant": variant, **values, "common": "0123abcd", **fixed, **metrics, **tags}
