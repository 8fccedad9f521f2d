"""Shares on the learning curves are those of all steps since the last point."""

import torch

from seco.training.log import measure
from seco.training.objective import StepResult
from tests.tiny import CPU


def counted(**pairs: tuple[int, int]) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    return {name: (torch.tensor(found), torch.tensor(every)) for name, (found, every) in pairs.items()}


def result(loss: float) -> StepResult:
    return StepResult(torch.tensor(loss), {"cls": torch.tensor(loss / 2)}, {}, {})


def test_a_point_holds_the_losses_of_its_step_and_the_counts_since_the_last_point():
    tally = Tally()
    tally.add(counted(right=(1, 4), wrong=(0, 0)))
    tally.add(counted(right=(3, 4), wrong=(0, 0), late=(1, 2)))
    assert measure(result(2.0), tally, rate=0.1) == {
        "rate": 0.1,
        "loss/total": 2.0,
        "loss/cls": 1.0,
        "right": 0.5,
        "late": 0.5,
    }


def test_the_next_point_begins_anew():
    tally = Tally()
    tally.add(counted(right=(1, 4)))
    measure(result(2.0), tally, rate=0.1)
    assert "right" not in measure(result(2.0), tally, rate=0.1)
    tally.add(counted(right=(4, 4)))
    assert measure(result(2.0), tally, rate=0.1)["right"] == 1.0


def test_counts_are_taken_up_again():
    tally, again = Tally(), Tally()
    tally.add(counted(right=(1, 4)))
    tally.gather()
    again.restore(tally.counts, CPU)
    again.add(counted(right=(3, 4)))
    assert measure(result(2.0), again, rate=0.1)["right"] == 0.5
