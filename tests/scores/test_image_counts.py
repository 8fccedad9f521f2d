import numpy as np
import pytest

from seco.scores.image_counts import ImageCounts


def images(count: int, num_classes: int) -> list[tuple[np.ndarray, np.ndarray | None]]:
    rng = np.random.default_rng(0)
    dense = rng.integers(1, 1 << 40, (count, num_classes + 1, num_classes + 2))
    matrices = np.where(rng.random(dense.shape) < 0.3, dense, 0)
    scores = rng.integers(0, 9, (count, num_classes + 1)) / 8
    scores[rng.random(scores.shape) < 0.5] = np.nan
    return [(matrix, None if number == 2 else scores[number]) for number, matrix in enumerate(matrices)]


@pytest.mark.parametrize("count", [0, 1, 7])
def test_the_parts_hold_every_image_and_make_the_same_counts_again(count):
    wanted = images(count, 254)  # the most classes that a mask can hold
    counts = ImageCounts(254)
    for number, image in enumerate(wanted):
        counts.add(f"image/{number}", *image)
    again = ImageCounts.of_parts(254, counts.ids, counts.cells(), counts.outlines())
    for found in (counts, again):
        assert found.ids == [f"image/{number}" for number in range(count)]
        dense, scores = np.zeros((count, 255, 256), np.int64), np.full((count, 255), np.nan)
        cells, outlines = found.cells(), found.outlines()
        dense[cells.image, cells.truth, cells.prediction] = cells.pixels
        scores[outlines.image, outlines.class_id] = outlines.score
        total, known = found.total(), np.isfinite(scores)
        assert np.array_equal(total.counts, dense.sum(axis=0))
        assert np.array_equal(total.boundaries, [np.where(known, scores, 0).sum(axis=0), known.sum(axis=0)])
        for number, (matrix, of_classes) in enumerate(wanted):
            assert np.array_equal(dense[number], matrix)
            missing = np.full(255, np.nan)
            assert np.array_equal(scores[number], missing if of_classes is None else of_classes, equal_nan=True)


def test_an_image_without_a_known_pixel_keeps_its_place():
    counts = ImageCounts(1)
    for pixels in (0, 4):
        counts.add(f"{pixels}", np.array([[pixels, 0, 0], [0, 0, 0]]))
    again = ImageCounts.of_parts(1, counts.ids, counts.cells(), counts.outlines())
    assert again.ids == ["0", "4"]
    assert again.cells().image.tolist() == [1]
