"""CAMs of all classes, label maps, and the labels that PAR refines, image by image and threshold by threshold."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from seco.compute.device import full_precision
from tests.plain.encoder import PlainTokens

Encode = Callable[[Tensor], PlainTokens]


def multi_scale_cams(
    encode: Encode,
    images: Tensor,
    weights: Sequence[Tensor],
    labels: Tensor,
    inside: Tensor,
    *,
    scales: Sequence[float],
    multiple: int,
) -> list[Tensor]:
    """Return the valid CAM (and CAM_aux) ``[B, K, H, W]`` in 0..1 of one or two classifiers ``weights`` ``[K, D]``."""
    size = images.shape[-2:]
    totals = [images.new_zeros(len(images), labels.shape[1], *size) for _ in weights]
    for scale in scales:
        sides = [max(round(side * scale / multiple), 1) * multiple for side in size]
        scaled = _resize(images, sides)
        plain, mirrored = _maps(encode(scaled), weights), _maps(encode(scaled.flip(-1)), weights)
        for total, one, other in zip(totals, plain, mirrored, strict=True):
            total += torch.maximum(_resize(one, size), _resize(other, size).flip(-1)).relu()
    valid = [total * labels[:, :, None, None] for total in totals]
    return [_normalised(cam, inside) for cam in valid]


def label_map(cam: Tensor, inside: Tensor, *, low: float, high: float) -> Tensor:
    """Return the three-way map ``[B, H, W]``: 0, a class id, or 255."""
    strength, winner = cam.max(dim=1)
    labels = winner + 1
    labels[strength <= high] = 255
    labels[strength <= low] = 0
    labels[~inside] = 255
    return labels


def refined_labels(rgb: Tensor, cam: Tensor, labels: Tensor, inside: Tensor, *, low: float, high: float) -> Tensor:
    """Return the targets of the decoder ``[B, H, W]``: PAR at half resolution, once for each background score."""
    strict, generous = (
        torch.stack([_refined(image, maps, valid, score) for image, maps, valid in zip(rgb, cam, labels, strict=True)])
        for score in (high, low)
    )
    targets = strict.clone()
    targets[(strict == 0) & (generous != 0)] = 255
    targets[~inside] = 255
    return targets


def _maps(tokens: PlainTokens, weights: Sequence[Tensor]) -> list[Tensor]:
    """Eq. 1 for all classes: ``[B, K, h, w]`` a classifier."""
    both = zip((tokens.final, tokens.intermediate), weights, strict=False)  # CAM_aux only where its classifier is given
    return [(full_precision(part) @ weight.T).transpose(1, 2).unflatten(2, tokens.grid) for part, weight in both]


def _normalised(cam: Tensor, inside: Tensor) -> Tensor:
    result = torch.zeros_like(cam)
    for image, real in enumerate(inside):
        for index in range(cam.shape[1]):
            values = cam[image, index][real]
            if len(values):
                values = values - values.min()
                result[image, index][real] = values / (values.max() + 1e-5)
    return result


def _refined(rgb: Tensor, cam: Tensor, labels: Tensor, background: float) -> Tensor:
    """Return the class id of each pixel of an image ``[H, W]``."""
    size = rgb.shape[-2:]
    coarse = [side // 2 for side in size]
    ids = [0, *(labels.nonzero().flatten() + 1).tolist()]
    small = _resize(cam[None], coarse)
    maps = torch.cat([torch.full_like(small[:, :1], background), small[:, labels > 0]], dim=1).softmax(dim=1)
    refined = _resize(_par(_resize(rgb[None], coarse), maps), size)
    return torch.tensor(ids, device=rgb.device)[refined[0].argmax(dim=0)]


def _par(rgb: Tensor, maps: Tensor, *, dilations: Sequence[int] = (1, 2, 4, 8, 12, 24), iterations: int = 10) -> Tensor:
    """Pixel-adaptive refinement of ``maps`` ``[1, M, h, w]``, the 48 neighbours of each pixel unfolded."""
    colours = _neighbours(rgb, dilations)
    deviation = colours.std(dim=2, keepdim=True)
    difference = (colours - rgb.unsqueeze(2)).abs()
    colour = -((difference / (deviation + 1e-8) / 0.3) ** 2).mean(dim=1)  # [1, 48, h, w]
    ring = [2**0.5, 1.0, 2**0.5, 1.0, 1.0, 2**0.5, 1.0, 2**0.5]
    distance = torch.tensor([step * length for step in dilations for length in ring]).to(rgb)
    position = -((distance / (distance.std() + 1e-8) / 0.3) ** 2)
    affinity = colour.softmax(dim=1) + 0.01 * position.softmax(dim=0).view(1, -1, 1, 1)
    for _ in range(iterations):
        maps = (_neighbours(maps, dilations) * affinity.unsqueeze(1)).sum(dim=2)
    return maps


def _neighbours(maps: Tensor, dilations: Sequence[int]) -> Tensor:
    """Return the neighbours ``[1, M, 48, h, w]`` of each pixel of ``maps`` ``[1, M, h, w]``."""
    found = []
    for step in dilations:
        padded = F.pad(maps, (step,) * 4, mode="replicate")
        window = F.unfold(padded, 3, dilation=step).view(1, maps.shape[1], 9, *maps.shape[2:])
        found.append(torch.cat([window[:, :, :4], window[:, :, 5:]], dim=2))
    return torch.cat(found, dim=2)


def _resize(maps: Tensor, size: Sequence[int]) -> Tensor:
    return F.interpolate(maps, size=tuple(size), mode="bilinear", align_corners=False)
