"""The threshold of CAMs, `export.background`: how well the seed masks of every threshold agree with other masks."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from seco.compute.resize import resize_maps, scored_size
from seco.errors import SecoError
from seco.inference.cam_store import StoredCam, cam_path, read_cam
from seco.method.cam import strongest
from seco.reporting.figures import COLOURS, to_png
from seco.reporting.lettering import lettered, lettering
from seco.runtime.parallel import ProgressCallback, thread_map
from seco.scores.metrics import MIOU, PRECISION, RECALL
from seco.scores.thresholds import ThresholdCounts
from seco.storage.manifest import TRAIN, Manifest, Record
from seco.storage.masks import MaskArray, enlarge_mask, mask_path, read_mask

_METRICS = (MIOU, PRECISION, RECALL)
THRESHOLDS = tuple(step / 20 for step in range(1, 20))
"""0.05 to 0.95."""
SEGMENTATIONS = "single_scale"
"""The kind of segmentations that stand in for true masks: of one scale, as the CAMs of seed masks."""


class References(NamedTuple):
    """The masks with which seed masks are compared."""

    split: str
    masks: Mapping[Record, Path]
    """Of each image that has one."""
    are_true: bool
    """Whether they are the data set's; else they are the network's own segmentations."""


def references_of(
    manifest: Manifest, split: str | None, *, predictions: Path, predicted_splits: Sequence[str]
) -> References:
    """Return the true masks of a split or, if it has none, the network's segmentations of its images.

    Args:
        manifest: the data set.
        split: the split; None: the first held-out one with masks, else `train` if it has masks, else the first of
            `predicted_splits`.
        predictions: folder of the segmentations.
        predicted_splits: the splits that `seco predict` segments.

    Raises:
        SecoError: there is no such split, or it has neither masks nor segmentations.
    """
    true = {name: _true_masks(manifest, name) for name in manifest.splits}
    if split is None:
        with_masks = sorted((name for name, masks in true.items() if masks), key=TRAIN.__eq__)
        split = next(iter([*with_masks, *predicted_splits, manifest.splits[0]]))
    records = manifest.split(split)
    if true[split]:
        return References(split, true[split], are_true=True)
    segmentations = {record: mask_path(predictions / SEGMENTATIONS, record.id) for record in records}
    for path in segmentations.values():
        if not path.is_file():
            raise SecoError(
                f"{split} has no true masks, and its segmentation {path} is missing: run `seco predict` with {split} "
                "in predict.splits"
            )
    return References(split, segmentations, are_true=False)


def sweep_thresholds(
    masks: Mapping[Record, Path],
    *,
    cams: Path,
    class_names: Sequence[str],
    current: float,
    progress: ProgressCallback | None = None,
) -> pd.DataFrame:
    """Compare the seed masks of every threshold with other masks of the same images.

    Each CAM is read and enlarged once.

    Args:
        masks: of each image, the mask that counts as right.
        cams: the CAM store.
        class_names: foreground classes in id order.
        current: another threshold, that of the settings.
        progress: called with (done, total) after each image.

    Returns:
        A row for each of `THRESHOLDS` and for `current`, in ascending order: `threshold`, and as fractions the metrics
        `miou`, `precision` and `recall` and `foreground`, the share of pixels that get a class.

    Raises:
        SecoError: a CAM or mask is missing or damaged, of another size or of other classes.
    """
    thresholds = sorted({*THRESHOLDS, current})
    count = partial(_count, cams=cams, class_names=class_names, thresholds=thresholds)
    total = ThresholdCounts(len(class_names), len(thresholds))
    for counted in thread_map(count, [*masks.items()], progress=progress):
        total.merge(counted)
    rows = []
    for threshold, matrix in zip(thresholds, total.matrices(), strict=True):
        means = {metric.name: metric.mean(matrix) for metric in _METRICS}
        foreground = matrix.counts[:, 1:].sum() / max(matrix.counts.sum(), 1)
        rows.append({"threshold": threshold, **means, "foreground": foreground})
    return pd.DataFrame(rows)


def best_of(frame: pd.DataFrame) -> pd.Series:
    """Return the row of the highest mIoU; of equal ones, the lowest threshold.

    Raises:
        SecoError: mIoU is not defined, since the masks show no class.
    """
    if frame["miou"].isna().all():
        raise SecoError("the masks show no class, so no threshold is better than another: take another split")
    return frame.loc[frame["miou"].idxmax()]


def choice_in_words(frame: pd.DataFrame, references: References, *, current: float) -> str:
    """Say which threshold is best, how good it is, and how good the current one is."""
    best, now = best_of(frame), frame.loc[frame["threshold"] == current].iloc[0]
    images = f"{len(references.masks)} image{'s' * (len(references.masks) != 1)}"
    score, by = "mIoU", f"by the true masks of {references.split} ({images})"
    if not references.are_true:
        score = "agreement"
        by = f"{references.split} has no true masks, so by the network's own segmentations of it ({images})"
    found = f"{best['threshold']:g}: {score} {100 * best['miou']:.1f} %"
    kept = f"with the present {current:g} it is {100 * now['miou']:.1f} %"
    return f"{by}, the best export.background is {found}; {kept}"


@lettering()
def threshold_figure(frame: pd.DataFrame, references: References, *, current: float) -> bytes:
    """Draw mIoU, precision and recall over the thresholds as a PNG, with marks at the best and the current one."""
    figure = Figure(figsize=(7.0, 4.0), facecolor="white", layout="constrained")
    axis = figure.subplots()
    for colour, metric in zip(COLOURS, _METRICS, strict=False):
        style = "-" if metric is MIOU else ":"
        axis.plot(frame["threshold"], 100 * frame[metric.name], style, marker=".", color=colour, label=metric.title)
    best = best_of(frame)
    axis.plot(best["threshold"], 100 * best["miou"], "o", markersize=9, color=COLOURS[0])
    axis.axvline(current, color="#909090", linewidth=1, linestyle="--", label="export.background")
    whose = "the true masks" if references.are_true else "the network's segmentations"
    axis.set_title(f"seed masks against {whose} of {lettered(references.split)}", fontsize=11, loc="left")
    axis.set_xlabel("threshold of the CAMs", fontsize=9)
    axis.set_ylabel("%", fontsize=9)
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 100)
    axis.grid(color="#e0e0e0", linewidth=0.8)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=9, ncols=2)
    return to_png(figure, 130)


def _true_masks(manifest: Manifest, split: str) -> dict[Record, Path]:
    return {record: record.mask for record in manifest.split(split) if record.mask is not None}


def _count(
    item: tuple[Record, Path], *, cams: Path, class_names: Sequence[str], thresholds: Sequence[float]
) -> ThresholdCounts:
    record, reference = item
    truth = read_mask(reference, num_classes=len(class_names), size=(record.width, record.height))
    cam = read_cam(cams, record.id)
    if (cam.class_ids > len(class_names)).any():
        raise SecoError(
            f"{cam_path(cams, record.id)} is of class {cam.class_ids.max()}, but the data have {len(class_names)} "
            "classes: run `seco export-cams` again"
        )
    counts = ThresholdCounts(len(class_names), len(thresholds))
    counts.update(truth, *_seeds(cam, (record.height, record.width), thresholds))
    return counts


def _seeds(cam: StoredCam, size: tuple[int, int], thresholds: Sequence[float]) -> tuple[MaskArray, MaskArray]:
    """Return the strongest class of each pixel and how many thresholds are below its strength, uint8 `[H, W]` each."""
    maps = resize_maps(torch.from_numpy(cam.maps), scored_size(size, len(cam.maps) + 1))
    strength, winner = strongest(maps[None], torch.from_numpy(cam.class_ids).long()[None])
    levels = torch.bucketize(strength[0], strength.new_tensor(thresholds))
    chosen, level = (enlarge_mask(map_.to(torch.uint8).numpy(), size) for map_ in (winner[0], levels))
    return np.asarray(chosen), np.asarray(level)
