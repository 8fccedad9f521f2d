"""Patches, tags, rectification, L_LiG, L_LiL and patch classification, one patch after the other."""

import torch
from torch import Tensor
from torch.nn import functional as F

from seco.compute.device import full_precision


def patch_corners(
    label_map: Tensor, box: Tensor, draws: Tensor, *, patch_size: int, anywhere: bool
) -> list[tuple[int, int]]:
    """Pick the patches of an image: the row and column of each one's top left pixel.

    Args:
        label_map: ``[H, W]``.
        box: ``[4]``, the real image (top, left, bottom, right).
        draws: ``[n, 2]`` in 0..1; the first of each pair picks the centre.
        patch_size: pixels.
        anywhere: on any pixel; otherwise on uncertain ones.
    """
    top, left, bottom, right = box.tolist()
    top, left = min(top, label_map.shape[0] - patch_size), min(left, label_map.shape[1] - patch_size)
    rows, columns = max(bottom - patch_size, top) - top + 1, max(right - patch_size, left) - left + 1
    row, column = top + patch_size // 2, left + patch_size // 2
    centres = label_map[row : row + rows, column : column + columns]
    spots = (centres == 255).nonzero()
    if anywhere or len(spots) < len(draws):
        spots = torch.ones_like(centres).nonzero()
    picked = [spots[int(draw * len(spots))].tolist() for draw in draws[:, 0].tolist()]
    return [(top + row, left + column) for row, column in picked]


def patch_tag(
    label_map: Tensor, inside: Tensor, corner: tuple[int, int], *, patch_size: int, threshold: float, settle: bool
) -> int:
    """Tag one patch of an image from its label map ``[H, W]``: 0, a class id, or -1."""
    classes = [found for found in label_map.unique().tolist() if found not in (0, 255)]
    if settle and len(classes) == 1:
        label_map = torch.where(label_map == 255, classes[0], label_map)
    window = tuple(slice(start, start + patch_size) for start in corner)
    labels = label_map[window][inside[window]]
    if len(labels) == 0:
        return -1
    if (labels != 0).float().mean() <= threshold:
        return 0
    shown = [found for found in labels.unique().tolist() if found not in (0, 255)]
    return shown[0] if len(shown) == 1 else -1


def rectified(queries: Tensor, tags: list[int], keys: Tensor, key_tags: Tensor, *, threshold: float) -> list[int]:
    """Eqs. 6 and 7: withdraw the tags that the reservoir contradicts."""
    result = []
    for query, tag in zip(queries.detach(), tags, strict=True):
        similar = keys[key_tags == tag] @ query
        below = (similar < similar.mean() - 1e-6).float().mean() if tag != -1 and len(similar) else torch.tensor(0.0)
        result.append(-1 if below > threshold else tag)
    return result


def lig(queries: Tensor, tags: list[int], prototypes: Tensor, *, temperature: float) -> Tensor:
    """Eq. 4 over the classes that occur among the tags and have a prototype."""
    known = [tag for tag in tags if tag > 0 and bool(prototypes[tag - 1].any())]
    shown = sorted(set(known))
    losses = [
        -(prototypes[[tag - 1 for tag in shown]] @ query / temperature).log_softmax(dim=0)[shown.index(tag)]
        for query, tag in zip(queries, tags, strict=True)
        if tag in shown
    ]
    return torch.stack(losses).mean() if losses else queries.sum() * 0


def lil(
    queries: Tensor,
    tags: list[int],
    entries: Tensor,
    entry_tags: Tensor,
    *,
    temperature: float,
    average: str,
    background: bool,
) -> Tensor:
    """Eq. 8: the mean over all pairs of one tag, over the means of queries, or over those of tags."""
    known = entry_tags != -1
    losses: dict[int, list[Tensor]] = {}
    for query, tag in zip(queries, tags, strict=True):
        positive = entry_tags[known] == tag
        if tag >= (0 if background else 1) and positive.any():
            own = -(entries[known] @ query / temperature).log_softmax(dim=0)[positive]
            losses.setdefault(tag, []).append(own)
    if not losses:
        return queries.sum() * 0
    if average == "pairs":
        return torch.cat([pair for own in losses.values() for pair in own]).mean()
    of_tags = [torch.stack([pairs.mean() for pairs in own]) for own in losses.values()]
    return torch.cat(of_tags).mean() if average == "queries" else torch.stack([own.mean() for own in of_tags]).mean()


def patch_cost(logits: Tensor, tags: list[int], *, labels: str) -> Tensor:
    """Mean soft margin of the logits ``[M, K]`` of tagged patches against the class of the tag; 0 is none.

    With labels "absent" the class of the tag is left out of the sum.
    """
    classes = torch.arange(1, logits.shape[1] + 1, device=logits.device)
    costs = [
        (F.softplus(torch.where(classes == tag, -row, row)) * ((classes != tag) | (labels == "all"))).mean()
        for row, tag in zip(full_precision(logits), tags, strict=True)
        if tag != -1
    ]
    return torch.stack(costs).mean() if costs else logits.sum() * 0
