"""Learning curves: a point a step, to dvclive, and in one line for the progress display."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

import torch
import typer
from dvclive.live import Live

from seco.compute.distributed import rank, sum_over_ranks
from seco.training.objective import StepResult
from seco.training.tally import Tally

Point = dict[str, float]
"""Values of one step by the name of their curve, and the step itself."""


class TrainingLog:
    """Writes curves with dvclive, on rank 0 alone.

    A resumed run replays its earlier points, since DVC removes a stage's outputs.
    """

    def __init__(self, folder: Path) -> None:
        first = rank() == 0
        self._live = (
            Live(str(folder), report=None, save_dvc_exp=False, dvcyaml=None, monitor_system=False) if first else None
        )
        self._told: set[str] = set()
        self.note = ""

    def __enter__(self) -> "TrainingLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.end()

    def replay(self, curves: Iterable[Point]) -> None:
        """Log the points of an interrupted run again."""
        for point in curves:
            self.record(point)

    def record(self, point: Point) -> None:
        """Log a point; the note for the progress display tells its losses."""
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

    def took(self, seconds: float) -> None:
        """Keep, beside the last point's values, how long training took."""
        if self._live is not None:
            self._live.summary["seconds"] = round(seconds, 1)
            self._live.make_summary()

    def warn(self, faults: Iterable[str]) -> None:
        """Say, once each, what was wrong with images that others stood in for."""
        for fault in faults:
            if fault not in self._told:
                self._told.add(fault)
                typer.echo(f"seco: skipped: {fault}", err=True)


def measure(result: StepResult, tally: Tally, *, rate: float) -> Point:
    """Return the losses of a step and the shares since the last point, over all ranks, which all take part.

    The host waits for the device once. The tally begins anew.
    """
    values = {"loss/total": result.total} | {f"loss/{name}": term for name, term in result.terms.items()}
    summed = [torch.stack([value.detach().double() for value in values.values()]), *tally.counts.values()]
    totals = sum_over_ranks(torch.cat(summed)).tolist()
    losses = dict(zip(values, totals, strict=False))
    counts = zip(tally.counts, totals[len(values) :: 2], totals[len(values) + 1 :: 2], strict=True)
    shares = {name: count / every for name, count, every in counts if every}
    tally.clear()
    return {"rate": rate} | losses | shares
