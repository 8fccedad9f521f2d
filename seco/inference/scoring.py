"""From the network's maps over a square to class scores at the image's own size, on the device of the maps."""

from collections.abc import Iterable, Iterator

import torch

from seco.compute.resize import resize_maps
from seco.inference.predictor import CamResult, SegmentationResult
from seco.method.par import PAR
from seco.method.pseudo_labels import refine_cam
from seco.refinement.labelling import ScoredImage
from seco.storage.label_map import BACKGROUND


def score_cams(cams: Iterable[CamResult], *, background: float, par: PAR | None) -> Iterator[ScoredImage]:
    """Yield each CAM at its image's own size, as scores of background (a constant) and classes; refined by ``par``."""
    for cam in cams:
        maps = resize_maps(cam.maps, cam.pixels.shape[:2])
        rgb = torch.from_numpy(cam.pixels).permute(2, 0, 1).to(maps.device).float()  # [3, H, W]
        scores = refine_cam(rgb, maps, background=background, par=par)
        yield ScoredImage(cam.record.id, cam.pixels, scores.cpu().numpy(), (BACKGROUND, *cam.class_ids.tolist()))


def score_segmentations(results: Iterable[SegmentationResult]) -> Iterator[tuple[ScoredImage, ScoredImage]]:
    """Yield the probabilities at a single scale and at several, both at the image's own size."""
    for result in results:
        single, multi = (
            resize_maps(probabilities, result.pixels.shape[:2]).cpu().numpy()
            for probabilities in (result.single_scale, result.multi_scale)
        )
        class_ids = tuple(range(len(multi)))
        yield (
            ScoredImage(result.record.id, result.pixels, single, class_ids),
            ScoredImage(result.record.id, result.pixels, multi, class_ids),
        )
