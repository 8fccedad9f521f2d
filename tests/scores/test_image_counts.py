import numpy as np
import pytest

from seco.scores.image_counts import ImageCounts


def matrices(count: int, num_classes: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    dense = rng.integers(1, 1 << 40, (count, num_classes + 1, num_classes + 2))
    return np.where(rng.random(dense.shape) < 0.3, dense, 0)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_the_cells_hold_every_matrix_and_make_the_same_counts_again(count):
    wanted = matrices(count, 254)  # the most classes that a mask can hold
    counts = ImageCounts(254)
    for number, matrix in enumerate(wanted):
        counts.add(f"image/{number}", matrix)
    again = ImageCounts.of_cells(254, counts.ids, counts.cells_of_image(), counts.cells())
    for found in (counts, again):
        assert found.ids == [f"image/{number}" for number in range(count)]
        dense = np.zeros_like(wanted)
        cells = found.cells()
        dense[cells.image, cells.truth, cells.prediction] = cells.pixels
        assert np.array_equal(dense, wanted)


def test_an_image_without_a_known_pixel_keeps_its_place():
    counts = ImageCounts(1)
    for pixels in (0, 4):
        counts.add(f"{pixels}", np.array([[pixels, 0, 0], [0, 0, 0]]))
    again = ImageCounts.of_cells(1, counts.ids, counts.cells_of_image(), counts.cells())
    assert again.ids == ["0", "4"]
    assert again.cells().image.tolist() == [1]
