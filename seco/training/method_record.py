"""What a run of SeCo leaves for its report: prototypes, the last of their ways, and its tags."""

import math

import torch

from seco.storage.method_record import MethodRecord
from seco.training.parts.patch_contrast import PatchContrast
from seco.training.resume import RunState

_CURVES = ("step", "patches/", "tags/", "cosine/")


def method_record(state: RunState, *, judged: bool) -> MethodRecord | None:
    """Return the record of a run so far; None where its method has no prototypes.

    Args:
        state: of the run.
        judged: whether the run compared its tags with the true masks.
    """
    parts = [part for _, part in state.models.objective.named_parts() if isinstance(part, PatchContrast)]
    if not parts:
        return None
    (part,) = parts
    kept = part.record.steps.nonzero()[:, 0]
    order = kept[part.record.steps[kept].argsort()]
    names = dict.fromkeys(name for point in state.curves for name in point if name.startswith(_CURVES))
    return MethodRecord(
        prototypes=part.prototypes.vectors,
        snapshots=part.record.snapshots[order],
        steps=part.record.steps[order],
        tags=part.record.tags,
        judged=torch.tensor(judged),
        curves={
            name: torch.tensor([point.get(name, math.nan) for point in state.curves], dtype=torch.float64)
            for name in names
        },
    )
