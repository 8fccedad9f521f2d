from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.errors import SecoError
from seco.storage.confidence import read_confidence, write_confidence
from seco.storage.masks import write_mask


def test_a_confidence_is_stored_in_16_levels_at_the_size_of_its_mask(tmp_path: Path) -> None:
    confidence = np.array([[0, 1 / 16, 0.5], [0.99, 1, 1.001]])  # a mean of softmaxes may round above 1
    write_confidence(tmp_path / "a.png", confidence, size=(4, 6))
    levels = read_confidence(tmp_path / "a.png", size=(6, 4))
    assert levels.tolist() == np.kron([[0, 1, 8], [15, 15, 15]], np.ones((2, 2), int)).tolist()
    with Image.open(tmp_path / "a.png") as image:
        assert image.convert("L").getextrema() == (0, 255), "viewers show it in grey"


def test_another_size_or_another_kind_of_picture_is_refused(tmp_path: Path) -> None:
    write_confidence(tmp_path / "a.png", np.ones((2, 3)), size=(2, 3))
    write_mask(tmp_path / "mask.png", np.full((2, 3), 16, np.uint8))
    Image.new("RGB", (3, 2)).save(tmp_path / "colours.png")
    for name, size, fault in (
        ("a", (2, 3), r"a\.png is no confidence of a segmentation of 2x3 pixels \(P, 3x2\): run `seco predict` again"),
        ("mask", (3, 2), r"mask\.png holds the level 16, but levels are 0\.\.15: run `seco predict` again"),
        ("colours", (3, 2), r"colours\.png is no confidence .* \(RGB, 3x2\)"),
        ("missing", (3, 2), r"missing\.png is missing: run `seco predict` again"),
    ):
        with pytest.raises(SecoError, match=fault):
            read_confidence(tmp_path / f"{name}.png", size=size)
