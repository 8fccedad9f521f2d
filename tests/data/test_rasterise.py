import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pycocotools import mask as coco_mask

from seco.data.rasterise import rasterise
from seco.errors import SecoError

SIZE = (6, 4)  # width, height
CLASS_IDS = {1: 1, 44: 2}
LARGE = [[0, 0, 6, 0, 6, 3, 0, 3]]  # 6 x 3 pixels
SMALL = [[1, 1, 3, 1, 3, 2, 1, 2]]  # 2 x 1 pixels


def rasterised(*annotations: dict) -> list[list[int]]:
    return rasterise(annotations, size=SIZE, class_ids=CLASS_IDS).tolist()


def test_a_polygon_is_filled_with_its_class() -> None:
    assert rasterised({"category_id": 44, "segmentation": SMALL}) == [
        [0, 0, 0, 0, 0, 0],
        [0, 2, 2, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]


def test_smaller_objects_cover_larger_ones_in_any_order() -> None:
    small, large = ({"category_id": 44, "segmentation": SMALL}, {"category_id": 1, "segmentation": LARGE})
    assert rasterised(small, large) == rasterised(large, small)
    assert rasterised(small, large)[1] == [1, 2, 2, 1, 1, 1]


def test_a_crowd_is_ignored_where_no_object_covers_it() -> None:
    crowd = {"category_id": 1, "iscrowd": 1, "segmentation": SMALL}
    assert rasterised(crowd)[1] == [0, 255, 255, 0, 0, 0]
    assert rasterised({"category_id": 44, "segmentation": LARGE}, crowd)[1] == [2] * 6


def test_the_box_of_an_object_without_outline_is_ignored() -> None:
    boxed = {"category_id": 1, "bbox": [0.5, 2.2, 1.7, 9]}
    assert rasterised(boxed, {"category_id": 44, "segmentation": SMALL}) == [
        [0, 0, 0, 0, 0, 0],
        [0, 2, 2, 0, 0, 0],
        [255, 255, 255, 0, 0, 0],
        [255, 255, 255, 0, 0, 0],
    ]
    assert rasterised({"category_id": 1}) == [[0] * 6] * 4


def test_polygons_of_two_points_enclose_nothing() -> None:
    assert rasterised({"category_id": 1, "segmentation": [[1, 1, 3, 3], *SMALL]}) == rasterised(
        {"category_id": 1, "segmentation": SMALL}
    )
    assert rasterised({"category_id": 1, "segmentation": [[1, 1, 3, 3]]}) == [[0] * 6] * 4


@given(arrays.arrays(np.bool_, (4, 6)))
def test_run_lengths_cover_what_pycocotools_encoded(pixels: np.ndarray) -> None:
    runs = coco_mask.encode(np.asfortranarray(pixels.astype(np.uint8)))
    packed = {"size": [4, 6], "counts": runs["counts"].decode()}
    assert rasterised({"category_id": 1, "segmentation": packed}) == pixels.astype(int).tolist()


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=40))
def test_long_run_lengths_are_decompressed(lengths: list[int]) -> None:
    height = sum(lengths) or 1
    flat = np.repeat(np.arange(len(lengths)) % 2, lengths) if sum(lengths) else np.zeros(1)
    pixels = flat.reshape(height, 1).astype(np.uint8)
    packed = coco_mask.encode(np.asfortranarray(pixels))["counts"].decode()
    outline = {"size": [height, 1], "counts": packed}
    found = rasterise([{"category_id": 1, "segmentation": outline}], size=(1, height), class_ids={1: 1})
    assert np.array_equal(found, pixels)


@pytest.mark.parametrize(
    "outline",
    [
        [[1, 1, 4]],
        [["a", 1, 4, 1, 1, 3]],
        [[1, 1, 4, 1, 1e9, 3]],
        [[float("nan")] * 6],
        [{"a": 1}],
        "abc",
        7,
        {"counts": [3, 5], "size": [4, 6]},
        {"counts": [3, -3, 24], "size": [4, 6]},
        {"counts": [24], "size": [6, 4]},
        {"counts": [24], "size": 4},
        {"counts": [1e30, 3], "size": [4, 6]},
        {"counts": 5, "size": [4, 6]},
        {"counts": "52", "size": [4, 6]},
        {"counts": "zzz", "size": [4, 6]},
        {"counts": "é", "size": [4, 6]},
        {"counts": "", "size": [4, 6]},
        {"counts": "o" * 5000, "size": [4, 6]},
        {"size": [4, 6]},
        {"counts": [2**62] * 4 + [24], "size": [4, 6]},  # the sum wraps round to the right size
        {"counts": [2**63] * 2 + [24], "size": [4, 6]},
        {"counts": [2**64 + 24], "size": [4, 6]},
        {"counts": [2**32 + 24], "size": [4, 6]},
        {"counts": [2**63, -1], "size": [4, 6]},
        {"counts": [12.0, 12.0], "size": [4, 6]},
        {"counts": [True] * 24, "size": [4, 6]},
        {"counts": [[24]], "size": [4, 6]},
        {"counts": [24] + [0] * 25, "size": [4, 6]},
        {"counts": ["24"], "size": [4, 6]},
        {"counts": None, "size": [4, 6]},
        {"counts": "h0 ", "size": [4, 6]},
        {"counts": "h0\x7f", "size": [4, 6]},
        {"counts": "P" * 100_000 + "0", "size": [4, 6]},
        {"counts": "o" * 6 + "7" + "o" * 6 + "7", "size": [4, 6]},
        [[0, 0, 6, 4, 0, 4]] * 10_001,
        [[0, 0, 6, 4] * 200_000],
        [[0, 0, 6, 4, 0, 4], None],
        [[[[1]]]],
        [{}],
        True,
    ],
)
def test_a_malformed_outline_is_refused(outline: object) -> None:
    with pytest.raises(
        SecoError, match=r"the outline of annotation 9 does not fit 6x4 pixels \(.+\): correct or remove"
    ):
        rasterised({"id": 9, "category_id": 1, "segmentation": outline})


@pytest.mark.parametrize("outline", [[1, 1, 3, 1, 3, 2, 1, 2], [[1, 1], [3, 1], [3, 2], [1, 2]]])
def test_a_polygon_may_stand_without_brackets_or_as_points(outline: list) -> None:
    annotation = {"category_id": 1, "segmentation": outline}
    assert rasterised(annotation) == rasterised(annotation | {"segmentation": SMALL})


def test_a_long_boundary_is_refused_before_it_takes_memory() -> None:
    zigzag = [value for x in range(20_000) for value in (x / 5, 3000 * (x % 2))]
    with pytest.raises(SecoError, match="its boundary is longer than 2 million pixels"):
        rasterise([{"category_id": 1, "segmentation": [zigzag]}], size=(4000, 3000), class_ids=CLASS_IDS)


def test_many_characters_of_run_lengths_are_read_in_proportional_time() -> None:
    height, width = 2000, 1000
    pixels = np.asfortranarray(np.indices((height, width)).sum(axis=0) % 2, dtype=np.uint8)
    packed = coco_mask.encode(pixels)["counts"].decode()
    assert len(packed) > 1_900_000
    outline = {"size": [height, width], "counts": packed}
    found = rasterise([{"category_id": 1, "segmentation": outline}], size=(width, height), class_ids=CLASS_IDS)
    assert np.array_equal(found, pixels)


@pytest.mark.parametrize("box", [[1, 2], "abc", [0, 0, float("inf"), float("nan")], 5])
def test_a_malformed_box_is_refused(box: object) -> None:
    with pytest.raises(SecoError, match="does not fit"):
        rasterised({"category_id": 1, "bbox": box})
