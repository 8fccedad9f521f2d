import numpy as np
import pytest

from seco.scores.confusion import ConfusionMatrix
from seco.scores.metrics import MIOU
from seco.scores.single_images import image_scores, pixels_called
from tests.scores.test_cooccurrence import ALONE, BOTH, OTHER_ALONE, counts_of


def test_an_images_score_is_that_of_its_own_confusion_matrix() -> None:
    rng = np.random.default_rng(0)
    images, expected = counts_of(num_classes=3), []
    for number in range(20):
        truth, prediction = rng.integers(0, 4, (2, 5, 5), dtype=np.uint8)
        prediction[rng.random((5, 5)) < 0.2] = 255
        matrix = ConfusionMatrix(3)
        matrix.update(np.where(truth == 3, 0, truth) if rng.random() < 0.5 else truth, prediction)
        images.add(str(number), matrix.counts)
        expected.append(MIOU.mean(matrix))
    assert image_scores(images).miou == pytest.approx(expected)


def test_pixels_by_hand() -> None:
    images = counts_of(BOTH, ALONE, OTHER_ALONE, {(0, 0): 10, (0, 3): 5})
    scores = image_scores(images)
    assert scores.truth.tolist() == [[80, 10, 20], [100, 30, 0], [50, 0, 100 - 50], [15, 0, 0]]
    assert scores.predicted.tolist() == [[60, 35, 15, 0], [90, 40, 0, 0], [0, 100, 0, 0], [10, 0, 0, 5]]
    assert scores.found.tolist() == [[60, 10, 15], [90, 30, 0], [0, 0, 0], [10, 0, 0]]
    assert np.isnan(scores.miou[3]), "background alone"
    assert pixels_called(images, 1, truth=2).tolist() == [5, 0, 50, 0]


def test_no_image_has_no_score() -> None:
    assert image_scores(counts_of()).miou.shape == (0,)
