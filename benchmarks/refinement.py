"""What PAR and the dense CRF make of CAM-like scores of real photographs, and whether pydensecrf finds the same.

    python -m benchmarks.refinement data/raw/voc2012/VOCdevkit/VOC2012

The scores are true masks made as bad as CAMs: shrunk to the core of the objects, shifted, blurred, mixed with smooth
noise and brought to the grid of a ViT's tokens. Background, PAR and CRF have the settings of the recipe `voc2012`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, shift
from torch.nn import functional as F

from benchmarks.measuring import device_name
from benchmarks.reference_crf import by_pydensecrf, has_pydensecrf
from benchmarks.sizes import RECIPES
from seco.compute.device import pick_device
from seco.config.recipes import compose
from seco.config.settings import Settings
from seco.data.class_sets import VOC
from seco.errors import SecoError
from seco.inference.photographs import photo_of
from seco.inference.results import CamResult
from seco.inference.scoring import score_cams
from seco.method.par import PAR
from seco.refinement.labelling import ScoredImage, classes_that_join, label_image, smooth
from seco.scores.confusion import ConfusionMatrix
from seco.scores.metrics import MIOU, PRECISION, RECALL
from seco.storage.images import read_image
from seco.storage.label_map import BACKGROUND, IGNORE
from seco.storage.manifest import Record
from seco.storage.masks import MaskArray, read_mask

TOKEN = 16  # pixels
CORE = 0.1  # share of an object's depth that is taken off all around
SHIFT, BLUR, GRAIN = 0.02, 0.03, 0.05  # standard deviations, shares of the image's side
NOISE = 0.25  # standard deviation
GAIN = 1.4  # brings recall above precision: CAMs reach beyond their objects

Result = TypeVar("Result")


class Row(NamedTuple):
    """One way to masks: its confusion matrix, and the seconds of each image."""

    confusion: ConfusionMatrix
    seconds: list[float]


class Difference(NamedTuple):
    """How far the marginals of one image differ between both CRFs."""

    same: float
    """Share of pixels with the same label."""
    mean: float
    most: float


def main(
    folder: Annotated[Path, typer.Argument(help="VOC2012, with JPEGImages and SegmentationClassAug or -Class.")],
    images: Annotated[int, typer.Option(min=1, help="Number of photographs, spread evenly over all with a mask.")] = 50,
    seed: Annotated[int, typer.Option(help="Of shifts and noise.")] = 0,
) -> None:
    """Print a Markdown table with a row for each way to masks, and how both CRFs agree."""
    torch.set_num_threads(1)
    try:
        records = records_of(folder, images)
        settings = Settings.model_validate(compose(RECIPES, "voc2012").values)
        rows, differences = measure(records, settings, seed=seed)
    except SecoError as fault:
        raise typer.BadParameter(str(fault)) from fault
    device = pick_device()
    print(f"{len(records)} photographs, torch {torch.__version__} on {device_name(device)}.\n")
    print("| masks from | mIoU % | precision % | recall % | seconds an image |\n|---|--:|--:|--:|--:|")
    for name, row in rows.items():
        seconds = f"{np.mean(row.seconds):.2f}" if row.seconds else ""
        scores = " | ".join(f"{100 * metric.mean(row.confusion):.1f}" for metric in (MIOU, PRECISION, RECALL))
        print(f"| {name} | {scores} | {seconds} |")
    if differences:
        same, mean, most = zip(*differences, strict=True)
        print(f"\nours and pydensecrf: {100 * np.mean(same):.4f} % of the labels are the same, in the worst image")
        print(
            f"{100 * min(same):.4f} %; marginals differ by {np.mean(mean):.1e} in the mean and {max(most):.1e} at most."
        )


def records_of(folder: Path, count: int) -> list[Record]:
    """Return photographs that have a mask.

    Raises:
        SecoError: the folder has none.
    """
    found = [path for name in ("SegmentationClassAug", "SegmentationClass") for path in (folder / name).glob("*.png")]
    masks = {path.stem: path for path in reversed(found)}  # those of SegmentationClassAug go first
    paths = [(folder / "JPEGImages" / f"{name}.jpg", masks[name]) for name in sorted(masks)]
    paths = [(image, mask) for image, mask in paths if image.is_file()]
    if not paths:
        raise SecoError(
            f"{folder} has no JPEGImages with masks in SegmentationClassAug or SegmentationClass: name VOC2012"
        )
    chosen = [paths[index] for index in sorted({int(place) for place in np.linspace(0, len(paths) - 1, count)})]
    return [Record(mask.stem, image, mask, (), "train", 0, 0) for image, mask in chosen]


def measure(records: Sequence[Record], settings: Settings, *, seed: int) -> tuple[dict[str, Row], list[Difference]]:
    """Return a row for each way to masks, and the difference of both CRFs on each image and each kind of scores."""
    ways = {"ours": smooth} | ({"pydensecrf": smooth_by_pydensecrf} if has_pydensecrf() else {})
    names = ["scores", "PAR", *(f"{first}CRF, {way}" for first, way in product(("", "PAR + "), ways))]
    rows = {name: Row(ConfusionMatrix(len(VOC)), []) for name in names}
    differences = []
    par = PAR()
    crf = settings.crf_of(settings.refine.crf)
    assert crf is not None, "the recipe enables the CRF"
    for number, record in enumerate(records):
        assert record.mask is not None, "records_of gives each one a mask"
        truth = read_mask(record.mask, num_classes=len(VOC), size=None)
        cam = cam_like(record, truth, rng=np.random.default_rng([seed, number]))
        for first, refine in (("", None), ("PAR + ", par)):
            scored, seconds = timed(partial(_scored, cam, background=settings.export.background, par=refine))
            _count(rows["PAR" if refine else "scores"], truth, scored, seconds if refine else None)
            found = {}
            for way, smooth_by in ways.items():
                found[way], seconds = timed(partial(smooth_by, scored, crf=crf))
                _count(rows[f"{first}CRF, {way}"], truth, found[way], seconds)
            if len(found) == 2:
                differences.append(difference(found["ours"], found["pydensecrf"]))
    return rows, differences


def smooth_by_pydensecrf(scored: ScoredImage, *, crf: Mapping[str, Any]) -> ScoredImage:
    """Return what `smooth` returns, by the library."""
    kernels = dict(crf)
    joining = classes_that_join(scored, sharpness=kernels.pop("sharpness"))
    return joining._replace(scores=by_pydensecrf(joining.image, joining.scores, **kernels))


def cam_like(record: Record, truth: MaskArray, *, rng: np.random.Generator) -> CamResult:
    """Return maps of the classes of a mask as bad as CAMs; 255 counts as background."""
    side = float(np.sqrt(truth.size))
    classes = [int(value) for value in np.unique(truth) if value not in (BACKGROUND, IGNORE)]
    maps = []
    for value in classes:
        depth = np.asarray(distance_transform_edt(truth == value))
        core = (depth > CORE * np.max(depth)).astype(np.float32)
        moved = gaussian_filter(shift(core, rng.normal(size=2) * SHIFT * side, order=0), BLUR * side)
        noise = gaussian_filter(rng.normal(size=truth.shape), GRAIN * side)
        maps.append(GAIN * moved / np.maximum(np.max(moved), 1e-6) + NOISE * noise / np.std(noise))
    height, width = truth.shape
    stacked = torch.from_numpy(np.array(maps, dtype=np.float32).reshape(-1, height, width))
    tokens = F.adaptive_avg_pool2d(stacked, (max(height // TOKEN, 1), max(width // TOKEN, 1)))
    return CamResult(
        photo_of(record),
        (height, width),
        np.array(read_image(record.image)),
        torch.tensor(classes),
        tokens.clamp(0, 1).to(pick_device()),
        torch.zeros(0),  # no classifier has seen it
    )


def timed(function: Callable[[], Result]) -> tuple[Result, float]:
    """Return a result and the seconds that it took."""
    start = time.perf_counter()
    result = function()
    return result, time.perf_counter() - start


def difference(one: ScoredImage, other: ScoredImage) -> Difference:
    """Compare the marginals of both CRFs, which are of the same classes."""
    gaps: NDArray[np.float32] = np.abs(one.scores - other.scores)
    return Difference(float((label_image(one) == label_image(other)).mean()), float(gaps.mean()), float(gaps.max()))


def _scored(cam: CamResult, *, background: float, par: PAR | None) -> ScoredImage:
    return next(score_cams([cam], background=background, par=par))


def _count(row: Row, truth: MaskArray, scored: ScoredImage, seconds: float | None) -> None:
    row.confusion.update(truth, label_image(scored))
    if seconds is not None:
        row.seconds.append(seconds)


if __name__ == "__main__":
    typer.run(main)
