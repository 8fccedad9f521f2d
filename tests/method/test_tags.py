import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from seco.method.tags import rectify_tags, tag_images, tag_patches, tags_match_masks
from seco.storage.label_map import IGNORE


def tag(
    labels: Tensor, ids: list[int], *, inside: Tensor | None = None, corner=(0, 0), size: int = 10, settle: bool = True
) -> int:
    """Tag one patch of one image ``[H, W]`` with φ = 0.2."""
    inside = torch.ones_like(labels, dtype=torch.bool) if inside is None else inside
    place = (labels[None], torch.tensor([ids]), inside[None], torch.tensor([[corner]]))
    tags = tag_patches(*place, patch_size=size, threshold=0.2, settle=settle)
    return int(tags)


def patch(counts: dict[int, int], *, side: int = 10) -> Tensor:
    """A label map ``[side, side]`` with that many pixels of each label, background in the rest."""
    flat = [label for label, count in counts.items() for _ in range(count)]
    return torch.tensor(flat + [0] * (side * side - len(flat))).view(side, side)


def beside(first: Tensor, second: Tensor) -> Tensor:
    return torch.cat([first, second], dim=1)


@pytest.mark.parametrize("class_id", [1, 7, 20, 80])
@pytest.mark.parametrize(("pixels", "foreground"), [(0, False), (19, False), (20, False), (21, True), (100, True)])
def test_the_share_counts_pixels_whatever_the_class_id(class_id, pixels, foreground):
    assert tag(patch({class_id: pixels}), [class_id]) == (class_id if foreground else 0)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({2: 10, IGNORE: 10}, 0),  # uncertain pixels count into the share
        ({2: 10, IGNORE: 11}, 2),
        ({2: 1, IGNORE: 99}, 2),
        ({2: 99, 9: 1}, -1),
        ({IGNORE: 100}, -1),
    ],
)
def test_a_patch_has_the_only_class_it_shows_and_is_uncertain_otherwise(counts, expected):
    assert tag(beside(patch(counts), patch({2: 50, 9: 50})), [2, 9]) == expected


@pytest.mark.parametrize("ids", [[9], [0, 9], [2, 9]])
def test_uncertain_pixels_count_as_the_class_if_the_image_shows_only_one(ids):
    labels = beside(patch({IGNORE: 100}), patch({9: 1}))
    before = labels.clone()
    assert tag(labels, ids) == 9
    assert tag(labels, ids, settle=False) == -1
    assert torch.equal(labels, before)


@pytest.mark.parametrize(("uncertain", "expected"), [(100, -1), (21, -1), (20, 0)])
def test_a_patch_of_an_image_without_confident_pixel_has_no_class(uncertain, expected):
    assert tag(patch({IGNORE: uncertain}), [1]) == expected


@pytest.mark.parametrize("padding", [0, 3, 4, IGNORE])
def test_padding_is_not_counted_whatever_its_label(padding):
    inside = torch.ones(10, 10, dtype=torch.bool)
    inside[:, 5:] = False
    labels = torch.zeros(10, 10, dtype=torch.int64)
    assert tag(labels.masked_fill(~inside, padding), [4, 3], inside=inside) == 0
    labels[:3, :5] = 4  # 15 of 50 real pixels: 30 %, though 15 % of the patch
    assert tag(labels.masked_fill(~inside, padding), [4, 3], inside=inside) == 4
    assert tag(torch.full((10, 10), padding), [4, 3], inside=torch.zeros_like(inside)) == -1


def naive_tag(labels: list[int], real: list[bool], shown_in_image: set[int], *, settle: bool) -> int:
    pixels = [label for label, is_real in zip(labels, real, strict=True) if is_real]
    if settle and len(shown_in_image) == 1:
        pixels = [next(iter(shown_in_image)) if label == IGNORE else label for label in pixels]
    if not pixels:
        return -1
    if sum(label != 0 for label in pixels) <= 0.2 * len(pixels):
        return 0
    classes = {label for label in pixels if label not in (0, IGNORE)}
    return classes.pop() if len(classes) == 1 else -1


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**31), st.booleans())
def test_tags_equal_those_of_a_loop_over_pixels(seed, settle):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.tensor([[3, 8, 0], [5, 0, 0], [1, 2, 20]])
    coarse = torch.randint(6, (3, 4, 5), generator=generator)  # 0, the image's classes, and 255
    values = torch.tensor([[0, 0, IGNORE, 3, 8, 0], [0, 0, IGNORE, IGNORE, 5, 5], [0, IGNORE, 1, 2, 20, 0]])
    labels = torch.stack([row[part] for row, part in zip(values, coarse, strict=True)])
    labels = labels.repeat_interleave(3, 1).repeat_interleave(3, 2)  # [3, 12, 15]
    inside = torch.ones(3, 12, 15, dtype=torch.bool)
    inside[0, :, 11:] = inside[2, :4] = False
    labels = torch.where(inside, labels, IGNORE)
    corners = torch.stack(
        [torch.randint(7, (3, 4), generator=generator), torch.randint(10, (3, 4), generator=generator)], dim=2
    )
    tags = tag_patches(labels, ids, inside, corners, patch_size=6, threshold=0.2, settle=settle)
    for image in range(3):
        shown = set(labels[image].flatten().tolist()) - {0, IGNORE}
        for index, (row, column) in enumerate(corners[image].tolist()):
            window = (image, slice(row, row + 6), slice(column, column + 6))
            real = inside[window].flatten().tolist()
            expected = naive_tag(labels[window].flatten().tolist(), real, shown, settle=settle)
            assert tags[image, index] == expected


def test_an_image_of_one_class_has_its_tag_and_any_other_is_uncertain():
    labels = torch.tensor([[0, 0, 1.0], [1.0, 0, 1.0], [0, 0, 0], [1.0, 0, 0]])
    assert tag_images(labels).tolist() == [3, -1, -1, 1]


def rectify(similarities: list[float], *, threshold: float = 0.7, tag: int = 3) -> int:
    """Rectify a query that meets keys of its tag at these cosines."""
    keys = torch.tensor([[cosine, (1 - cosine**2) ** 0.5] for cosine in similarities])
    tags = torch.full((len(similarities),), tag)
    return int(rectify_tags(torch.tensor([[1.0, 0.0]]), torch.tensor([tag]), keys, tags, threshold=threshold))


@pytest.mark.parametrize("tag", [0, 3])
def test_a_tag_is_withdrawn_where_most_of_its_keys_lie_below_the_mean_similarity(tag):
    assert rectify([0.9] * 2 + [0.0] * 8, tag=tag) == -1  # mean 0.18; eight of ten lie below it
    assert rectify([0.9] * 8 + [0.0] * 2, tag=tag) == tag  # mean 0.72; two of ten lie below it


@pytest.mark.parametrize(("threshold", "expected"), [(0.74, -1), (0.75, 3), (0.76, 3)])
def test_the_share_must_exceed_the_rectification_threshold(threshold, expected):
    assert rectify([0.8, 0.0, 0.0, 0.0], threshold=threshold) == expected  # mean 0.2, share 3/4


def test_equal_keys_withdraw_no_tag():
    generator = torch.Generator().manual_seed(0)
    for count in range(1, 60):
        keys = F.normalize(torch.randn(1, 32, generator=generator), dim=1).repeat(count, 1)
        queries = F.normalize(torch.randn(4, 32, generator=generator), dim=1)
        tags = torch.ones(4, dtype=torch.int64)
        rectified = rectify_tags(queries, tags, keys, torch.ones(count, dtype=torch.int64), threshold=0.5)
        assert torch.equal(rectified, tags)


def test_only_keys_of_the_same_tag_count():
    queries = torch.tensor([[1.0, 0.0]])
    keys = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    key_tags = torch.tensor([2, 2, 1, 1, 0, -1, -1])
    assert rectify_tags(queries, torch.tensor([2]), keys, key_tags, threshold=0.6).tolist() == [2]


def test_uncertain_tags_and_tags_without_keys_stay():
    queries, keys = torch.eye(2), torch.eye(2)
    tags = torch.tensor([4, -1])
    assert rectify_tags(queries, tags, keys, torch.tensor([-1, 2]), threshold=0.0).tolist() == [4, -1]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31), st.sampled_from([0.4, 0.5, 0.6]))
def test_rectification_follows_equations_6_and_7(seed, threshold):
    generator = torch.Generator().manual_seed(seed)
    queries = F.normalize(torch.randn(9, 6, generator=generator), dim=1)
    keys = F.normalize(torch.randn(25, 6, generator=generator), dim=1)
    tags = torch.randint(-1, 3, (9,), generator=generator)
    key_tags = torch.randint(-1, 3, (25,), generator=generator)
    before = tags.clone()
    expected = []
    for query, name in zip(queries.double().tolist(), tags.tolist(), strict=True):
        same = [
            sum(a * b for a, b in zip(query, key, strict=True))
            for key, key_name in zip(keys.double().tolist(), key_tags.tolist(), strict=True)
            if key_name == name != -1
        ]
        share = sum(s < sum(same) / len(same) for s in same) / len(same) if same else 0.0
        expected.append(-1 if share > threshold else name)
    rectified = rectify_tags(queries, tags, keys, key_tags, threshold=threshold)
    assert rectified.tolist() == expected
    assert torch.equal(tags, before)


@pytest.mark.parametrize(
    ("tag_of_patch", "truth", "right"),
    [
        (2, {2: 20}, False),
        (2, {2: 21}, True),
        (2, {2: 21, 9: 79}, True),
        (2, {9: 100}, False),
        (2, {}, False),
        (0, {}, True),
        (0, {2: 10, 9: 10}, True),
        (0, {2: 10, 9: 11}, False),
        (2, {2: 11, IGNORE: 50}, True),  # of 50 pixels: those to ignore are not counted
        (2, {2: 10, IGNORE: 50}, False),
        (0, {2: 10, IGNORE: 50}, True),
        (0, {2: 11, IGNORE: 50}, False),
        (0, {IGNORE: 100}, True),
        (2, {IGNORE: 100}, False),
    ],
)
def test_a_tag_is_right_where_the_true_mask_shows_more_than_a_fifth_of_its_class(tag_of_patch, truth, right):
    tags, corners = torch.tensor([[tag_of_patch]]), torch.zeros(1, 1, 2, dtype=torch.int64)
    assert tags_match_masks(tags, patch(truth)[None], corners, patch_size=10, threshold=0.2) == right
