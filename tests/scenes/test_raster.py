import numpy as np
import pytest

from scenes.colours import rgb
from scenes.figure import Figure, Part, box, ellipse, polygon
from scenes.patterns import Material
from scenes.raster import Canvas, Pose, coverage, draw

RED = {"red": Material(rgb(200, 0, 0), rgb(200, 0, 0), roughness=0.0)}


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_box_on_pixel_edges_owns_exactly_its_pixels() -> None:
    canvas = Canvas(20, 30)
    figure = Figure((Part(box(0, 0, 6, 4), "red"),), RED)
    canvas.put(draw(figure, Pose(10, 5, 1.0), height=20, width=30, rng=rng()), owner=3)
    expected = np.zeros((20, 30), np.uint8)
    expected[5:9, 10:16] = 3
    np.testing.assert_array_equal(canvas.owner, expected)
    assert canvas.colours[:5].max() == 0


def test_coverage_is_the_share_of_the_pixel_inside_the_polygon() -> None:
    found = coverage(polygon((2, 2), (8, 2), (2, 8)), 20, 20)
    assert found is not None
    top, left, share = found
    whole = np.zeros((20, 20))
    whole[top : top + share.shape[0], left : left + share.shape[1]] = share
    assert whole.sum() == pytest.approx(18.0, abs=1.5)
    assert whole[3, 3] == 1.0
    assert 0.2 < whole[3, 6] < 0.8
    assert whole[7, 7] == 0.0


@pytest.mark.parametrize("flip", [False, True])
def test_a_turned_ellipse_owns_the_pixels_whose_middle_lies_in_it(flip: bool) -> None:
    canvas, pose = Canvas(80, 80), Pose(40, 38, 20.0, angle=0.7, flip=flip)
    figure = Figure((Part(ellipse(0.1, 0, 1.4, 0.6), "red"),), RED)
    canvas.put(draw(figure, pose, height=80, width=80, rng=rng()), owner=1)
    ys, xs = np.mgrid[0:80, 0:80] + 0.5
    u, v = pose.to_figure(xs, ys)
    radius = np.hypot((u - 0.1) / 1.4, v / 0.6)
    assert canvas.owner[radius < 0.93].all()
    assert not canvas.owner[radius > 1.07].any()


@pytest.mark.parametrize("flip", [False, True])
def test_to_figure_undoes_to_image(flip: bool) -> None:
    pose = Pose(31.0, 17.0, 12.0, pivot=(0.3, -0.4), angle=0.4, flip=flip)
    points = np.array([[0.0, 0.0], [1.0, -2.0], [0.3, -0.4]])
    placed = pose.to_image(points)
    np.testing.assert_allclose(placed[2], (31.0, 17.0))
    np.testing.assert_allclose(np.stack(pose.to_figure(placed[:, 0], placed[:, 1]), axis=1), points, atol=1e-5)


def test_what_is_put_later_takes_the_pixels_and_a_neutral_thing_gives_them_to_the_background() -> None:
    canvas = Canvas(10, 10)
    for x, owner in ((0, 1), (3, 2), (5, 0)):
        figure = Figure((Part(box(0, 0, 4, 10), "red"),), RED)
        stamp = draw(figure, Pose(x, 0, 1.0), height=10, width=10, rng=rng())
        if owner == 2:
            np.testing.assert_array_equal(canvas.hidden_by(stamp, owners=2), [30, 10])
        canvas.put(stamp, owner=owner)
    np.testing.assert_array_equal(canvas.owner[0], [1, 1, 1, 2, 2, 0, 0, 0, 0, 0])


def test_a_figure_off_the_canvas_changes_nothing() -> None:
    canvas = Canvas(10, 10)
    stamp = draw(Figure((Part(box(0, 0, 4, 4), "red"),), RED), Pose(50, 50, 1.0), height=10, width=10, rng=rng())
    canvas.put(stamp, owner=1)
    assert not canvas.owner.any()
    assert not canvas.colours.any()


def test_a_shadow_darkens_around_its_middle_even_at_the_border() -> None:
    canvas = Canvas(20, 20)
    canvas.colours[:] = 100.0
    canvas.darken(0.0, 10.0, 5.0, 3.0, strength=0.5)
    assert canvas.colours[10, 0, 0] == pytest.approx(50.0)
    assert canvas.colours[10, 0, 0] < canvas.colours[10, 5, 0] < canvas.colours[10, 15, 0] == 100.0
