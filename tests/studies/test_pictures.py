import io
import math

import numpy as np
import pytest
from PIL import Image

from seco.studies.pictures import place_values, study_picture, tag_picture
from seco.studies.results import Row
from seco.studies.study_tables import study_scores
from tests.studies.rows import row

BLUE, ORANGE, GREEN = (76, 114, 176), (221, 132, 82), (85, 168, 104)


def pixels_of(picture: bytes | None) -> np.ndarray:
    with Image.open(io.BytesIO(picture or b"")) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def study(rows: list[Row], *, key: str | None = None, biased: tuple[str, ...] = ("boat", "person")) -> np.ndarray:
    scores = study_scores(rows, seed_split="train", split="val", biased=biased)
    return pixels_of(study_picture(scores, key=key))


def has(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((np.abs(picture.astype(int) - colour).max(axis=-1) <= 2).any())


def sweep(values: list[str], lines: tuple[str, ...] = ("",)) -> list[Row]:
    return [
        row(f"{line}, key={value}", seed, line=line, value=value, miou=0.3 + 0.1 * seed)
        for value in values
        for line in lines
        for seed in (0, 1)
    ]


def test_variants_are_drawn_with_both_scores_and_nothing_cut_off():
    rows = [row(name, seed, miou=0.3 + 0.1 * seed) for name in ("without a very long thing", "SeCo") for seed in (0, 1)]
    picture = study(rows)
    assert picture.shape[1] == 1300
    assert has(picture, BLUE)
    assert has(picture, ORANGE)
    edges = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (edges == 255).all()
    assert len(study([row(str(name), 0) for name in range(6)])) > len(picture) + 100


def test_each_line_of_a_sweep_has_its_colour():
    picture = study(sweep(["0.2", "0.4"], ("baseline", "ToCo", "SeCo")), key="generate.bias")
    assert all(has(picture, colour) for colour in (BLUE, ORANGE, GREEN))
    assert not has(study(sweep(["0.2", "0.4"]), key="generate.bias", biased=()), GREEN)


@pytest.mark.parametrize("key", [None, "weight"])
def test_scores_that_are_not_defined_stop_no_picture(key):
    bare = [{name: math.nan if "/" in name else value for name, value in item.items()} for item in sweep(["1", "2"])]
    assert has(study([*bare, row("SeCo", 0, value="3", boat=math.inf)], key=key), BLUE)


@pytest.mark.parametrize(
    ("values", "places"),
    [
        (["64", "32", "96"], {"32": 32, "64": 64, "96": 96}),
        (["1", "10", "1000"], {"1": 0, "10": math.log(10), "1000": math.log(1000)}),
        (["0.9", "0.9999", "0.999"], {"0.9": 0, "0.999": 1, "0.9999": 2}),
        (["0", "1", "1000"], {"0": 0, "1": 1, "1000": 2}),
        (["single", "adaptive", "single"], {"single": 0, "adaptive": 1}),
        (["7", "7"], {"7": 7}),
    ],
)
def test_values_stand_where_their_marks_can_be_told_apart(values, places):
    assert place_values(values) == pytest.approx(places)


def test_tags_are_drawn_for_the_variants_that_have_them():
    assert tag_picture([row("baseline", 0)]) is None
    picture = pixels_of(
        tag_picture([row("baseline", 0), row("SeCo", 0, purity=0.8), row("without LiG", 0, purity=0.7)])
    )
    assert picture.shape[1] == 1300
    assert has(picture, (31, 119, 180))  # the first colour of matplotlib
    assert has(picture, (255, 127, 14))
    assert not has(picture, (44, 160, 44))


def test_a_legend_of_many_long_names_fits_below_the_curves():
    rows = [row(f"patches alone, without the {number}th of their parts", 0, purity=0.8) for number in range(12)]
    picture, small = pixels_of(tag_picture(rows)), pixels_of(tag_picture(rows[:1]))
    edges = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (edges == 255).all()
    assert len(picture) > len(small) + 100
    left, right = (half[: len(small) // 2] for half in np.split(picture, 2, axis=1))  # the curves
    assert has(left, (196, 156, 148)), "the twelfth colour, of twenty"
    assert (np.abs(left.astype(int) - 255).max(axis=2) > 2).sum() > 1000
    assert (np.abs(right.astype(int) - 255).max(axis=2) > 2).sum() > 1000
