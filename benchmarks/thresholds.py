"""How near thresholds that no mask chose are to the best one: `python -m benchmarks.thresholds data/train`.

Each criterion gives every threshold a score from the CAMs of `seco export-cams`; the one with the highest score is
chosen. The true masks of the same images then tell how many points of mIoU that costs.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from PIL import Image

from seco.compute.resize import resize_maps
from seco.errors import SecoError
from seco.inference.cam_store import read_cam, stored_size
from seco.inference.photographs import Resizing, photo_of
from seco.inference.predictor import Predictor
from seco.inference.trained import load_predictor
from seco.method.cam import two_way_labels
from seco.reporting.thresholds import THRESHOLDS, best_of, sweep_with_masks, sweep_without_masks
from seco.scores.confusion import ConfusionMatrix
from seco.scores.metrics import MIOU
from seco.storage.images import read_image, to_rgb
from seco.storage.manifest import Record, read_manifest

Scores = NDArray[np.float64]
_BATCH = 16


def main(
    model: Annotated[Path, typer.Argument(help="Folder of the trained model.")],
    data: Annotated[Path, typer.Option(help="Folder of the manifest.")] = Path("data/prepare"),
    cams: Annotated[Path, typer.Option(help="Folder of the CAM store.")] = Path("data/export/cams"),
    split: Annotated[str, typer.Option(help="Split whose images are used.")] = "val",
    image_size: Annotated[int, typer.Option(help="As export.image_size.")] = 224,
    most: Annotated[int | None, typer.Option(help="The most images.")] = None,
) -> None:
    """Print a Markdown table with a row a criterion."""
    try:
        manifest = read_manifest(data)
        records = [record for record in manifest.split(split) if record.mask is not None and record.labels][:most]
        if not records:
            raise SecoError(f"{split} of {data} has no labelled image with a mask: name another split")
        options = {"cams": cams, "class_names": manifest.class_names, "current": THRESHOLDS[0]}
        truth = sweep_with_masks(records, **options)
        predictor = load_predictor(model, class_names=manifest.class_names)
        found = {
            "the true masks": truth["miou"].to_numpy(),
            "the normalised cut": sweep_without_masks(records, **options)["separation"].to_numpy(),
            "Otsu": otsu(records, cams),
            "colours": colours(records, cams),
            "two scales": agreement(records, cams, half_scale_seeds(predictor, records, image_size)),
            "the network's segmentations": agreement(records, cams, segmentations(predictor, records, image_size)),
        }
    except SecoError as fault:
        raise typer.BadParameter(str(fault)) from fault
    best = best_of(truth)["miou"]
    print(f"{len(records)} images of {split}\n\n| chosen by | threshold | mIoU % | points lost |\n|---|--:|--:|--:|")
    for name, scores in found.items():
        chosen = truth.iloc[int(np.argmax(scores))]
        miou, lost = 100 * chosen["miou"], 100 * (best - chosen["miou"])
        print(f"| {name} | {chosen['threshold']:g} | {miou:.1f} | {lost:.1f} |")


def colours(records: Sequence[Record], cams: Path) -> Scores:
    """Return how much of the variance of the image's colours foreground and background explain, mean over images."""
    total = np.zeros(len(THRESHOLDS))
    for record in records:
        strength = read_cam(cams, record.id).maps.max(axis=0)
        height, width = strength.shape
        image = to_rgb(read_image(record.image)).resize((width, height), Image.Resampling.BOX)
        pixels = np.asarray(image, dtype=np.float64)
        for index, threshold in enumerate(THRESHOLDS):
            above = strength > threshold
            if 0 < (share := above.mean()) < 1:
                apart = pixels[above].mean(axis=0) - pixels[~above].mean(axis=0)
                total[index] += share * (1 - share) * (apart**2).sum() / max(pixels.var(axis=(0, 1)).sum(), 1e-9)
    return total / len(records)


def otsu(records: Sequence[Record], cams: Path) -> Scores:
    """Return how much of the variance of CAM values the two sides of a threshold explain (Otsu 1979)."""
    strengths = [read_cam(cams, record.id).maps.max(axis=0).ravel() for record in records]
    values = np.concatenate(strengths).astype(np.float64)
    weights = np.concatenate([np.full(len(one), 1 / len(one)) for one in strengths])  # an image counts once
    mean = np.average(values, weights=weights)
    explained = np.zeros(len(THRESHOLDS))
    for index, threshold in enumerate(THRESHOLDS):
        above = values > threshold
        if above.any() and not above.all():
            sides = [(weights[side].sum(), np.average(values[side], weights=weights[side])) for side in (above, ~above)]
            explained[index] = sum(weight * (centre - mean) ** 2 for weight, centre in sides)
    return explained


def agreement(records: Sequence[Record], cams: Path, others: dict[str, list[NDArray[np.uint8]]]) -> Scores:
    """Return the mIoU of foreground and background between seed masks and other masks.

    Args:
        records: the images.
        cams: the CAM store.
        others: of each image, a foreground mask for each threshold, or one for all.
    """
    matrices = [ConfusionMatrix(1) for _ in THRESHOLDS]
    for record in records:
        cam = read_cam(cams, record.id)
        seeds = foreground(torch.from_numpy(cam.maps), cam.maps.shape[1:])
        masks = others[record.id]
        for index, (matrix, seed) in enumerate(zip(matrices, seeds, strict=True)):
            matrix.update(masks[index % len(masks)], seed)
    return np.array([MIOU.mean(matrix) for matrix in matrices])


def half_scale_seeds(
    predictor: Predictor, records: Sequence[Record], image_size: int
) -> dict[str, list[NDArray[np.uint8]]]:
    """Return the foreground of CAMs of the images at half their size, for each threshold."""
    results = predictor.cams(
        [photo_of(record) for record in records],
        resizing=Resizing(square=image_size),
        scales=(0.5,),
        batch_size=_BATCH,
    )
    return {cam.photo.id: foreground(cam.maps.cpu(), stored_size(*cam.size)) for cam in results}


def segmentations(
    predictor: Predictor, records: Sequence[Record], image_size: int
) -> dict[str, list[NDArray[np.uint8]]]:
    """Return the foreground of the decoder's segmentations."""
    results = predictor.segmentations(
        [photo_of(record) for record in records],
        resizing=Resizing(square=image_size),
        scales=(1.0,),
        batch_size=_BATCH,
    )
    return {
        result.photo.id: [
            (resize_maps(result.single_scale, stored_size(*result.size)).argmax(0) > 0).byte().cpu().numpy()
        ]
        for result in results
    }


def foreground(maps: torch.Tensor, size: Sequence[int]) -> list[NDArray[np.uint8]]:
    """Return the foreground of CAMs `[C, h, w]` at a size, for each threshold."""
    resized, one = resize_maps(maps, size)[None], torch.ones(1, len(maps), dtype=torch.long)
    return [two_way_labels(resized, one, background=threshold)[0].byte().numpy() for threshold in THRESHOLDS]


if __name__ == "__main__":
    typer.run(main)
