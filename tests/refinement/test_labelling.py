"""From scores to masks: the highest score wins under its own id, and the CRF takes sharpened probabilities."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seco.refinement import labelling
from seco.refinement.labelling import (
    ScoredImage,
    Variants,
    label_image,
    smooth,
    smooth_variants,
    variants_memory,
    working_memory,
    write_label,
    write_variants,
)
from seco.storage.confidence import read_confidence
from seco.storage.masks import MaskArray, mask_path, read_mask
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
    return ScoredImage("a", image, scores.astype(np.float32), class_ids, image.shape[:2])


def square() -> ScoredImage:
    """Class 9 in a bright square, with one pixel whose scores are wrong, and class 4, negligible everywhere."""
    nine = np.full((20, 24), 0.1)
    nine[5:15, 6:18] = 0.8
    nine[10, 12] = 0.3
    scores = np.stack([0.995 - nine, np.full((20, 24), 0.005), nine])
    found = scored(scores, (0, 4, 9))
    found.image[5:15, 6:18] = 200
    return found


def read(folder: Path) -> MaskArray:
    return read_mask(mask_path(folder, "a"), num_classes=20, size=None)


@pytest.fixture
def probabilities(monkeypatch):
    """The probabilities that the CRF is given; it returns them unchanged."""
    given = []
    monkeypatch.setattr(labelling, "dense_crf", lambda image, values, **kernels: given.append(values) or values)
    return given


def test_the_highest_score_wins_under_its_own_id():
    mask = label_image(scored(np.array([[[0.5, 0.2, 0.1]], [[0.3, 0.7, 0.1]], [[0.2, 0.1, 0.8]]]), (0, 17, 3)))
    assert mask.dtype == np.uint8
    assert mask.tolist() == [[0, 17, 3]]


def test_the_crf_fills_a_hole_and_keeps_the_ids_although_a_negligible_class_is_left_out():
    expected = np.zeros((20, 24))
    expected[5:15, 6:18] = 9
    assert label_image(square())[10, 12] == 0
    assert np.array_equal(label_image(smooth(square(), crf=CRF)), expected)


def test_a_class_that_is_negligible_everywhere_is_left_out_of_the_crf(probabilities):
    smooth(square(), crf=CRF)
    assert [len(values) for values in probabilities] == [2]


def test_scores_are_raised_to_the_sharpness_and_normalised(probabilities):
    smooth(scored(np.array([[[0.4, 0.2]], [[0.2, 0.2]], [[0.1, 0.6]]]), (0, 1, 2)), crf=CRF | {"sharpness": 2.0})
    expected = np.array([[16 / 21, 4 / 44], [4 / 21, 4 / 44], [1 / 21, 36 / 44]])
    assert np.allclose(probabilities[0][:, 0], expected, atol=1e-6)


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 10.0])
@pytest.mark.usefixtures("probabilities")
def test_sharpening_alone_changes_no_label(sharpness):
    found = scored(np.random.default_rng(0).random((4, 15, 15)) + 0.1, (0, 1, 2, 3))
    plain = label_image(found)
    assert np.array_equal(label_image(smooth(found, crf=CRF | {"sharpness": sharpness})), plain)


def test_background_alone_gives_a_mask_of_background():
    assert not label_image(smooth(scored(np.ones((1, 6, 5)), (0,)), crf=CRF)).any()


def test_a_label_is_written_under_the_images_id(tmp_path):
    write_label(square(), folder=tmp_path, crf=CRF)
    assert np.array_equal(read(tmp_path), label_image(smooth(square(), crf=CRF)))


@pytest.mark.parametrize("crf", [None, CRF])
def test_a_variant_is_written_for_each_scale_and_for_the_crf_if_enabled(tmp_path, crf):
    single = scored(np.stack([np.ones((20, 24)), np.zeros((20, 24))]), (0, 5))
    write_variants(Variants(single, square()), folder=tmp_path, crf=crf)
    folders = {"single_scale", "multi_scale", "confidence"} | ({"crf"} if crf else set())
    assert {path.name for path in tmp_path.iterdir()} == folders
    levels = read_confidence(next((tmp_path / "confidence").iterdir()), size=(24, 20))
    assert np.array_equal(levels, np.minimum(square().scores.max(axis=0) * 16, 15).astype(np.uint8))
    assert not read(tmp_path / "single_scale").any()
    assert np.array_equal(read(tmp_path / "multi_scale"), label_image(square()))
    if crf:
        assert np.array_equal(read(tmp_path / "crf"), label_image(smooth(square(), crf=crf)))


def test_a_crf_that_ran_before_is_written_as_it_is(tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    write_variants(smooth_variants(Variants(square(), square()), crf=CRF), folder=before, crf=None)
    write_variants(Variants(square(), square()), folder=after, crf=CRF)
    for variant in ("single_scale", "multi_scale", "crf"):
        assert np.array_equal(read(before / variant), read(after / variant))


def test_worker_processes_need_no_torch():
    program = "import sys, seco.refinement.labelling; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_memory_grows_with_the_classes_that_join_the_crf_and_is_that_of_the_scores_without_it():
    few, many = square(), square()._replace(scores=np.full((3, 20, 24), 1 / 3, np.float32))
    assert working_memory(many, crf=CRF) - working_memory(few, crf=CRF) == 20 * 24 * 40
    assert working_memory(many, crf=None) == many.scores.nbytes
    assert variants_memory(Variants(few, many), crf=CRF) == working_memory(many, crf=CRF) + few.scores.nbytes
    assert variants_memory(Variants(few, few, many), crf=None) == 2 * few.scores.nbytes + many.scores.nbytes
