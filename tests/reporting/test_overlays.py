import numpy as np

from seco.reporting.overlays import class_colours, heat_overlay, mask_overlay, outlined

PHOTO = np.full((20, 30, 3), (200, 100, 0), np.uint8)
GREY = round(0.299 * 200 + 0.587 * 100)


def test_without_activation_the_photograph_is_grey() -> None:
    shown = heat_overlay(PHOTO, np.zeros((5, 8)))
    assert shown.shape == PHOTO.shape
    assert np.unique(shown).tolist() == [GREY]


def test_the_glow_grows_with_the_activation() -> None:
    red = [int(heat_overlay(PHOTO, np.full((5, 8), heat))[0, 0, 0]) for heat in (0.0, 0.5, 1.0)]
    assert red == sorted(red)
    assert red[0] < red[2]


def test_activation_beyond_one_is_cut() -> None:
    assert np.array_equal(heat_overlay(PHOTO, np.full((5, 8), 3.0)), heat_overlay(PHOTO, np.ones((5, 8))))


def test_background_is_faded_classes_are_coloured_and_ignored_pixels_white() -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[:, 10:20], mask[:, 20:] = 1, 255
    shown = mask_overlay(PHOTO, mask)
    background, painted = shown[5, 2], shown[5, 15]
    assert len(set(background.tolist())) == 1
    assert background[0] > GREY
    assert np.abs(painted - (0.75 * class_colours()[1] + 0.25 * GREY)).max() <= 1
    assert shown[5, 25].tolist() == [255, 255, 255]


def test_a_class_has_an_edge() -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[5:15, 10:20] = 1
    shown = mask_overlay(PHOTO, mask)
    assert not np.array_equal(shown[5, 15], shown[10, 15])
    assert np.array_equal(shown[4, 15], shown[0, 0])  # outside stays as it is


def test_outlines_are_white_and_the_rest_stays() -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[5:15, 10:20] = 1
    shown = outlined(PHOTO, mask)
    assert shown[5, 15].tolist() == shown[10, 9].tolist() == [255, 255, 255]
    assert np.array_equal(shown[10, 15], PHOTO[10, 15])
    assert np.array_equal(shown[0], PHOTO[0])


def test_twenty_classes_have_twenty_colours() -> None:
    assert len(np.unique(class_colours()[1:21], axis=0)) == 20
