"""From the network's maps to class scores of the image's pixels, on the device of the maps."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from seco.compute.resize import resize_maps, scored_size
from seco.inference.results import CamResult, SegmentationResult
from seco.method.par import PAR
from seco.method.pseudo_labels import refine_cam
from seco.refinement.labelling import ScoredImage, Variants
from seco.storage.label_map import BACKGROUND


def score_cams(cams: Iterable[CamResult], *, background: float, par: PAR | None) -> Iterator[ScoredImage]:
    """Yield each CAM as scores of background (a constant) and classes, refined by ``par``, at the `scored_size`."""
    for cam in cams:
        class_ids = (BACKGROUND, *cam.class_ids.tolist())
        pixels = _shrunk(cam.pixels, classes=len(class_ids))
        maps = resize_maps(cam.maps, pixels.shape[:2])
        rgb = torch.from_numpy(pixels).permute(2, 0, 1).to(maps.device).float()  # [3, h, w]
        scores = refine_cam(rgb, maps, background=background, par=par)
        yield ScoredImage(cam.photo.id, pixels, scores.cpu().numpy(), class_ids, cam.size)


def score_segmentations(results: Iterable[SegmentationResult]) -> Iterator[Variants]:
    """Yield the probabilities at a single scale and at several, both at the `scored_size`."""
    for result in results:
        class_ids = tuple(range(len(result.multi_scale)))
        pixels = _shrunk(result.pixels, classes=len(class_ids))
        single, multi = (
            resize_maps(probabilities, pixels.shape[:2]).cpu().numpy()
            for probabilities in (result.single_scale, result.multi_scale)
        )
        yield Variants(
            ScoredImage(result.photo.id, pixels, single, class_ids, result.size),
            ScoredImage(result.photo.id, pixels, multi, class_ids, result.size),
        )


def _shrunk(pixels: NDArray[np.uint8], *, classes: int) -> NDArray[np.uint8]:
    """Return an image ``[H, W, 3]`` at its `scored_size`; the same array where that is its own."""
    height, width = scored_size(pixels.shape[:2], classes)
    if (height, width) == pixels.shape[:2]:
        return pixels
    return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))
