from functools import partial

import numpy as np
import pytest

from benchmarks.reference_crf import by_pydensecrf
from seco.errors import SecoError
from seco.refinement.crf import dense_crf

SETTINGS = {
    "iterations": 10,
    "gaussian_sigma": 3.0,
    "gaussian_weight": 3.0,
    "bilateral_sigma_xy": 20.0,
    "bilateral_sigma_rgb": 13.0,
    "bilateral_weight": 5.0,
}


@pytest.fixture(params=["ours", "pydensecrf"])
def run(request):
    """Ours or the library's, which must do the same, with the settings."""
    if request.param == "ours":
        return partial(dense_crf, **SETTINGS)
    pytest.importorskip("pydensecrf.densecrf")
    return partial(by_pydensecrf, **SETTINGS)


@pytest.fixture
def scene():
    """A bright square in a picture that is wider than high; noisy probabilities; the true mask."""
    rng = np.random.default_rng(0)
    truth = np.zeros((40, 56), dtype=bool)
    truth[10:30, 12:34] = True
    image = np.where(truth[..., None], 200, 40).astype(np.uint8).repeat(3, axis=2)
    image += rng.integers(0, 8, image.shape, dtype=np.uint8)
    square = np.where(truth, 0.65, 0.35) + rng.normal(0, 0.2, truth.shape)
    square = square.clip(0, 1).astype(np.float32)
    return image, np.stack([1 - square, square]), truth


def test_a_noisy_square_is_cleaned(scene, run):
    image, probabilities, truth = scene
    refined = run(image, probabilities)
    assert refined.shape == (2, 40, 56)
    assert refined.dtype == np.float32
    assert ((probabilities.argmax(0) == 1) != truth).mean() > 0.1
    assert ((refined.argmax(0) == 1) == truth).all()


def test_marginals_sum_to_one(scene, run):
    image, probabilities, _ = scene
    np.testing.assert_allclose(run(image, probabilities).sum(0), 1, rtol=1e-5)


def test_a_single_class_is_certain(scene, run):
    image, probabilities, _ = scene
    np.testing.assert_allclose(run(image, probabilities[:1]), np.ones((1, 40, 56)))


def test_neither_memory_layout_nor_write_protection_matters(scene, run):
    image, probabilities, _ = scene
    expected = run(image, probabilities)
    others = np.asfortranarray(image), np.asfortranarray(probabilities)
    for array in (*others, image, probabilities):
        array.setflags(write=False)
    np.testing.assert_array_equal(run(image, probabilities), expected)
    np.testing.assert_allclose(run(*others), expected)


def test_certain_probabilities_of_zero_stay_finite(scene, run):
    image, _, truth = scene
    certain = np.stack([~truth, truth]).astype(np.float32)
    refined = run(image, certain)
    assert np.isfinite(refined).all()
    assert ((refined.argmax(0) == 1) == truth).all()


def test_a_result_shares_no_memory_with_inputs_or_later_results(scene, run):
    image, probabilities, _ = scene
    before = image.copy(), probabilities.copy()
    first = run(image, probabilities)
    kept = first.copy()
    run(image, probabilities[::-1])
    for array, copy in zip((first, image, probabilities), (kept, *before), strict=True):
        np.testing.assert_array_equal(array, copy)


def test_probabilities_of_another_size_are_refused(scene):
    image, probabilities, _ = scene
    with pytest.raises(SecoError, match=r"\[2, 56, 40\] do not fit the image \[40, 56, 3\]"):
        dense_crf(image, probabilities.transpose(0, 2, 1), **SETTINGS)


@pytest.mark.parametrize("bad", [np.zeros((40, 56), np.uint8), np.zeros((40, 56, 3), np.float32)])
def test_an_image_of_another_kind_is_refused(scene, bad):
    with pytest.raises(SecoError, match="uint8 \\[height, width, 3\\]"):
        dense_crf(bad, scene[1], **SETTINGS)
