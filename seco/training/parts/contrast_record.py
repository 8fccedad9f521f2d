"""What the report shows of prototypes and tags: buffers that are saved with the run and never read by the training."""

import torch
from torch import Tensor, nn

from seco.compute.distributed import gather
from seco.method.tags import UNCERTAIN

SNAPSHOTS = 50
"""Prototypes of the last so many logged steps are kept: enough for a picture of how they settle, 6 MB for COCO."""


class ContrastRecord(nn.Module):
    """Prototypes at the last logged steps, and the tags of all steps by kind. The host waits for none of it.

    Args:
        num_classes: K.
        width: D.
        every: steps from one snapshot to the next.
    """

    snapshots: Tensor
    """Float16 ``[S, K, D]``."""
    steps: Tensor
    """Int64 ``[S]``: how many steps each snapshot follows; 0 where a slot is empty."""
    tags: Tensor
    """Int64 ``[4, K+1]``, as of ``seco.storage.method_record.TAG_COUNTS``."""

    def __init__(self, num_classes: int, width: int, *, every: int) -> None:
        super().__init__()
        self.every = every
        self.register_buffer("snapshots", torch.zeros(SNAPSHOTS, num_classes, width, dtype=torch.float16))
        self.register_buffer("steps", torch.zeros(SNAPSHOTS, dtype=torch.int64))
        self.register_buffer("tags", torch.zeros(4, num_classes + 1, dtype=torch.int64))

    @torch.no_grad()
    def keep(self, prototypes: Tensor, *, step: int) -> None:
        """Keep prototypes ``[K, D]`` after so many steps, where a point of the learning curves is due."""
        if step % self.every == 0:
            slot = step // self.every % SNAPSHOTS
            self.snapshots[slot] = prototypes.to(torch.float16)
            self.steps[slot] = step

    @torch.no_grad()
    def count(self, before: Tensor, after: Tensor, *, right: Tensor | None, total: int) -> None:
        """Count the tags of the patches of all ranks.

        Args:
            before: from the CAM, ``[B, n]``.
            after: after eq. 7, ``[B, n]``.
            right: which of the first the true masks confirm, ``[B, n]``; None where nobody looked.
            total: images of the batch over all ranks.
        """
        confirmed = torch.zeros_like(before) if right is None else right.to(before.dtype)
        columns = gather(torch.stack([before, after, confirmed], dim=-1), total=total).flatten(0, 1)  # [M, 3]
        of_tag = columns[:, :1] == torch.arange(self.tags.shape[1], device=before.device)  # [M, K+1]
        withdrawn, confirmed = of_tag & (columns[:, 1:2] == UNCERTAIN), columns[:, 2:] > 0
        self.tags += torch.stack([of_tag, withdrawn, of_tag & confirmed, withdrawn & confirmed]).sum(dim=1)
