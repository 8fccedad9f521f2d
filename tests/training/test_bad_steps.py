"""Steps whose loss or gradient is not finite are skipped and counted; too many in a row end the run."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import torch

from scenes.drawing.bias import CLASSES as DEMO
from seco.errors import SecoError
from seco.storage.manifest import Manifest
from seco.training.loading import Batch
from seco.training.log import TrainingLog
from seco.training.objective import StepResult
from seco.training.trainer import Trainer
from tests.settings import small_settings
from tests.tiny import tiny_batch

STEPS = 8
PHASES = {"train.prototype_start": 0, "train.contrast_start": 0, "train.segmentation_start": 0}


def with_nan_in(term: str) -> Callable[[StepResult], StepResult]:
    def change(result: StepResult) -> StepResult:
        return result._replace(total=result.total * torch.nan, terms=result.terms | {term: torch.tensor(torch.nan)})

    return change


def with_infinite_gradient(result: StepResult) -> StepResult:
    # The root of 0 has an infinite slope: the loss itself is as it was.
    edge = (result.total - result.total.detach()).sqrt()
    return result._replace(total=result.total + edge)


def train(
    folder: Path, spoil: Callable[[StepResult], StepResult], *, at: Iterable[int], max_bad_steps: int = 2
) -> Trainer:
    """Train on noise; the steps `at` are spoilt."""
    settings = small_settings(
        **PHASES,
        **{"train.steps": STEPS, "train.warmup_steps": 0, "train.max_bad_steps": max_bad_steps},
        **{"train.log_every": 1, "train.checkpoint_every": 100},
    )
    spoilt = set(at)

    class Spoilt(Trainer):
        def batches(self):
            noise = tiny_batch(labels=((1.0,) + (0.0,) * 8, (0.0,) * 8 + (1.0,)))
            return iter([noise] * STEPS)

        def step(self, inputs):
            result = super().step(inputs)
            return spoil(result) if self.state.step in spoilt else result

    trainer = Spoilt(settings, Manifest((), DEMO), resume_folder=folder / "run")
    with TrainingLog(folder / "log") as log:
        trainer.run(log, lambda increment, note: None)
    return trainer


@pytest.mark.parametrize("spoil", [with_nan_in("lil"), with_infinite_gradient])
def test_bad_steps_are_skipped_and_counted(tmp_path, spoil):
    trainer = train(tmp_path, spoil, at=(2, 3, 5))
    state = trainer.state
    assert (state.step, state.bad_steps, state.bad_in_a_row) == (STEPS, 3, 0)
    assert [point["step"] for point in state.curves] == [1, 2, 5, 7, 8]
    assert [point["bad_steps"] for point in state.curves] == [0, 0, 2, 3, 3]
    for module in state.models.modules().values():
        assert all(value.isfinite().all() for value in module.state_dict().values())


@pytest.mark.parametrize(
    ("spoil", "origin"),
    [(with_nan_in("lil"), "term lil"), (with_infinite_gradient, "in the gradient, while all terms are finite")],
)
def test_too_many_in_a_row_end_the_run_and_save_the_batch(tmp_path, spoil, origin):
    with pytest.raises(SecoError) as caught:
        train(tmp_path, spoil, at=range(4, STEPS))
    message = str(caught.value)
    assert f"not finite at step 6, as in 3 steps in a row ({origin}; images 0, 1; kept in " in message
    assert "lower train.learning_rate" in message
    (saved,) = (tmp_path / "run").glob("bad-batch-*")
    assert str(saved) in message
    batch = Batch(**torch.load(saved, weights_only=True))
    assert batch.ids == ["0", "1"]
    assert torch.equal(batch.weak, tiny_batch().weak)


def test_no_bad_step_may_be_allowed(tmp_path):
    with pytest.raises(SecoError, match="not finite at step 3, as in 1 step in a row"):
        train(tmp_path, with_nan_in("seg"), at=(3,), max_bad_steps=0)
