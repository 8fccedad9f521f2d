import numpy as np
import pytest
from scipy.stats import spearmanr

from seco.scores.cooccurrence import SHARES, PairConfusions, pair_confusions
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


def found_of(*images: dict[tuple[int, int], int], num_classes: int = 2) -> PairConfusions:
    return pair_confusions(counts_of(*images, num_classes=num_classes), related={})


def share(found: PairConfusions, name: str, pair: tuple[int, int] = (1, 2)) -> list[float]:
    """Return the value and the interval of a share of a pair."""
    (place,) = np.flatnonzero((found.class_ids == pair[0]) & (found.others == pair[1]))
    return found.shares[name][:, place].tolist()


BOTH = {(0, 0): 60, (0, 1): 20, (1, 1): 10, (2, 1): 5, (2, 2): 15}
ALONE = {(0, 0): 90, (0, 1): 10, (1, 1): 30}
OTHER_ALONE = {(0, 1): 50, (2, 1): 50}


def test_shares_by_hand():
    found = found_of(BOTH, ALONE, OTHER_ALONE, BOTH)
    counts = (found.images_both, found.images_alone, found.images_other_alone)
    assert [values.tolist() for values in counts] == [[2, 2], [1, 1], [1, 1]]
    assert share(found, "on_other")[0] == 10 / 40
    assert share(found, "on_background")[0] == 40 / 160
    assert share(found, "on_background_alone")[0] == 10 / 100
    assert share(found, "gap")[0] == pytest.approx(0.15)
    # Class 1 has 25, 10, 100 and 25 false pixels, of which 5, 0, 50 and 5 show class 2; class 2 has 90 pixels.
    assert share(found, "confusion")[0] == 60 / 90
    assert share(found, "of_false_both")[0] == 10 / 160
    assert share(found, "of_false_other_alone")[0] == 50 / 160
    assert share(found, "of_false_alone")[0] == 10 / 160
    assert np.isnan(share(found, "of_false_both", (2, 1))[0]), "nothing is called class 2 but what shows it"


def test_images_that_are_alike_leave_nothing_to_chance():
    found = found_of(*[BOTH] * 3, num_classes=3)
    assert share(found, "on_other") == [0.25] * 3
    assert share(found, "of_false_both") == pytest.approx([0.2] * 3)
    assert np.isnan(share(found, "gap")).all(), "no image shows class 1 without class 2"
    assert np.isnan(share(found, "confusion", (1, 3))).all(), "no image shows class 3"


def test_the_pair_has_a_direction():
    found = found_of(BOTH, ALONE)
    assert (found.class_ids.tolist(), found.others.tolist()) == ([1, 2], [2, 1])
    assert found.images_alone.tolist() == [1, 0]
    assert share(found, "on_other", (2, 1))[0] == 0.0
    assert np.isnan(share(found, "on_background_alone", (2, 1))).all()
    assert np.isnan(share(found, "gap", (2, 1))[0])


def test_pairs_that_never_meet_have_no_interval():
    found = found_of(BOTH, {(0, 3): 5, (3, 3): 5}, num_classes=3)
    met = {(a, b) for a, b, is_met in zip(found.class_ids, found.others, found.is_met, strict=True) if is_met}
    assert met == {(1, 2), (2, 1)}
    assert share(found, "confusion", (1, 3))[0] == 0.0
    assert np.isnan(share(found, "confusion", (1, 3))[1:]).all()
    assert np.isfinite(share(found, "confusion")).all()


def test_uncertain_predictions_are_misses():
    found = found_of({(1, 1): 1, (2, 3): 6, (2, 1): 2})
    assert share(found, "on_other")[0] == 2 / 8
    assert share(found, "of_false_both")[0] == 1.0
    assert np.isnan(share(found, "on_background")[0])


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(60):
        shares = rng.beta(2, 6, size=40)  # of mean 0.25, an image each
        images = [{(1, 1): 1, (2, 1): round(1000 * part), (2, 2): 1000 - round(1000 * part)} for part in shares]
        _, low, high = share(found_of(*images), "on_other")
        held += low <= 0.25 <= high
    assert 51 <= held <= 60


def test_nothing_counted_has_no_shares():
    found = found_of()
    assert all(np.isnan(found.shares[name]).all() for name in SHARES)
    assert found_of(BOTH, num_classes=2).shares["gap"].shape == (3, 2)
    assert found_of({(1, 1): 3}, num_classes=1).class_ids.size == 0


def test_what_goes_together_is_ranked_against_what_is_confused():
    rng = np.random.default_rng(0)
    images = [
        {(truth, called): int(pixels) for (truth, called), pixels in np.ndenumerate(rng.integers(0, 50, (4, 4)))}
        for _ in range(20)
    ]
    related = rng.random((4, 4))
    found = pair_confusions(counts_of(*images, num_classes=3), related={"lift": related, "same": np.ones((4, 4))})
    expected = spearmanr(related[found.class_ids, found.others], found.shares["confusion"][0]).statistic
    assert found.correlations["lift"].value == pytest.approx(expected)
    assert found.correlations["lift"].low <= expected <= found.correlations["lift"].high
    assert np.isnan(found.correlations["same"]).all(), "what is the same for all pairs has no ranks"
