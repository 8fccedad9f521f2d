"""The threshold of CAMs, `export.background`: with true masks by mIoU, without masks by the normalised cut."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from seco.compute.resize import resize_maps, scored_size
from seco.errors import SecoError
from seco.inference.cam_store import StoredCam, cam_path, read_cam
from seco.method.cam import strongest
from seco.reporting.figures import COLOURS, to_png
from seco.reporting.lettering import lettered, lettering
from seco.runtime.parallel import ProgressCallback, thread_map
from seco.scores.metrics import MIOU, PRECISION, RECALL
from seco.scores.normalised_cut import separations
from seco.scores.thresholds import ThresholdCounts
from seco.storage.images import read_image
from seco.storage.manifest import TRAIN, Manifest, Record
from seco.storage.masks import MaskArray, enlarge_mask, read_mask

_METRICS = (MIOU, PRECISION, RECALL)
THRESHOLDS = tuple(step / 20 for step in range(1, 20))
"""0.05 to 0.95."""
_LABELS = {metric.name: metric.title for metric in _METRICS} | {
    MIOU.name: "mIoU",
    "separation": "separation of the sides (1 - normalised cut / 2)",
    "foreground": "pixels with a class",
}


def split_to_sweep(manifest: Manifest) -> str:
    """Return the first held-out split with masks, else `train` if it has masks, else the first split."""
    with_masks = dict.fromkeys(record.split for record in manifest.records if record.mask is not None)
    return next(iter([*sorted(with_masks, key=TRAIN.__eq__), *manifest.splits]))


def sweep_with_masks(
    records: Sequence[Record],
    *,
    cams: Path,
    class_names: Sequence[str],
    current: float,
    progress: ProgressCallback | None = None,
) -> pd.DataFrame:
    """Compare the seed masks of every threshold with the true masks; each CAM is read and enlarged once.

    Args:
        records: the images; those without a mask are left out.
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
    count = partial(_compare, cams=cams, num_classes=len(class_names), thresholds=thresholds)
    known = [(record, record.mask) for record in records if record.mask is not None]
    total = ThresholdCounts(len(class_names), len(thresholds))
    for counted in thread_map(count, known, progress=progress):
        total.merge(counted)
    rows = []
    for threshold, matrix in zip(thresholds, total.matrices(), strict=True):
        means = {metric.name: metric.mean(matrix) for metric in _METRICS}
        foreground = matrix.counts[:, 1:].sum() / max(matrix.counts.sum(), 1)
        rows.append({"threshold": threshold, **means, "foreground": foreground})
    return pd.DataFrame(rows)


def sweep_without_masks(
    records: Sequence[Record],
    *,
    cams: Path,
    class_names: Sequence[str],
    current: float,
    progress: ProgressCallback | None = None,
) -> pd.DataFrame:
    """Measure how well every threshold parts the photographs, by the normalised cut; arguments as above.

    Of each pixel the strongest class counts; images without a class are left out.

    Returns:
        A row for each threshold: `threshold` and, means over images, `separation` (as of `separations`; NaN if no
        threshold has two sides in any image) and `foreground`, the share of pixels that get a class.

    Raises:
        SecoError: a CAM or photograph is missing or damaged, or of other classes.
    """
    thresholds = sorted({*THRESHOLDS, current})
    read = partial(_parted, cams=cams, num_classes=len(class_names), thresholds=thresholds)
    found = [parted for parted in thread_map(read, records, progress=progress) if parted is not None]
    separation, foreground = np.mean(found, axis=0) if found else np.full((2, len(thresholds)), np.nan)
    if not separation.any():
        separation[:] = np.nan
    return pd.DataFrame({"threshold": thresholds, "separation": separation, "foreground": foreground})


def count_cam(
    counts: ThresholdCounts, truth: MaskArray, maps: Tensor, class_ids: Tensor, *, thresholds: Sequence[float]
) -> None:
    """Count the seed masks of one CAM at every threshold.

    Args:
        counts: of as many thresholds; gets the image.
        truth: the true mask `[H, W]`.
        maps: `[C, h, w]` on the CPU, over the whole image.
        class_ids: int64 `[C]`.
        thresholds: in ascending order.
    """
    size = (truth.shape[0], truth.shape[1])
    strength, winner = strongest(resize_maps(maps, scored_size(size, len(maps) + 1))[None], class_ids[None])
    chosen, levels = (
        enlarge_mask(map_.to(torch.uint8).numpy(), size) for map_ in (winner[0], _levels(strength[0], thresholds))
    )
    counts.update(truth, chosen, levels)


def best_of(frame: pd.DataFrame) -> pd.Series:
    """Return the row of the highest mIoU or separation; of equal ones, the lowest threshold.

    Raises:
        SecoError: it is not defined: no mask shows a class, or no CAM has two values.
    """
    score = _score_of(frame)
    if frame[score].isna().all():
        fault = "the masks show" if score == MIOU.name else "the CAMs separate"
        raise SecoError(f"{fault} no class, so no threshold is better than another: take another split")
    return frame.loc[frame[score].idxmax()]


def choice_in_words(frame: pd.DataFrame, *, split: str, current: float) -> str:
    """Say which threshold is best, how good it is, and how good the current one is."""
    best, now = best_of(frame), frame.loc[frame["threshold"] == current].iloc[0]
    if MIOU.name in frame:
        return (
            f"by the true masks of {split}, the best export.background is {best['threshold']:g}: "
            f"mIoU {100 * best[MIOU.name]:.1f} %; with the present {current:g} it is {100 * now[MIOU.name]:.1f} %"
        )
    return (
        f"{split} has no true masks, so by its photographs and CAMs (normalised cut) export.background should be "
        f"about {best['threshold']:g}, where {100 * best['foreground']:.0f} % of the pixels get a class; with the "
        f"present {current:g} they are {100 * now['foreground']:.0f} %"
    )


@lettering()
def threshold_figure(frame: pd.DataFrame, *, split: str, current: float) -> bytes:
    """Draw a frame's columns over the thresholds as a PNG, with marks at the best and the current one."""
    figure = Figure(figsize=(7.0, 4.0), facecolor="white", layout="constrained")
    axis = figure.subplots()
    columns = [name for name in frame.columns if name != "threshold"]
    for colour, name in zip(COLOURS, columns, strict=False):
        style = "-" if name == _score_of(frame) else ":"
        axis.plot(frame["threshold"], 100 * frame[name], style, marker=".", color=colour, label=_LABELS[name])
    best = best_of(frame)
    axis.plot(best["threshold"], 100 * best[_score_of(frame)], "o", markersize=9, color=COLOURS[0])
    axis.axvline(current, color="#909090", linewidth=1, linestyle="--", label="export.background")
    axis.set_title(f"seed masks of {lettered(split)}", fontsize=11, loc="left")
    axis.set_xlabel("threshold of the CAMs", fontsize=9)
    axis.set_ylabel("%", fontsize=9)
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 100)
    axis.grid(color="#e0e0e0", linewidth=0.8)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=9, ncols=2)
    return to_png(figure, 130)


def _score_of(frame: pd.DataFrame) -> str:
    return MIOU.name if MIOU.name in frame else "separation"


def _compare(
    known: tuple[Record, Path], *, cams: Path, num_classes: int, thresholds: Sequence[float]
) -> ThresholdCounts:
    record, mask = known
    truth = read_mask(mask, num_classes=num_classes, size=(record.width, record.height))
    cam = _read(cams, record, num_classes)
    maps, class_ids = torch.from_numpy(cam.maps), torch.from_numpy(cam.class_ids).long()
    counts = ThresholdCounts(num_classes, len(thresholds))
    count_cam(counts, truth, maps, class_ids, thresholds=thresholds)
    return counts


def _parted(record: Record, *, cams: Path, num_classes: int, thresholds: Sequence[float]) -> NDArray[np.float64] | None:
    """Return the separation by each threshold and the share of pixels above it, `[2, T]`; None without a class."""
    cam = _read(cams, record, num_classes)
    if not len(cam.maps):
        return None
    levels = _levels(torch.from_numpy(cam.maps).amax(dim=0), thresholds).numpy()
    height, width = levels.shape
    image = np.array(read_image(record.image).resize((width, height), Image.Resampling.BOX))
    parted = separations(image, levels, thresholds=len(thresholds), pixel=record.width / width)
    return np.stack([parted, [(levels > index).mean() for index in range(len(thresholds))]])


def _levels(strength: Tensor, thresholds: Sequence[float]) -> Tensor:
    """Return how many thresholds are below each value."""
    return torch.bucketize(strength, strength.new_tensor(thresholds))


def _read(cams: Path, record: Record, num_classes: int) -> StoredCam:
    cam = read_cam(cams, record.id)
    if (cam.class_ids > num_classes).any():
        raise SecoError(
            f"{cam_path(cams, record.id)} is of class {cam.class_ids.max()}, but the data have {num_classes} "
            "classes: run `seco export-cams` again"
        )
    return cam
