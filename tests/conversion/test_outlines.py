import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_mask

from seco.conversion.outlines import Box, cut_out, polygons, run_lengths


@settings(max_examples=60, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.sampled_from([0, 1, 2, 255])))
def test_polygons_and_run_lengths_are_the_pixels_of_each_class(mask: np.ndarray) -> None:
    seen = set()
    for class_id, box, pixels in cut_out(mask):
        seen.add(class_id)
        expected = mask == class_id
        assert np.array_equal(coco_mask.decode(run_lengths(mask, class_id)), expected)
        flat = [np.ravel(points).tolist() for points in polygons(pixels, box)]
        assert np.array_equal(coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(flat, *mask.shape))), expected)
        assert expected[box.top : box.bottom, box.left : box.right].sum() == expected.sum()
    assert seen == set(np.unique(mask).tolist()) - {0, 255}


def test_straight_lines_have_no_points_between_their_ends() -> None:
    (points,) = polygons(np.ones((6, 4), bool), Box(top=10, left=20, bottom=16, right=24))
    assert len(points) == 9, "a corner is cut by half a pixel"
    assert set(points) == {
        *((20.5, 10.0), (23.5, 10.0), (24.0, 10.5), (24.0, 15.5)),
        *((23.5, 16.0), (20.5, 16.0), (20.0, 15.5), (20.0, 10.5)),
    }


def test_a_hole_belongs_to_the_polygon_around_it() -> None:
    pixels = np.ones((5, 5), bool)
    pixels[2, 2] = False
    pixels = np.pad(pixels, ((0, 0), (0, 3)))
    pixels[0, 7] = True
    assert len(polygons(pixels, Box(0, 0, 5, 8))) == 2
