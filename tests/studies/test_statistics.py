import itertools
import math

import numpy as np
import pytest

from seco.studies.statistics import paired_difference, summarise


def test_mean_and_deviation_by_hand():
    found = summarise([1.0, 2.0, 6.0])
    assert found.mean == 3.0
    assert found.deviation == pytest.approx(math.sqrt((4 + 1 + 9) / 2))


def test_values_that_are_not_finite_are_left_out():
    assert summarise([1.0, math.nan, math.inf, 3.0]) == summarise([1.0, 3.0])


def test_one_value_has_no_deviation_and_none_no_mean():
    assert summarise([4.0]).mean == 4.0
    assert math.isnan(summarise([4.0]).deviation)
    assert math.isnan(summarise([]).mean)


def test_a_difference_is_taken_seed_by_seed():
    # The seeds differ far more than the variants: unpaired, nothing would be seen.
    found = paired_difference({0: 11.0, 1: 52.0, 2: 93.0, 7: 1.0}, {2: 90.0, 1: 50.0, 0: 10.0, 8: 5.0})
    assert found.mean == 2.0
    assert 1.0 <= found.low < found.high <= 3.0


def test_the_interval_is_that_of_all_resamples():
    pairs = {0: 1.0, 1: 2.0, 2: 6.0}
    every = [sum(draw) / 3 for draw in itertools.product(pairs.values(), repeat=3)]
    found = paired_difference(pairs, dict.fromkeys(pairs, 0.0))
    low, high = np.quantile(every, [0.025, 0.975], method="inverted_cdf")  # of 27, of which each is drawn in 3.7 %
    assert (found.low, found.high) == (low, high) == (1.0, 6.0)
    assert found == paired_difference(pairs, dict.fromkeys(pairs, 0.0)), "the same numbers give the same interval"


def test_an_interval_covers_the_true_difference_as_often_as_it_says():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(100):
        values = dict(enumerate(rng.normal(0.5, 1.0, size=30)))
        found = paired_difference(values, dict.fromkeys(values, 0.0))
        hits += found.low <= 0.5 <= found.high
    assert 88 <= hits <= 99


def test_one_pair_has_no_interval_and_none_no_mean():
    alone = paired_difference({0: 3.0}, {0: 1.0, 1: 5.0})
    assert alone.mean == 2.0
    assert math.isnan(alone.low)
    assert math.isnan(alone.high)
    assert math.isnan(paired_difference({0: 1.0}, {1: 1.0}).mean)
