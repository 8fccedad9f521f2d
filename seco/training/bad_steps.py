"""Steps whose loss or gradient is not finite: what is said of them, and what is kept."""

from pathlib import Path

import torch

from seco.compute.distributed import any_over_ranks, gather_objects, rank
from seco.errors import SecoError
from seco.storage.atomic import atomic_path
from seco.training.loading import Batch
from seco.training.objective import StepResult


def end_of_run(step: int, result: StepResult, batch: Batch, *, in_a_row: int, folder: Path) -> SecoError:
    """Return the sentence with which a run ends after too many bad steps, and keep this rank's part of the last batch.

    Every rank takes part. The batch, a dictionary for ``torch.load(..., weights_only=True)``, lies in ``folder``.
    """
    path = folder / f"bad-batch-step-{step}-rank-{rank()}.pt"
    with atomic_path(path) as aside:
        torch.save(batch._asdict(), aside)
    ids = [name for part in gather_objects(batch.ids) for name in part]
    return SecoError(
        f"loss or gradient was not finite at step {step}, as in {in_a_row} step{'s' * (in_a_row > 1)} in a row "
        f"({_origin(result)}; images {', '.join(ids)}; kept in {path}): lower train.learning_rate, or set "
        "train.precision to fp32"
    )


def _origin(result: StepResult) -> str:
    finite = torch.stack([torch.isfinite(term.detach()) for term in result.terms.values()])
    broken = any_over_ranks(~finite).tolist()
    names = [name for name, bad in zip(result.terms, broken, strict=True) if bad]
    return f"term {', '.join(names)}" if names else "in the gradient, while all terms are finite"
