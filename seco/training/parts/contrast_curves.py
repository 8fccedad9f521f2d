"""Learning curves that tell whether L_LiL (eq. 8) separates the tags, or has made all embeddings alike."""

import torch
from torch import Tensor

from seco.compute.device import full_precision
from seco.method.tags import UNCERTAIN
from seco.storage.label_map import BACKGROUND
from seco.training.objective import CurveCounts


@torch.no_grad()
def contrast_curves(
    queries: Tensor, tags: Tensor, keys: Tensor, key_tags: Tensor, *, temperature: float
) -> CurveCounts:
    """Compare the patches with all tagged entries, those of the batch and of the reservoir.

    Args:
        queries: ``[M, D]``, unit length.
        tags: ``[M]``, rectified.
        keys: ``[R, D]``, unit length.
        key_tags: ``[R]``, -1 where uncertain or unfilled.
        temperature: τ_l.

    Returns:
        Sums and counts of

        - ``lil/class`` and ``lil/background``: eq. 8 of a query with that kind of tag, averaged over its positives.
        - ``lil/chance``: log of the number of entries, where all similarities are alike.
        - ``lil/floor``: log of the number of positives, the least that eq. 8 can be.
        - ``lil/background_pairs``: the share of background among the pairs of one tag.
        - ``cosine/same``, ``cosine/other``, ``cosine/background``: of a class patch with entries of its class, of other
          classes and of background.
        - ``cosine/auc``: how often, for a class patch, an entry of its class is more similar than one of background.
    """
    similarity = full_precision(queries) @ full_precision(keys).T  # [M, R]
    known = key_tags != UNCERTAIN
    positive = (tags.unsqueeze(1) == key_tags) & known  # [M, R]
    num_positive, num_known = positive.sum(dim=1), known.sum()
    has_class, is_background = tags > BACKGROUND, tags == BACKGROUND  # [M]
    counted = num_positive > 0

    log_sum = (similarity / temperature).masked_fill(~known, -torch.inf).logsumexp(dim=1)
    mean_positive = torch.where(positive, similarity, 0.0).sum(dim=1) / num_positive.clamp(min=1)
    costs = log_sum - mean_positive / temperature  # [M]
    curves = {
        "lil/class": _mean(costs, counted & has_class),
        "lil/background": _mean(costs, counted & is_background),
        "lil/chance": _mean(num_known.double().clamp(min=1).log().expand_as(costs), counted),
        "lil/floor": _mean(num_positive.double().clamp(min=1).log(), counted),
        "lil/background_pairs": (torch.where(is_background, num_positive, 0).sum(), num_positive.sum()),
    }
    of_class = has_class.unsqueeze(1)
    same, background = of_class & positive, of_class & (key_tags == BACKGROUND)
    other = of_class & (key_tags > BACKGROUND) & ~positive
    for name, pairs in {"same": same, "other": other, "background": background}.items():
        curves[f"cosine/{name}"] = _mean(similarity, pairs)
    areas, separable = _areas(similarity, same, background)
    return curves | {"cosine/auc": _mean(areas, separable)}


def _mean(values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    # In float64: the sums of several ranks are those of one process.
    return torch.where(mask, values, 0.0).sum(dtype=torch.float64), mask.sum()


def _areas(scores: Tensor, above: Tensor, below: Tensor) -> tuple[Tensor, Tensor]:
    """Return the area under the ROC curve of each row of ``scores`` ``[M, R]``, and which rows have both kinds."""
    sizes = below.sum(dim=1, keepdim=True).clamp(min=1)
    ordered = scores.masked_fill(~below, torch.inf).sort(dim=1).values
    outrun = torch.searchsorted(ordered, scores.contiguous()).clamp(max=sizes) / sizes  # [M, R]
    areas = torch.where(above, outrun, 0.0).sum(dim=1) / above.sum(dim=1).clamp(min=1)
    return areas, above.any(dim=1) & below.any(dim=1)
