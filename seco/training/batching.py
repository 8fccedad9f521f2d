"""How a step's batch is made up, in words: runs with another batch than the paper's do not reproduce it."""

import torch

from seco.compute.distributed import share_of, world_size
from seco.config.settings import Settings
from seco.errors import SecoError

PAPER_BATCH = {"voc": ("PASCAL VOC", 4), "coco": ("MS COCO", 8)}


def describe_batches(settings: Settings) -> str:
    """Return a line such as "batches of 8, as 4 + 4 on 2 processes", and how that differs from the paper's.

    Raises:
        SecoError: there are more processes than images in a batch.
    """
    batch_size = settings.train.batch_size
    if batch_size < world_size():
        raise SecoError(
            f"train.batch_size is {batch_size}, the images of a step on all {world_size()} processes together: "
            "raise it, or start fewer processes"
        )
    shares = " + ".join(str(len(share_of(batch_size, rank))) for rank in range(world_size()))
    where = "GPU" if torch.cuda.is_available() else "CPU"
    split = f", as {shares} on {world_size()} processes ({where})" if world_size() > 1 else f" on one {where}"
    name, usual = PAPER_BATCH.get(str(settings.prepare.classes), ("", batch_size))
    warning = f"; the paper trains {name} with {usual}: expect other results" if usual != batch_size else ""
    return f"batches of {batch_size}{split}{warning}"
