"""What the contrasts of patches compute in a step, and what prototypes and reservoir store after it."""

from typing import NamedTuple

from torch import Tensor

from seco.training.objective import CurveCounts
from seco.training.parts.tagged_patches import TaggedPatches


class Contrast(NamedTuple):
    """The contrast terms of a batch, and what the memories store after the step."""

    terms: dict[str, Tensor]
    keys: Tensor | None
    """Of the local teacher, over all ranks: ``[M, D]``; None where L_LiL is off."""
    key_tags: Tensor | None
    """``[M]``, after eq. 7."""
    tags: Tensor
    """``[B·V]``: those of all views of an image (its patches, its crop, its second view), after eq. 7."""
    patch_embeddings: Tensor
    """``[B·n, D]``: the queries of the patches."""
    patches: TaggedPatches
    curves: CurveCounts
    """Of L_LiL; empty where it is off or this step does not measure them."""


class MemoryUpdate(NamedTuple):
    """What prototypes and reservoir store after a step."""

    embeddings: Tensor | None
    """``Z`` of eq. 3 ``[M, D]``, of this rank's images or patches; None before the prototypes begin."""
    labels: Tensor
    """``[M, K]``: the classes that each shows."""
    contrast: Contrast | None
    """None before the contrasts begin."""
    step: int
    right: Tensor | None = None
    """Bool ``[B, n]``: which tags the true masks confirm; None where nobody looks."""
