import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score

from seco.scores.bootstrap import draws
from seco.scores.classification import score_labels


@pytest.mark.parametrize("decimals", [1, 8], ids=["ties", "no ties"])
@pytest.mark.parametrize("seed", range(3))
def test_scikit_learn_finds_the_same(seed: int, decimals: int) -> None:
    rng = np.random.default_rng(seed)
    shown = rng.random((40, 5)) < (0.5, 0.2, 0.1, 1, 0)
    shown[0, :4] = True
    probabilities = rng.random((40, 5)).round(decimals)
    found = score_labels(shown, probabilities)
    assert (found.images, found.images_of_class.tolist()) == (40, shown.sum(axis=0).tolist())
    precisions = [average_precision_score(shown[:, index], probabilities[:, index]) for index in range(4)]
    scores = [f1_score(shown[:, index], probabilities[:, index] >= 0.5) for index in range(4)]
    assert found.average_precision.tolist() == pytest.approx([*precisions, np.nan], nan_ok=True)
    assert found.f1.tolist() == pytest.approx([*scores, np.nan], nan_ok=True)
    assert found.mean_average_precision.value == pytest.approx(np.mean(precisions))
    assert found.mean_f1.value == pytest.approx(np.mean(scores))


def test_the_interval_is_that_of_images_drawn_again() -> None:
    rng = np.random.default_rng(0)
    shown, probabilities = rng.random((12, 1)) < 0.4, rng.random((12, 1)).round(1)
    values = []
    for weights in (row for batch in draws(12) for row in batch):
        again = np.repeat(shown, weights, axis=0), np.repeat(probabilities, weights, axis=0)
        values.append(average_precision_score(*again) if again[0].any() else np.nan)
    found = score_labels(shown, probabilities).mean_average_precision
    assert found == pytest.approx((values[0], *np.nanpercentile(values[1:], (2.5, 97.5))))


def test_a_classifier_without_a_fault_has_1_and_no_images_define_nothing() -> None:
    shown = np.eye(3, dtype=bool)
    found = score_labels(shown, shown.astype(float))
    assert (found.mean_average_precision, found.mean_f1) == ((1, 1, 1), (1, 1, 1))
    assert np.isnan(score_labels(shown[:0], shown[:0].astype(float)).mean_f1).all()
