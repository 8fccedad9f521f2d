import numpy as np
import pytest

from seco.scores.cooccurrence import pair_confusions
from seco.scores.image_counts import ImageCounts


def counts_of(*images: dict[tuple[int, int], int], num_classes: int = 2) -> ImageCounts:
    """Return the counts of images, each given as pixels by (true class, predicted class)."""
    found = ImageCounts(num_classes)
    for number, image in enumerate(images):
        matrix = np.zeros((num_classes + 1, num_classes + 2), dtype=np.int64)
        for place, pixels in image.items():
            matrix[place] = pixels
        found.add(str(number), matrix)
    return found


BOTH = {(0, 0): 60, (0, 1): 20, (1, 1): 10, (2, 1): 5, (2, 2): 15}
ALONE = {(0, 0): 90, (0, 1): 10, (1, 1): 30}
OTHER_ALONE = {(0, 1): 50, (2, 1): 50}  # shows no class 1: not counted


def test_shares_by_hand():
    (pair,) = pair_confusions(counts_of(BOTH, ALONE, OTHER_ALONE, BOTH), [(1, 2)])
    assert (pair.class_id, pair.other, pair.images_both, pair.images_alone) == (1, 2, 2, 1)
    assert pair.on_other.value == 5 / 20
    assert pair.on_background.value == 20 / 80
    assert pair.on_background_alone.value == 10 / 100
    assert pair.gap.value == pytest.approx(0.15)
    # Images that are alike leave nothing to chance.
    assert pair.gap[1:] == pytest.approx((0.15, 0.15))


def test_the_pair_has_a_direction():
    one, other = pair_confusions(counts_of(BOTH, ALONE), [(1, 2), (2, 1)])
    assert (one.images_alone, other.images_alone) == (1, 0)
    assert other.on_other.value == 0.0
    assert np.isnan(other.on_background_alone).all()
    assert np.isnan(other.gap.value)


def test_uncertain_predictions_are_misses():
    (pair,) = pair_confusions(counts_of({(1, 1): 1, (2, 3): 6, (2, 1): 2}), [(1, 2)])
    assert pair.on_other.value == 2 / 8
    assert np.isnan(pair.on_background.value)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(100):
        shares = rng.beta(2, 6, size=40)  # of mean 0.25, an image each
        images = [{(1, 1): 1, (2, 1): round(1000 * share), (2, 2): 1000 - round(1000 * share)} for share in shares]
        (pair,) = pair_confusions(counts_of(*images), [(1, 2)])
        held += pair.on_other.low <= 0.25 <= pair.on_other.high
    assert 88 <= held <= 100


def test_nothing_counted_gives_no_pairs():
    assert pair_confusions(counts_of(), [(1, 2)]) == []


def test_the_same_counts_give_the_same_intervals():
    images = [BOTH, ALONE, {(0, 1): 5, (1, 1): 5, (2, 2): 1}, {(0, 0): 9, (1, 0): 1}]
    assert pair_confusions(counts_of(*images), [(1, 2)]) == pair_confusions(counts_of(*images), [(1, 2)])
