"""Pseudo labels from CAMs: PAR refines the scores of background and present classes."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seco.compute.resize import resize
from seco.storage.label_map import BACKGROUND, IGNORE


@torch.no_grad()
def refine_labels(
    rgb: Tensor,
    cam: Tensor,
    class_ids: Tensor,
    inside: Tensor,
    *,
    low: float,
    high: float,
    par: nn.Module,
    downscale: int = 2,
) -> Tensor:
    """Return the segmentation targets of a training batch, ``int64 [B, H, W]`` of 0, class ids and 255.

    The maps are refined with the background scores ``high`` and ``low``: a pixel is foreground where the strict
    run (``high``) says so, background where both runs say background, 255 elsewhere and outside the image.

    Args:
        rgb: images ``[B, 3, H, W]``, 0..255.
        cam: maps of the present classes ``[B, C, H, W]``, 0..1.
        class_ids: their ids ``[B, C]``; 0 marks an empty slot.
        inside: True where the crop shows the image ``[B, H, W]``.
        low: background score of the generous run.
        high: background score of the strict run.
        par: refines maps ``[B, M, h, w]`` on images ``[B, 3, h, w]``.
        downscale: by how much the refinement works coarser than the image.
    """
    scores = _refined_scores(rgb, cam, class_ids > 0, backgrounds=(high, low), par=par, downscale=downscale)
    ids = F.pad(class_ids, (1, 0), value=BACKGROUND)  # [B, 1 + C]
    # Not argmax, which takes eight times as long on a CPU.
    strict, generous = (ids.gather(1, s.max(dim=1).indices.flatten(1)).view(inside.shape) for s in scores)
    labels = strict.masked_fill((strict == BACKGROUND) & (generous != BACKGROUND), IGNORE)
    return labels.masked_fill_(~inside, IGNORE)


@torch.no_grad()
def refine_cam(rgb: Tensor, cam: Tensor, *, background: float, par: nn.Module | None, downscale: int = 2) -> Tensor:
    """Return the scores ``[1 + C, H, W]`` of one image: background, then the classes of ``cam``.

    Args:
        rgb: the image ``[3, H, W]``, 0..255.
        cam: maps of its classes ``[C, H, W]``, 0..1.
        background: the score every pixel has for background.
        par: refines maps ``[B, M, h, w]`` on images ``[B, 3, h, w]``; None leaves them as they are.
        downscale: by how much the refinement works coarser than the image.
    """
    present = torch.ones(1, len(cam), dtype=torch.bool, device=cam.device)
    if par is None:
        return _class_scores(cam[None].float(), present, background=background)[0]
    (scores,) = _refined_scores(rgb[None], cam[None], present, backgrounds=(background,), par=par, downscale=downscale)
    return scores[0]


def _refined_scores(
    rgb: Tensor,
    cam: Tensor,
    present: Tensor,
    *,
    backgrounds: tuple[float, ...],
    par: nn.Module,
    downscale: int,
) -> tuple[Tensor, ...]:
    """Return per background score the refined maps ``[B, 1 + C, H, W]``; one affinity serves them all."""
    height, width = rgb.shape[-2:]
    coarse = (max(1, height // downscale), max(1, width // downscale))
    small_rgb, small_cam = resize(rgb, coarse), resize(cam, coarse)
    scores = [_class_scores(small_cam, present, background=score) for score in backgrounds]
    refined = resize(par(small_rgb, torch.cat(scores, dim=1)), (height, width))
    return refined.chunk(len(backgrounds), dim=1)


def _class_scores(cam: Tensor, present: Tensor, *, background: float) -> Tensor:
    """Return the softmax ``[B, 1 + C, H, W]`` over background and the present classes; absent ones get 0."""
    candidates = cam.masked_fill(~present[:, :, None, None], float("-inf"))
    return F.pad(candidates, (0, 0, 0, 0, 1, 0), value=background).softmax(1)
