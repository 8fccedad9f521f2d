"""Learning curves: losses of single steps, and shares over all steps since the last point."""

import torch

from seco.training.log import ShareCounter, curve_point
from seco.training.objective import StepResult
from tests.tiny import CPU


def counted(**pairs: tuple[int, int]) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    return {name: (torch.tensor(found), torch.tensor(every)) for name, (found, every) in pairs.items()}


def result(loss: float) -> StepResult:
    return StepResult(torch.tensor(loss), {"cls": torch.tensor(loss / 2)}, {}, {})


def test_a_point_holds_the_losses_of_its_step_and_the_shares_since_the_last_point():
    shares = ShareCounter()
    shares.add(counted(right=(1, 4), wrong=(0, 0)))
    shares.add(counted(right=(3, 4), wrong=(0, 0), late=(1, 2)))
    assert curve_point(result(2.0), shares, rate=0.1) == {
        "rate": 0.1,
        "loss/total": 2.0,
        "loss/cls": 1.0,
        "right": 0.5,
        "late": 0.5,
    }


def test_saved_counts_are_restored_and_each_point_starts_from_zero():
    shares, again = ShareCounter(), ShareCounter()
    shares.add(counted(right=(1, 4)))
    shares.gather()
    again.restore(shares.counts, CPU)
    again.add(counted(right=(3, 4)))
    assert curve_point(result(2.0), again, rate=0.1)["right"] == 0.5
    assert "right" not in curve_point(result(2.0), again, rate=0.1)
    again.add(counted(right=(4, 4)))
    assert curve_point(result(2.0), again, rate=0.1)["right"] == 1.0
