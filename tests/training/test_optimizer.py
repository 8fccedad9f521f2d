from itertools import pairwise

import pytest

from seco.training.optimizer import learning_rate_factor

VOC = {"steps": 20_000, "warmup_steps": 1_500, "warmup_ratio": 1e-6}
RATE = 6e-5


def rate(step: int) -> float:
    return RATE * learning_rate_factor(step, **VOC)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (0, 5.5935e-11),  # 6e-5 · 0.925^0.9 · 1e-6
        (1, 3.7346e-8),  # … · (1e-6 + 0.999999 / 1500)
        (750, 2.7968e-5),  # half of the value at 1500
        (1_500, 5.5935e-5),  # 6e-5 · 0.925^0.9
        (2_000, 5.4571e-5),  # 6e-5 · 0.9^0.9
        (10_000, 3.2153e-5),  # 6e-5 · 0.5^0.9
        (18_000, 7.5536e-6),  # 6e-5 · 0.1^0.9
        (19_999, 8.0771e-9),  # 6e-5 · 20000^-0.9
    ],
)
def test_the_rate_on_voc_follows_its_table(step, expected):
    assert rate(step) == pytest.approx(expected, rel=1e-4)


def test_the_rate_rises_linearly_to_the_end_of_the_warm_up_without_a_jump_and_then_falls():
    rates = [rate(step) for step in range(20_000)]
    assert all(first < second for first, second in pairwise(rates[:1_501]))
    assert all(first > second > 0 for first, second in pairwise(rates[1_500:]))
    assert rates[1_500] - rates[1_499] == pytest.approx((rates[1_500] - rates[0]) / 1_500, rel=1e-6)
    assert rates[1_501] == pytest.approx(rates[1_500], rel=1e-4)


def test_without_warm_up_the_first_step_has_the_full_rate():
    assert learning_rate_factor(0, steps=10, warmup_steps=0, warmup_ratio=0.5) == 1.0
