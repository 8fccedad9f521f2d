import numpy as np
import pytest

from scenes.colours import any_colour, earthy, grey, near, rgb, shifted
from scenes.noise import value_noise
from scenes.patterns import PATTERNS, Material


def grid() -> tuple[np.ndarray, np.ndarray]:
    v, u = np.mgrid[0:60, 0:80].astype(np.float32) / 40
    return u, v


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_mixes_within_its_two_colours_and_varies(name: str) -> None:
    material = Material(rgb(0, 0, 0), rgb(100, 100, 100), name, period=0.2, angle=0.3, roughness=0.0)
    colours = material.paint(*grid(), np.random.default_rng(1))
    assert colours.shape == (60, 80, 3)
    assert colours.min() >= -15.0
    assert colours.max() <= 120.0
    assert colours.std() > 4.0


def test_stripes_repeat_with_their_period() -> None:
    material = Material(rgb(0, 0, 0), rgb(200, 200, 200), "stripes", period=0.5, roughness=0.0)
    colours = material.paint(*grid(), np.random.default_rng(1))
    np.testing.assert_allclose(colours[:40], colours[20:], atol=0.5)
    np.testing.assert_allclose(colours[:, 0], colours[:, 50], atol=0.5)


def test_noise_stays_in_range_varies_and_gets_rougher_with_octaves() -> None:
    smooth = value_noise(np.random.default_rng(0), 64, 96, cells=(3, 4), octaves=1)
    rough = value_noise(np.random.default_rng(0), 64, 96, cells=(3, 4), octaves=5)
    for field in (smooth, rough):
        assert field.shape == (64, 96)
        assert field.min() >= 0.0
        assert field.max() <= 1.0
        assert field.std() > 0.1
    assert np.abs(np.diff(rough, axis=1)).mean() > 1.5 * np.abs(np.diff(smooth, axis=1)).mean()


def test_noise_fits_a_picture_smaller_than_its_knots() -> None:
    assert value_noise(np.random.default_rng(0), 3, 1, cells=(20, 20)).shape == (3, 1)


@pytest.mark.parametrize("draw", [any_colour, earthy, grey, lambda rng: near(rng, 0.3)])
def test_colours_lie_in_range_and_their_shifts_can_be_seen(draw) -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        colour = draw(rng)
        moved = shifted(rng, colour, amount=60)
        assert min(colour.min(), moved.min()) >= 0
        assert max(colour.max(), moved.max()) <= 255
        assert abs(moved.mean() - colour.mean()) > 5
