"""From scores to masks: the highest score wins, its id is the right one, and the CRF sees sharpened probabilities."""

import subprocess
import sys

import numpy as np
import pytest

from seco.refinement import labelling
from seco.refinement.labelling import ScoredImage, label_image, label_variants
from tests.imports import ROOT

CRF = {
    "sharpness": 1.0,
    "iterations": 5,
    "gaussian_sigma": 3.0,
    "gaussian_weight": 3.0,
    "bilateral_sigma_xy": 20.0,
    "bilateral_sigma_rgb": 10.0,
    "bilateral_weight": 5.0,
}


def scored(scores: np.ndarray, class_ids: tuple[int, ...]) -> ScoredImage:
    image = np.full((*scores.shape[1:], 3), 100, np.uint8)
    return ScoredImage("a", image, scores.astype(np.float32), class_ids)


def square() -> ScoredImage:
    """Class 9 in a square of an otherwise empty image of two colours, with one pixel that says otherwise."""
    nine = np.full((20, 24), 0.1)
    nine[5:15, 6:18] = 0.8
    nine[10, 12] = 0.3
    scores = np.stack([0.995 - nine, np.full((20, 24), 0.005), nine])
    found = scored(scores, (0, 4, 9))
    found.image[5:15, 6:18] = 200
    return found


@pytest.fixture
def seen(monkeypatch):
    """What the CRF is given; it hands the probabilities back as they are."""
    given = []

    def spy(image, probabilities, **kernels):
        given.append((probabilities, kernels))
        return probabilities

    monkeypatch.setattr(labelling, "dense_crf", spy)
    return given


def test_the_highest_score_wins_under_its_own_id():
    scores = np.array([[[0.5, 0.2, 0.1]], [[0.3, 0.7, 0.1]], [[0.2, 0.1, 0.8]]])
    found = label_image(scored(scores, (0, 17, 3)), crf=None)
    assert found.id == "a"
    assert found.mask.dtype == np.uint8
    assert found.mask.tolist() == [[0, 17, 3]]


def test_only_the_classes_of_the_scores_are_shown():
    scores = np.random.default_rng(0).random((3, 30, 30))
    assert set(np.unique(label_image(scored(scores, (0, 2, 7)), crf=None).mask)) == {0, 2, 7}


def test_the_crf_fills_a_hole_and_keeps_the_ids_although_a_negligible_class_is_left_out():
    expected = np.zeros((20, 24))
    expected[5:15, 6:18] = 9
    assert label_image(square(), crf=None).mask[10, 12] == 0
    assert np.array_equal(label_image(square(), crf=CRF).mask, expected)


def test_a_class_that_is_negligible_everywhere_has_no_part_in_the_crf(seen):
    label_image(square(), crf=CRF)
    ((probabilities, kernels),) = seen
    assert len(probabilities) == 2
    assert "sharpness" not in kernels
    assert kernels.keys() == CRF.keys() - {"sharpness"}


def test_scores_are_raised_to_the_sharpness_and_brought_to_sum_one(seen):
    label_image(scored(np.array([[[0.4, 0.2]], [[0.2, 0.2]], [[0.1, 0.6]]]), (0, 1, 2)), crf=CRF | {"sharpness": 2.0})
    ((probabilities, _),) = seen
    expected = np.array([[16 / 21, 4 / 44], [4 / 21, 4 / 44], [1 / 21, 36 / 44]])
    assert np.allclose(probabilities[:, 0], expected, atol=1e-6)
    assert probabilities.flags.c_contiguous


def test_sharpening_alone_changes_no_label(seen):
    scores = np.random.default_rng(0).random((4, 15, 15)) + 0.1
    found = scored(scores, (0, 1, 2, 3))
    plain = label_image(found, crf=None).mask
    for sharpness in (0.5, 1.0, 10.0):
        assert np.array_equal(label_image(found, crf=CRF | {"sharpness": sharpness}).mask, plain)


def test_background_alone_gives_a_mask_of_background():
    assert not label_image(scored(np.ones((1, 6, 5)), (0,)), crf=CRF).mask.any()


def test_variants_are_single_scale_multi_scale_and_where_asked_for_the_crfs():
    single = scored(np.stack([np.ones((20, 24)), np.zeros((20, 24))]), (0, 5))
    variants = label_variants((single, square()), crf=None)
    assert variants.keys() == {"single_scale", "multi_scale"}
    assert not variants["single_scale"].mask.any()
    assert variants["multi_scale"].mask[10, 12] == 0
    variants = label_variants((single, square()), crf=CRF)
    assert list(variants) == ["single_scale", "multi_scale", "crf"]
    assert variants["multi_scale"].mask[10, 12] == 0
    assert variants["crf"].mask[10, 12] == 9


def test_worker_processes_need_no_torch():
    program = "import sys, seco.refinement.labelling; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
