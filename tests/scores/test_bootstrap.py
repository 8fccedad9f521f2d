import numpy as np
import pytest

from seco.errors import SecoError
from seco.scores.bootstrap import (
    RESAMPLES,
    bootstrap,
    bootstraps,
    correlation_interval,
    draws,
    paired_difference,
    with_interval,
)
from seco.scores.confusion import ConfusionMatrix
from seco.scores.image_counts import ImageCounts
from seco.scores.metrics import BOUNDARY_F, METRICS, MIOU, TOTALS

K = 3
SCORES = [*METRICS.values(), *TOTALS.values()]


def run_of(count: int, *, seed: int = 0, right: float = 0.5, data: str | None = None) -> ImageCounts:
    """Return the counts of images of three classes, of whose pixels a share is right."""
    rng, counts = np.random.default_rng(seed), ImageCounts(K, data=data)
    for number in range(count):
        matrix = np.zeros((K + 1, K + 2), np.int64)
        for class_id in {0, *rng.integers(1, K + 1, 2).tolist()}:
            pixels = rng.integers(50, 500)
            good = rng.binomial(pixels, right)
            matrix[class_id, class_id] += good
            matrix[class_id, rng.integers(0, K + 2)] += pixels - good
        scores = np.where(matrix.sum(axis=1) > 0, rng.random(K + 1), np.nan)
        counts.add(f"image {number}", matrix, scores)
    return counts


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.name)
def test_every_resample_is_the_score_of_the_images_drawn(score) -> None:
    counts = run_of(7)
    cells, outlines = counts.cells(), counts.outlines()
    values = []
    for weights in (row for batch in draws(7) for row in batch):
        matrix = ConfusionMatrix(K)
        np.add.at(matrix.counts, (cells.truth, cells.prediction), cells.pixels * weights[cells.image])
        drawn = weights[outlines.image]
        np.add.at(matrix.boundaries[0], outlines.class_id, outlines.score * drawn)
        np.add.at(matrix.boundaries[1], outlines.class_id, drawn)
        values.append(score.mean(matrix))
    found = bootstrap(counts, score)
    low, high = np.nanpercentile(values[1:], (2.5, 97.5))
    assert len(values) == 1 + RESAMPLES
    assert found == pytest.approx((values[0], low, high))
    assert bootstraps([counts], SCORES)[score.name] == found, "the same resamples whatever else is asked for"


def test_resamples_draw_as_many_images_as_there_are_each_as_often() -> None:
    weights = np.concatenate(list(draws(50)))
    assert (weights[0] == 1).all()
    assert (weights.sum(axis=1) == 50).all()
    assert weights[1:].mean(axis=0) == pytest.approx(np.ones(50), abs=0.15)
    assert weights[1:].var() == pytest.approx(49 / 50, abs=0.05)


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    accuracy = TOTALS["pixel_accuracy"]
    truth = accuracy.mean(run_of(20_000, seed=99).total())
    held = 0
    for seed in range(60):
        found = bootstrap(run_of(60, seed=seed), accuracy)
        held += found.low <= truth <= found.high
    assert 51 <= held <= 60


def test_a_difference_of_the_same_images_is_surer_than_that_of_two_intervals() -> None:
    before, after = run_of(100), ImageCounts(K)
    cells = before.cells()
    for number, image_id in reversed(list(enumerate(before.ids))):  # in another order
        of_image = cells.image == number
        matrix = np.zeros((K + 1, K + 2), np.int64)
        matrix[cells.truth[of_image], cells.prediction[of_image]] = cells.pixels[of_image]
        matrix[:, 0] -= (moved := matrix[:, 0] // 10 * (np.arange(K + 1) > 0))
        matrix[np.arange(K + 1), np.arange(K + 1)] += moved
        after.add(image_id, matrix)
    found = paired_difference(before, after, MIOU)
    assert found.value == pytest.approx(MIOU.mean(after.total()) - MIOU.mean(before.total()))
    assert found.value > 0
    assert found.sure
    one, other = bootstrap(before, MIOU), bootstrap(after, MIOU)
    assert other.low < one.high, "the two intervals alone would not tell"
    assert paired_difference(before, before, MIOU) == (0, 0, 0)
    assert not paired_difference(before, before, MIOU).sure
    back = paired_difference(after, before, MIOU)
    assert (back.value, back.low) == pytest.approx((-found.value, -found.high), abs=0.002)


def test_one_image_leaves_nothing_to_chance_and_none_defines_nothing() -> None:
    found = bootstrap(run_of(1), MIOU)
    assert found.low == found.high == pytest.approx(found.value)
    assert np.isnan(bootstrap(ImageCounts(K), BOUNDARY_F)).all()


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (run_of(5, data="b" * 16), r"scored on different data \(fingerprints a+ and b+\): evaluate both"),
        (run_of(6, data="a" * 16), "1 images were scored in one run only, such as image 5: evaluate both"),
        (ImageCounts(2), "one run has 3 classes and the other 2: compare runs on the same data"),
    ],
)
def test_runs_on_other_data_are_not_compared(other: ImageCounts, sentence: str) -> None:
    with pytest.raises(SecoError, match=sentence):
        paired_difference(run_of(5, data="a" * 16), other, MIOU)


def test_intervals_are_quantiles_of_the_resamples_in_which_the_value_is_defined() -> None:
    resampled = np.random.default_rng(0).random((200, 4))
    resampled[50:, 1], resampled[:100, 2], resampled[:, 3] = np.nan, np.inf, np.nan
    value = np.array([0.5, 0.5, np.nan, 0.5])
    found = with_interval(value, resampled)
    np.testing.assert_array_equal(found[0], value)
    np.testing.assert_allclose(found[1:, 0], np.quantile(resampled[:, 0], [0.025, 0.975]))
    np.testing.assert_allclose(found[1:, 1], np.quantile(resampled[:50, 1], [0.025, 0.975]))
    assert np.isnan(found[1:, 2:]).all(), "neither a value nor resamples that are not defined have an interval"
    assert np.isnan(with_interval(value, resampled[:0])[1:]).all()


def test_the_interval_of_a_correlation_holds_it_though_resamples_are_weaker() -> None:
    weaker = np.tanh(np.arctanh(0.8) - 0.3 + np.linspace(-0.2, 0.2, 1001))
    found = correlation_interval(np.concatenate([[0.8], weaker]))
    assert found.value == 0.8
    assert np.arctanh([found.low, found.high]) == pytest.approx(np.arctanh(0.8) + np.array([-0.19, 0.19]))
    perfect = correlation_interval(np.ones(5))
    assert tuple(perfect) == pytest.approx((1, 1, 1))
    assert np.isnan(correlation_interval(np.full(5, np.nan))).all()
