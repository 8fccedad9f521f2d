"""Learning curves: to dvclive, and in one line for the progress display."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from dvclive.live import Live

from seco.tags import UNCERTAIN
from seco.training.objective import StepResult


class TrainingLog:
    """Writes curves with dvclive. A resumed run replays its earlier points, since DVC removes a stage's outputs."""

    def __init__(self, folder: Path) -> None:
        self._live = Live(str(folder), report=None, save_dvc_exp=False, dvcyaml=None, monitor_system=False)
        self.note = ""

    def __enter__(self) -> "TrainingLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.end()

    def replay(self, curves: Iterable[dict[str, float]]) -> None:
        """Log the points of an interrupted run again."""
        for point in curves:
            self._log(point)

    def record(self, step: int, result: StepResult, rate: float) -> dict[str, float]:
        """Log a step; return its point."""
        point = {"step": float(step), "loss/total": result.total.item(), "rate": rate}
        point |= {f"loss/{name}": term.item() for name, term in result.terms.items()}
        if result.contrast is not None:
            point |= _tag_shares(result)
        self.note = "  ".join(f"{name} {point[f'loss/{name}']:.3f}" for name in ["total", *result.terms])
        self._log(point)
        return point

    def _log(self, point: dict[str, float]) -> None:
        self._live.step = int(point["step"])
        for name, value in point.items():
            if name != "step":
                self._live.log_metric(name, value)
        self._live.make_summary()


def _tag_shares(result: StepResult) -> dict[str, float]:
    """Return the shares of background, class and uncertain patches, as tagged, and of tags that were withdrawn."""
    assert result.contrast is not None
    before = result.contrast.raw_patch_tags
    after = result.contrast.rectified_tags.view(len(before), -1)[:, : before.shape[1]]
    withdrawn = (before != UNCERTAIN) & (after == UNCERTAIN)
    return {
        "patches/background": (before == 0).float().mean().item(),
        "patches/class": (before > 0).float().mean().item(),
        "patches/uncertain": (before == UNCERTAIN).float().mean().item(),
        "patches/withdrawn": withdrawn.float().mean().item(),
    }
