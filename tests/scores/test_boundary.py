import numpy as np
import pytest
from scipy.ndimage import binary_erosion, distance_transform_edt

from seco.scores.boundary import boundary_scores

CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])


def by_distance(truth: np.ndarray, guess: np.ndarray, num_classes: int, radius: float) -> np.ndarray:
    """Return the scores from Euclidean distance transforms, class by class."""
    guess = np.where(truth == 255, 255, guess)
    scores = np.full(num_classes + 1, np.nan)
    for class_id in range(num_classes + 1):
        # The pixels that erosion takes away; beyond the image lies more of the same class.
        areas = truth == class_id, guess == class_id
        outlines = [area & ~binary_erosion(area, CROSS, border_value=1) for area in areas]
        if not outlines[0].any():
            continue
        if not outlines[1].any():
            scores[class_id] = 0
            continue
        recall, precision = (
            (distance_transform_edt(~other)[outline] <= radius).mean() for outline, other in (outlines, outlines[::-1])
        )
        scores[class_id] = 2 * precision * recall / (precision + recall) if precision + recall else 0
    return scores


def blocks(rng: np.random.Generator, values: list[int], shape: tuple[int, int]) -> np.ndarray:
    coarse = rng.choice(values, (6, 7)).astype(np.uint8)
    return np.kron(coarse, np.ones((9, 8), np.uint8))[: shape[0], : shape[1]]


@pytest.mark.parametrize("shape", [(54, 56), (1, 40), (33, 2), (50, 47)])
@pytest.mark.parametrize("radius", [0.0, 0.9, 1.0, 2.3, 5.0, 8.5])
def test_distance_transforms_find_the_same(shape: tuple[int, int], radius: float) -> None:
    rng = np.random.default_rng(round(10 * radius) + shape[0])
    truth, guess = blocks(rng, [0, 1, 2, 3, 255], shape), blocks(rng, [0, 1, 2, 4, 255], shape)
    tolerance = radius / np.hypot(*shape)
    found = boundary_scores(truth, guess, num_classes=4, tolerance=tolerance * (1 + 1e-12))
    assert found == pytest.approx(by_distance(truth, guess, 4, radius), nan_ok=True)


@pytest.mark.parametrize("count", [8, 9, 40, 70, 255])
def test_any_number_of_classes_may_be_in_an_image(count: int) -> None:
    rng = np.random.default_rng(count)
    truth = np.repeat(rng.permutation(count).astype(np.uint8), 3)[None].repeat(4, axis=0)
    guess = np.roll(truth, 1, axis=1)
    radius = 0.0075 * np.hypot(*truth.shape)
    found = boundary_scores(truth, guess, num_classes=254)
    assert found == pytest.approx(by_distance(truth, guess, 254, radius), nan_ok=True)


def test_a_square_that_is_two_pixels_off_by_hand() -> None:
    truth, guess = np.zeros((2, 30, 40), np.uint8)
    truth[10:20, 10:20] = guess[10:20, 12:22] = 1
    # Of the 36 pixels of an outline, the 10 in the column that has no counterpart and the middle 6 of the other column
    # are 2 pixels or more from the other outline.
    assert boundary_scores(truth, guess, num_classes=1, tolerance=1.9 / 50)[1] == 20 / 36
    assert boundary_scores(truth, guess, num_classes=1, tolerance=2 / 50).tolist() == [1, 1]
    assert boundary_scores(truth, truth, num_classes=1, tolerance=0).tolist() == [1, 1]


def test_a_class_that_is_missed_has_0_and_one_that_is_not_there_none() -> None:
    truth, guess = np.zeros((2, 6, 6), np.uint8)
    truth[2:4, 2:4] = 1
    guess[2:4, 2:4] = 2
    score, precision, recall = boundary_scores(truth, guess, num_classes=3, with_parts=True)
    assert score.tolist() == pytest.approx([1, 0, np.nan, np.nan], nan_ok=True)
    assert precision.tolist() == pytest.approx([1, np.nan, 0, np.nan], nan_ok=True)
    assert recall.tolist() == pytest.approx([1, 0, np.nan, np.nan], nan_ok=True)


def test_one_class_over_the_whole_image_has_no_outline() -> None:
    assert np.isnan(boundary_scores(*np.ones((2, 5, 5), np.uint8), num_classes=1)).all()


def test_what_is_predicted_where_the_truth_ignores_makes_no_difference() -> None:
    truth = np.zeros((20, 20), np.uint8)
    truth[5:15, 5:15], truth[8:15, 5:15] = 1, 255
    guess = np.where(truth == 255, np.random.default_rng(0).integers(0, 3, truth.shape), truth).astype(np.uint8)
    assert boundary_scores(truth, guess, num_classes=2, tolerance=0).tolist() == pytest.approx(
        [1, 1, np.nan], nan_ok=True
    )
