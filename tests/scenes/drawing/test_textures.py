import numpy as np
import pytest

from scenes.drawing.colours import any_colour, earthy, grey, near, rgb, shifted
from scenes.drawing.textures import PATTERNS, Material, value_noise


def paint(pattern: str, *, period: float, angle: float = 0.0) -> np.ndarray:
    """Colours `[3, 60, 80]` between 0 and 100; a unit has 40 pixels."""
    v, u = np.mgrid[0:60, 0:80].astype(np.float32) / 40
    material = Material(rgb(0, 0, 0), rgb(100, 100, 100), pattern, period, angle, roughness=0.0)
    return material.paint(u, v, np.random.default_rng(1))


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_varies_between_its_two_colours(name: str) -> None:
    colours = paint(name, period=0.2, angle=0.3)
    assert colours.shape == (3, 60, 80)
    assert colours.min() >= -15.0
    assert colours.max() <= 120.0
    assert colours.std() > 4.0


def test_stripes_repeat_with_their_period() -> None:
    colours = paint("stripes", period=0.5)
    np.testing.assert_allclose(colours[:, :40], colours[:, 20:], atol=0.25)
    np.testing.assert_allclose(colours[..., 0], colours[..., 50], atol=0.25)


def test_noise_stays_in_range_varies_and_gets_rougher_with_octaves() -> None:
    smooth, rough = (value_noise(np.random.default_rng(0), 64, 96, cells=(3, 4), octaves=octaves) for octaves in (1, 5))
    for field in (smooth, rough):
        assert field.shape == (64, 96)
        assert field.min() >= 0.0
        assert field.max() <= 1.0
        assert field.std() > 0.1
    assert np.abs(np.diff(rough, axis=1)).mean() > 1.5 * np.abs(np.diff(smooth, axis=1)).mean()


def test_noise_may_have_more_knots_than_pixels() -> None:
    assert value_noise(np.random.default_rng(0), 3, 1, cells=(20, 20)).shape == (3, 1)


@pytest.mark.parametrize("sample", [any_colour, earthy, grey, lambda rng: near(rng, 0.3)])
def test_colours_lie_in_range_and_shifted_ones_differ_visibly(sample) -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        colour = sample(rng)
        moved = shifted(rng, colour, amount=60)
        assert min(colour.min(), moved.min()) >= 0
        assert max(colour.max(), moved.max()) <= 255
        assert abs(moved.mean() - colour.mean()) > 5
