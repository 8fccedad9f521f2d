"""Communication of three processes, and of one alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from seco.compute import distributed as ranks
from seco.errors import SecoError
from seco.losses.global_contrast import global_contrast
from seco.losses.reduction import masked_mean
from tests.imports import ROOT

TOTAL = 5  # items of the whole batch: 1 + 2 + 2
ROWS = torch.arange(2 * TOTAL * 3, dtype=torch.float64).view(2 * TOTAL, 3)  # two rows an item
VALUES = torch.tensor([4.0, 1.0, 7.0, 2.0, 9.0])
MASK = torch.tensor([False, True, True, False, True])  # the first rank has nothing to average
TAGS = torch.tensor([0, 0, 1, -1, 0, -1, 3, 0, 3, 0])  # the first rank has no class tag


def contrast(rows: slice, *, weight: torch.Tensor) -> torch.Tensor:
    queries = torch.nn.functional.normalize(ROWS[rows].sin() @ weight, dim=1)
    prototypes = torch.nn.functional.normalize(ROWS[:4].cos(), dim=1)
    return global_contrast(queries, TAGS[rows], prototypes, torch.ones(4, dtype=torch.bool), temperature=0.1)


def work(folder: Path) -> None:
    """Call every function as one rank of several; save the results in a file of this rank."""
    with ranks.process_group():
        share = ranks.share_of(TOTAL)
        items, rows = slice(share.start, share.stop), slice(2 * share.start, 2 * share.stop)
        weight = nn.Parameter(torch.eye(3, dtype=torch.float64))
        contrast(rows, weight=weight).backward()
        unused = nn.Parameter(torch.zeros(2))
        ranks.sum_gradients([weight, unused])
        found = {
            "share": list(share),
            "rows": ranks.gather(ROWS[rows], total=TOTAL),
            "sum": ranks.sum_over_ranks(torch.tensor([ranks.rank(), 1])),
            "any": ranks.any_over_ranks(torch.tensor([ranks.rank() == 1, False])),
            "any_rank": [ranks.any_rank(ranks.rank() == 2), ranks.any_rank(False)],
            "objects": ranks.gather_objects(f"rank {ranks.rank()}"),
            "first": ranks.from_rank_0(f"rank {ranks.rank()}"),
            "mean": ranks.sum_over_ranks(masked_mean(VALUES[items], MASK[items])),
            "nothing": masked_mean(VALUES[items], torch.zeros_like(MASK[items])),
            "contrast": ranks.sum_over_ranks(contrast(rows, weight=weight.detach())),
            "gradient": weight.grad,
            "unused": unused.grad,
        }
        torch.save(found, folder / f"{ranks.rank()}.pt")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """The results of each of three ranks."""
    folder = tmp_path_factory.mktemp("ranks")
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=3", "-m", __name__]
    subprocess.run([*start, str(folder)], cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=True, timeout=300)
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(3)]


def test_ranks_share_gather_and_sum_the_batch(found):
    assert [part["share"] for part in found] == [[0], [1, 2], [3, 4]]
    for part in found:
        assert torch.equal(part["rows"], ROWS)
        assert part["sum"].tolist() == [3, 3]
        assert part["any"].tolist() == [True, False]
        assert part["any_rank"] == [True, False]
        assert part["objects"] == ["rank 0", "rank 1", "rank 2"]
        assert part["first"] == "rank 0"
        assert part["mean"].item() == pytest.approx((1 + 7 + 9) / 3)
        assert part["nothing"].item() == 0


def test_loss_and_gradient_equal_those_of_the_whole_batch(found):
    weight = nn.Parameter(torch.eye(3, dtype=torch.float64))
    whole = contrast(slice(0, 2 * TOTAL), weight=weight)
    whole.backward()
    assert whole.item() > 0.01
    for part in found:
        torch.testing.assert_close(part["contrast"], whole.detach())
        torch.testing.assert_close(part["gradient"], weight.grad)
        assert part["unused"] is None


def test_a_single_process_gets_its_arguments_back():
    weight = nn.Parameter(torch.ones(2))
    weight.grad = torch.tensor([1.0, 2.0])
    ranks.sum_gradients([weight])
    assert weight.grad.tolist() == [1.0, 2.0]
    assert ranks.gather(ROWS.requires_grad_(), total=TOTAL).requires_grad is False
    assert ranks.share_of(TOTAL) == range(TOTAL)
    assert (ranks.rank(), ranks.world_size()) == (0, 1)
    assert ranks.any_rank(True)
    assert not ranks.any_rank(False)
    assert ranks.gather_objects("a") == ["a"]
    assert ranks.from_rank_0("a") == "a"
    with ranks.process_group():
        assert ranks.world_size() == 1


@pytest.mark.parametrize("sizes", [[], [3], [10, 10, 10], [5, 40, 5, 5], [100]])
def test_buckets_hold_each_tensor_once_in_order(sizes, monkeypatch):
    monkeypatch.setattr(ranks, "BUCKET", 16)
    tensors = [torch.full((size,), float(index)) for index, size in enumerate(sizes)]
    buckets = list(ranks._buckets(tensors))
    assert [tensor for bucket in buckets for tensor in bucket] == tensors
    assert len(buckets) <= sum(sizes) // 16 + 1


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_RANK", "2")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(SecoError, match="process 2 of this machine finds 2 GPUs"), ranks.process_group():
        pass


if __name__ == "__main__":
    work(Path(sys.argv[1]))
