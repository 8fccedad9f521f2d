"""Learning curves: values of single steps and shares of many, written with dvclive and shown with the progress."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType

import torch
import typer
from dvclive.live import Live
from torch import Tensor

from seco.compute.distributed import rank, sum_over_ranks
from seco.storage.plain_text import one_line
from seco.training.objective import CurveCounts, StepResult

Point = dict[str, float]
"""Values of one step by the name of their curve, and the step itself."""


class TrainingLog:
    """Writes curves with dvclive, on rank 0 alone."""

    def __init__(self, folder: Path) -> None:
        first = rank() == 0
        self._live = (
            Live(str(folder), report=None, save_dvc_exp=False, dvcyaml=None, monitor_system=False) if first else None
        )
        self._warned: set[str] = set()
        self.note = ""

    def __enter__(self) -> "TrainingLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.end()

    def record(self, point: Point) -> None:
        """Write a point; its losses become the note beside the progress."""
        losses = {name.removeprefix("loss/"): value for name, value in point.items() if name.startswith("loss/")}
        skipped = int(point["bad_steps"])
        if losses:
            self.note = "  ".join(f"{name} {value:.3f}" for name, value in losses.items())
            self.note += f"  {skipped} steps skipped (not finite)" * bool(skipped)
        if self._live is None:
            return
        self._live.step = int(point["step"])
        for name, value in point.items():
            if name != "step":
                self._live.log_metric(name, value)
        self._live.make_summary()

    def record_duration(self, seconds: float) -> None:
        """Write, beside the last point's values, how long training took."""
        if self._live is not None:
            self._live.summary["seconds"] = round(seconds, 1)
            self._live.make_summary()

    def warn(self, faults: Iterable[str]) -> None:
        """Print the errors of images that others replaced, each once."""
        for fault in faults:
            if fault not in self._warned:
                self._warned.add(fault)
                typer.echo(f"seco: skipped: {one_line(fault)}", err=True)


class ShareCounter:
    """Sums the counts of the parts since the last point: those of one step are too few.

    Attributes:
        counts: by curve, float64 ``[2]``: how many, of how many; each rank holds its share.
    """

    def __init__(self) -> None:
        self.counts: dict[str, Tensor] = {}

    def add(self, counts: CurveCounts) -> None:
        """Add the counts of a step; the host does not wait for them."""
        for name, pair in counts.items():
            found = torch.stack(pair).detach().double()
            self.counts[name] = self.counts[name] + found if name in self.counts else found

    def gather(self) -> None:
        """Move the counts of all ranks to rank 0, which alone saves. Every rank takes part."""
        if self.counts:
            totals = sum_over_ranks(torch.stack([*self.counts.values()]))
            self.restore(dict(zip(self.counts, totals, strict=True)), totals.device)

    def restore(self, gathered: Mapping[str, Tensor], device: torch.device) -> None:
        """Take the counts of all ranks together: rank 0 holds them, the others hold zeros."""
        own = float(rank() == 0)
        self.counts = {name: own * count.to(device) for name, count in gathered.items()}


def curve_point(result: StepResult, shares: ShareCounter, *, rate: float) -> Point:
    """Return the losses of a step and the shares since the last point, over all ranks, and clear the counter.

    Every rank takes part. The host waits for the device once.
    """
    values = {"loss/total": result.total} | {f"loss/{name}": term for name, term in result.terms.items()}
    summed = [torch.stack([value.detach().double() for value in values.values()]), *shares.counts.values()]
    totals = sum_over_ranks(torch.cat(summed)).tolist()
    losses = dict(zip(values, totals, strict=False))
    counts = zip(shares.counts, totals[len(values) :: 2], totals[len(values) + 1 :: 2], strict=True)
    found = {name: count / total for name, count, total in counts if total}
    shares.counts = {}
    return {"rate": rate} | losses | found
