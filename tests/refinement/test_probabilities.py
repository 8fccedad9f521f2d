"""Class probabilities on disk: what is read is what was predicted, as exactly as the form allows."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from seco.compute.resize import resize_maps
from seco.errors import SecoError
from seco.refinement.labelling import ScoredImage, Variants, label_image, smooth
from seco.refinement.probabilities import Form, result_paths, write_with_probabilities
from seco.storage.masks import mask_path, read_mask
from tests.refinement.test_labelling import CRF

NAMES = ("cat", "potted plant/a.b")
SIZES = [(12, 10), (31, 24)]  # of the image, whose scores have 12 x 10


def some_variants(size: tuple[int, int]) -> Variants:
    rng = np.random.default_rng(0)
    scores = rng.dirichlet([0.3] * 3, (12, 10)).transpose(2, 0, 1).astype(np.float32)
    image = rng.integers(256, size=(12, 10, 3), dtype=np.uint8)
    scored = ScoredImage("a.x", image, scores, (0, 1, 2), size)
    return Variants(scored._replace(scores=scores[::-1]), scored)


def write(variants: Variants, folder: Path, form: Form, **options: object) -> np.ndarray:
    """Write probabilities; return those that were predicted, at the image's size."""
    write_with_probabilities(variants, folder=folder, form=form, class_names=NAMES, **{"crf": None, **options})
    paths = result_paths(folder, "a.x", form=form, class_names=NAMES)
    assert {path for path in folder.iterdir() if not path.name.startswith(".")} == set(paths)
    scored = variants.multi_scale
    return resize_maps(torch.from_numpy(scored.scores), scored.size).numpy()


@pytest.mark.parametrize("size", SIZES)
def test_arrays_are_the_probabilities_in_half_precision(tmp_path: Path, size: tuple[int, int]) -> None:
    expected = write(some_variants(size), tmp_path, "npz")
    with np.load(tmp_path / "a.x.npz", allow_pickle=False) as archive:
        assert archive["class_ids"].tolist() == [0, 1, 2]
        assert archive["class_names"].tolist() == ["background", *NAMES]
        np.testing.assert_array_equal(archive["probabilities"], expected.astype(np.float16))


@pytest.mark.parametrize("size", SIZES)
def test_pictures_are_the_probabilities_in_65536_steps(tmp_path: Path, size: tuple[int, int]) -> None:
    expected = write(some_variants(size), tmp_path, "png")
    for plane, part in zip(expected, ("background", "cat", "potted_plant_a_b"), strict=True):
        with Image.open(tmp_path / f"a.x.{part}.png") as picture:
            assert picture.mode == "I;16"
            values = np.asarray(picture)
        np.testing.assert_array_equal(values, np.rint(plane * 65535))
        assert np.abs(values / 65535 - plane).max() <= 0.5 / 65535 + 1e-7


@pytest.mark.parametrize("is_smoothed", [False, True])
def test_probabilities_are_before_the_crf_and_the_mask_after_it(tmp_path: Path, is_smoothed: bool) -> None:
    variants = some_variants((12, 10))
    smoothed = smooth(variants.multi_scale, crf=CRF)
    given = variants._replace(crf=smoothed) if is_smoothed else variants  # on a GPU the CRF has run before
    expected = write(given, tmp_path, "npz", crf=None if is_smoothed else CRF)
    with np.load(tmp_path / "a.x.npz") as archive:
        np.testing.assert_array_equal(archive["probabilities"], expected.astype(np.float16))
    mask = read_mask(mask_path(tmp_path, "a.x"), num_classes=2, size=None)
    np.testing.assert_array_equal(mask, label_image(smoothed))
    assert (mask != label_image(variants.multi_scale)).any()


@pytest.mark.parametrize("form", ["npz", "png"])
def test_a_place_that_cannot_be_written_is_a_sentence_and_leaves_no_mask(tmp_path: Path, form: Form) -> None:
    taken = result_paths(tmp_path, "a.x", form=form, class_names=NAMES)[0]
    taken.mkdir()
    with pytest.raises(SecoError, match="cannot write"):
        write_with_probabilities(some_variants((12, 10)), folder=tmp_path, form=form, class_names=NAMES, crf=None)
    assert list(tmp_path.iterdir()) == [taken]
