import numpy as np

from seco.scores.surroundings import surroundings
from tests.scores.test_cooccurrence import counts_of

IMAGES = ({(0, 0): 60, (0, 1): 30, (1, 2): 5}, {(0, 0): 80, (0, 1): 10, (0, 3): 10}, {(0, 0): 110, (2, 1): 7})


def test_false_pixels_are_split_by_the_contexts_of_their_images():
    found = surroundings(counts_of(*IMAGES), {"0": ["rails"], "1": ["rails", "night"]})
    assert found.contexts == ("rails", "night")
    assert found.images.tolist() == [2, 1]
    assert found.of_background.tolist() == [190 / 300, 100 / 300]  # uncertain pixels are background too
    assert found.of_false[0, :, 1].tolist() == [1.0, 0.25]
    assert np.isnan(found.of_false[:, :, 2]).all(), "no background is called class 2"
    low, high = found.of_false[1:, 1, 1]
    assert 0 <= low <= 0.25 <= high <= 1


def test_without_contexts_there_is_nothing_to_split():
    found = surroundings(counts_of(*IMAGES), {})
    assert found.contexts == ()
    assert found.of_false.shape == (3, 0, 3)
