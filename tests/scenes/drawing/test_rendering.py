import numpy as np
import pytest

from scenes.drawing.colours import rgb
from scenes.drawing.rendering import Canvas, Pose, RenderedShape, coverage
from scenes.drawing.shapes import Outline, Piece, Shape, box, ellipse, polygon
from scenes.drawing.textures import Material

RED = {"red": Material(rgb(200, 0, 0), rgb(200, 0, 0), roughness=0.0)}


def render(canvas: Canvas, outline: Outline, pose: Pose) -> RenderedShape:
    return canvas.render(Shape((Piece(outline, "red"),), RED), pose, np.random.default_rng(0))


def test_a_box_on_pixel_edges_owns_exactly_its_pixels() -> None:
    canvas = Canvas(20, 30)
    canvas.paste(render(canvas, box(0, 0, 6, 4), Pose(10, 5, 1.0)), owner=3)
    expected = np.zeros((20, 30), np.uint8)
    expected[5:9, 10:16] = 3
    np.testing.assert_array_equal(canvas.owner, expected)
    np.testing.assert_array_equal(canvas.colours.any(axis=0), expected > 0)


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
    canvas.paste(render(canvas, ellipse(0.1, 0, 1.4, 0.6), pose), owner=1)
    ys, xs = np.mgrid[0:80, 0:80] + 0.5
    u, v = pose.to_shape(xs, ys)
    radius = np.hypot((u - 0.1) / 1.4, v / 0.6)
    assert canvas.owner[radius < 0.93].all()
    assert not canvas.owner[radius > 1.07].any()


@pytest.mark.parametrize("flip", [False, True])
def test_to_shape_undoes_to_image(flip: bool) -> None:
    pose = Pose(31.0, 17.0, 12.0, pivot=(0.3, -0.4), angle=0.4, flip=flip)
    points = np.array([[0.0, 0.0], [1.0, -2.0], [0.3, -0.4]])
    placed = pose.to_image(points)
    np.testing.assert_allclose(placed[2], (31.0, 17.0))
    np.testing.assert_allclose(np.stack(pose.to_shape(placed[:, 0], placed[:, 1]), axis=1), points, atol=1e-5)


def test_the_shape_on_top_owns_the_pixels_and_a_prop_makes_them_background() -> None:
    canvas = Canvas(10, 10)
    for x, owner, hidden in ((0, 1, [40, 0, 0]), (3, 2, [30, 10, 0]), (5, 0, [20, 0, 20])):
        rendered = render(canvas, box(0, 0, 4, 10), Pose(x, 0, 1.0))
        np.testing.assert_array_equal(canvas.hidden_by(rendered, owners=3), hidden)
        canvas.paste(rendered, owner=owner)
    np.testing.assert_array_equal(canvas.owner[0], [1, 1, 1, 2, 2, 0, 0, 0, 0, 0])


def test_a_shape_off_the_canvas_changes_nothing() -> None:
    canvas = Canvas(10, 10)
    canvas.paste(render(canvas, box(0, 0, 4, 4), Pose(50, 50, 1.0)), owner=1)
    assert not canvas.owner.any()
    assert not canvas.colours.any()


def test_a_shadow_darkens_around_its_middle_even_at_the_border() -> None:
    canvas = Canvas(20, 20)
    canvas.colours[:] = 100.0
    canvas.add_shadow(0.0, 10.0, 5.0, 3.0, strength=0.5)
    row = canvas.colours[0, 10]
    assert row[0] == pytest.approx(50.0)
    assert row[0] < row[5] < row[15] == 100.0
