"""The benchmark of label noise: what it spoils, and how it counts what is found again."""

import numpy as np
import pytest

from benchmarks.label_noise import found_again, rankings, spoil
from seco.auditing.label_noise import MISSING, WRONG


def test_half_of_the_spoilt_images_lose_a_label_and_half_get_one():
    truth = np.random.default_rng(0).random((200, 4)) < 0.4
    truth[:, 0], truth[:, 3] = True, False  # every image has a label, and nothing shows the last class
    shown = spoil(truth, 0.2, np.random.default_rng(1))
    assert (truth & ~shown).sum() == 20
    assert (shown & ~truth).sum() <= 20  # an image of all classes gets none
    assert ((truth != shown).sum(axis=1) <= 1).all()
    assert not shown[:, 3].any()


def test_scores_are_of_the_first_and_of_as_many_as_are_spoilt():
    spoilt = np.zeros(30, bool)
    spoilt[[0, 2]] = True
    ap, first, as_many = found_again(-np.arange(30.0), spoilt)
    assert ap == pytest.approx((1 + 2 / 3) / 2)
    assert first == pytest.approx(2 / 20)
    assert as_many == pytest.approx(1 / 2)


def test_each_kind_has_a_random_ranking_and_others():
    shown = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], bool)
    found = rankings(shown, np.full(shown.shape, 0.5), np.random.default_rng(0))
    assert [kind for kind, _ in found] == [MISSING] * 3 + [WRONG] * 3
    assert all(scores.shape == shown.shape and np.isfinite(scores).all() for scores in found.values())
