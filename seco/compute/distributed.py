"""Communication between the ranks of a run, each of which has a share of the batch.

With one process every function returns its argument.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import accumulate, groupby
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from seco.compute.device import pick_device
from seco.errors import SecoError

Value = TypeVar("Value")

BUCKET = 16 * 2**20  # numbers sent together when gradients are summed
TIMEOUT = timedelta(minutes=10)  # of a collective


@contextmanager
def process_group(*, timeout: timedelta = TIMEOUT) -> Iterator[None]:
    """Join the other processes that `torchrun` started, with NCCL on GPUs and gloo on CPUs; a single one does nothing.

    Args:
        timeout: how long a rank waits for the others at most.

    Raises:
        SecoError: there are more processes than GPUs, or another rank was lost on the way.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if torch.cuda.is_available():
        index, count = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if index >= count:
            raise SecoError(f"process {index} of this machine finds {count} GPUs: start as many processes as GPUs")
        torch.cuda.set_device(index)
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=timeout)
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, dist.DistError) or "gloo" in str(error).lower():
            summary = str(error).splitlines()[0][:200]
            raise SecoError(f"rank {rank()} lost the others ({summary}): the rank that ended first says why") from error
        raise
    finally:
        dist.destroy_process_group()


def rank() -> int:
    """Return the number of this process; 0 where it is alone."""
    return dist.get_rank() if dist.is_initialized() else 0


def world_size() -> int:
    """Return the number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def share_of(total: int, which: int | None = None) -> range:
    """Return the items of a batch of ``total`` of a rank (None: this one); the shares differ by 1 at most."""
    which = rank() if which is None else which
    return range(total * which // world_size(), total * (which + 1) // world_size())


def gather(rows: Tensor, *, total: int) -> Tensor:
    """Return the rows of all ranks, in the order of the whole batch; without gradient.

    Args:
        rows: ``[M, ...]``, the same number for each item of this rank's share of the batch.
        total: items of the batch over all ranks.
    """
    if world_size() == 1:
        return rows.detach()
    each = len(rows) // len(share_of(total))
    counts = [each * len(share_of(total, other)) for other in range(world_size())]
    # Collectives need blocks of one size: shorter ones are padded.
    block = rows.new_zeros(max(counts), *rows.shape[1:])
    block[: len(rows)] = rows.detach()
    blocks = [torch.empty_like(block) for _ in counts]
    dist.all_gather(blocks, block)
    return torch.cat([block[:count] for block, count in zip(blocks, counts, strict=True)])


def sum_over_ranks(values: Tensor) -> Tensor:
    """Return the elementwise sum of the ranks' tensors, without gradient."""
    if world_size() == 1:
        return values.detach()
    total = values.detach().clone()
    dist.all_reduce(total)
    return total


def any_over_ranks(flags: Tensor) -> Tensor:
    """Return, elementwise, whether any rank's flag is set."""
    return sum_over_ranks(flags.int()) > 0


def any_rank(flag: bool) -> bool:
    """Return whether the flag is set on any rank."""
    return flag if world_size() == 1 else bool(any_over_ranks(torch.tensor(flag, device=pick_device())))


def gather_objects(value: Value) -> list[Value]:
    """Return small objects of all ranks, in their order."""
    found: list[Value] = [value] * world_size()
    if world_size() > 1:
        dist.all_gather_object(found, value)
    return found


def from_rank_0(value: Value) -> Value:
    """Return rank 0's value on every rank."""
    if world_size() == 1:
        return value
    box = [value]
    dist.broadcast_object_list(box, src=0)
    return box[0]


def sum_gradients(weights: Iterable[nn.Parameter]) -> None:
    """Replace each gradient by its sum over the ranks; the loss is the sum of those of the ranks."""
    if world_size() == 1:
        return
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    pending = []
    for bucket in _buckets(gradients):
        flat = torch.cat([gradient.flatten() for gradient in bucket])
        pending.append((bucket, flat, dist.all_reduce(flat, async_op=True)))
    for bucket, flat, work in pending:
        work.wait()
        parts = flat.split([gradient.numel() for gradient in bucket])
        for gradient, part in zip(bucket, parts, strict=True):
            gradient.copy_(part.view_as(gradient))


def _buckets(gradients: list[Tensor]) -> Iterator[list[Tensor]]:
    """Group tensors into runs of some `BUCKET` numbers."""
    reached = accumulate(gradient.numel() for gradient in gradients)
    for _, run in groupby(zip(reached, gradients, strict=True), key=lambda pair: pair[0] // BUCKET):
        yield [gradient for _, gradient in run]
