"""Which pooling of the classifiers puts CAMs on the objects, where few photographs train them.

    python -m benchmarks.pooling

For each pooling, both classifiers are fitted to tokens of the frozen encoder of `params.yaml` (`train.head_epochs`
passes over the training images), and nothing else is trained. The CAMs of a split with masks are cut at several
thresholds: the table shows the mIoU at the best one, over all classes of the true masks and over the common ones.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from seco.compute.device import pick_device
from seco.config.settings import Settings, check_settings, load_settings
from seco.errors import SecoError
from seco.inference.photographs import Resizing, photo_of
from seco.inference.predictor import Predictor
from seco.models.network import SeCoNetwork
from seco.reporting.thresholds import count_cam
from seco.runtime.progress import progress
from seco.scores.confusion import ConfusionMatrix
from seco.scores.metrics import MIOU
from seco.scores.thresholds import ThresholdCounts
from seco.storage.manifest import Manifest, read_manifest
from seco.storage.masks import read_mask
from seco.studies.settings import changed
from seco.training.head_start import start_heads
from seco.training.methods import build_models

SHARPNESS = (None, 4.0, 1.0, 0.5, 0.25, 0.1)
THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
COMMON = 50
"""Images of the training split in which a class is common."""


def main(
    params: Annotated[Path, typer.Option(help="Settings file.")] = Path("params.yaml"),
    data: Annotated[Path, typer.Option(help="Folder of the manifest.")] = Path("data/prepare"),
    split: Annotated[str, typer.Option(help="Split with masks.")] = "val",
) -> None:
    """Print a Markdown table with a row a pooling."""
    try:
        settings, manifest = load_settings(params), read_manifest(data)
        if settings.train.head_epochs == 0:
            raise SecoError("train.head_epochs is 0, so that no classifier is fitted: set it to 40")
        print("| `cam.pool_sharpness` | threshold | mIoU %, all classes | mIoU %, common classes |\n|---|--:|--:|--:|")
        for sharpness in SHARPNESS:
            values = changed(settings.model_dump(), {"cam.pool_sharpness": sharpness})
            threshold, everything, common = best_threshold(check_settings(values, source=str(params)), manifest, split)
            name = "null (maximum)" if sharpness is None else sharpness
            print(f"| {name} | {threshold} | {everything:.1f} | {common:.1f} |", flush=True)
    except SecoError as fault:
        raise typer.BadParameter(str(fault)) from fault


def best_threshold(settings: Settings, manifest: Manifest, split: str) -> tuple[float, float, float]:
    """Return the threshold with the best mIoU, and the mIoU over all and over the common classes in percent.

    Raises:
        SecoError: the split has no masks, or a file is missing or damaged.
    """
    network = build_models(settings, num_classes=len(manifest.class_names), device=pick_device()).network
    with progress("fit") as counter:
        start_heads(network, settings, manifest, skip_bad=False, teaching={}, counter=counter)
    counts = count(network, settings, manifest, split)
    threshold = max(counts, key=lambda threshold: MIOU.mean(counts[threshold]))
    occurs, values = counts[threshold].occurs(), 100 * counts[threshold].iou()
    labels = [record.labels for record in manifest.split("train")]
    images = np.array([sum(name in shown for shown in labels) for name in manifest.class_names])
    is_common = np.concatenate([[True], images >= COMMON])
    return threshold, float(values[occurs].mean()), float(values[occurs & is_common].mean())


def count(network: SeCoNetwork, settings: Settings, manifest: Manifest, split: str) -> dict[float, ConfusionMatrix]:
    """Return the confusion matrix of the CAMs of a split at each threshold."""
    records = {record.id: record for record in manifest.split(split) if record.mask is not None}
    if not records:
        raise SecoError(f"no image of the split {split} has a mask: name another split")
    predictor = Predictor(network, manifest.class_names, precision=settings.train.precision)
    counted = ThresholdCounts(len(manifest.class_names), len(THRESHOLDS))
    cams = predictor.cams(
        [photo_of(record) for record in records.values()],
        resizing=Resizing(square=settings.export.image_size),
        scales=(1.0,),
        batch_size=settings.export.batch_size,
    )
    for cam in cams:
        record = records[cam.photo.id]
        assert record.mask is not None, "only such records are kept"
        truth = read_mask(record.mask, num_classes=len(manifest.class_names), size=(record.width, record.height))
        count_cam(counted, truth, cam.maps.cpu(), cam.class_ids, thresholds=THRESHOLDS)
    return dict(zip(THRESHOLDS, counted.matrices(), strict=True))


if __name__ == "__main__":
    typer.run(main)
