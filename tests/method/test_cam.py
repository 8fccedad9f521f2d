import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from seco.method.cam import (
    activation_maps,
    inside_mask,
    multi_hot,
    multi_scale_cam,
    normalise_cam,
    present_classes,
    strongest_activation,
    three_way_labels,
    two_way_labels,
)
from seco.storage.label_map import IGNORE

ONE_CLASS = torch.tensor([[1]])


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def pooled(images: Tensor, class_ids: Tensor) -> list[Tensor]:
    """Replaces a network with patches of 4 pixels: two kinds of maps, which a mirror image mirrors."""
    maps = F.avg_pool2d(images, 4)
    return [maps[:, :1] * class_ids.shape[1], maps[:, 1:2]]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([[0, 1.0, 0, 1, 1], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]], [[2, 4, 5], [0, 0, 1], [0, 0, 0]]),
        ([[0.0, 0], [0, 0]], [[0], [0]]),  # one slot even without labels
    ],
)
def test_present_classes_are_the_labelled_ones_and_empty_slots_0(labels, expected):
    assert [sorted(row) for row in present_classes(torch.tensor(labels)).tolist()] == expected


def test_labels_are_multi_hot_in_class_order():
    names = ("cat", "dog", "person")
    assert multi_hot(("person", "cat"), names).tolist() == [1.0, 0.0, 1.0]
    assert multi_hot((), names).tolist() == [0.0, 0.0, 0.0]


def test_equation_1_by_hand():
    tokens = torch.tensor([[[1.0, 2.0], [3.0, -1.0], [0.0, 0.0], [-1.0, 4.0], [2.0, 2.0], [1.0, 0.0]]])
    weight = torch.tensor([[9.0, 9.0], [1.0, -1.0], [0.5, 0.5]])
    maps = activation_maps(tokens, weight, torch.tensor([[3, 2]]), (2, 3))
    # Wᵀ Z, class 3 then class 2, tokens row by row.
    assert maps[0, 0].tolist() == [[1.5, 1.0, 0.0], [1.5, 2.0, 0.5]]
    assert maps[0, 1].tolist() == [[-1.0, 4.0, 0.0], [-5.0, 0.0, 1.0]]


def test_maps_of_present_classes_equal_those_of_all_classes_times_the_label():
    tokens, weight = random(3, 6, 5) - 0.5, random(7, 5, seed=1) - 0.5
    labels = torch.tensor([[1.0, 0, 0, 1, 0, 0, 1], [0, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1, 1]])
    ids = present_classes(labels)
    maps = activation_maps(tokens, weight, ids, (2, 3))
    full = (tokens @ weight.T).transpose(1, 2).unflatten(2, (2, 3)) * labels[..., None, None]  # [B, K, h, w]
    spread = torch.zeros(3, 8, 2, 3).index_put_((torch.arange(3).unsqueeze(1), ids), maps, accumulate=True)
    torch.testing.assert_close(spread[:, 1:], full)


def test_the_larger_of_a_map_and_its_mirror_images_map_counts():
    def ramp(images: Tensor, class_ids: Tensor) -> list[Tensor]:
        return [torch.tensor([0.0, 1.0, 2.0, 3.0]).expand(len(images), 1, 4, 4)]

    (cam,) = multi_scale_cam(ramp, torch.zeros(1, 3, 4, 4), ONE_CLASS, scales=[1.0], multiple=1)
    assert cam[0, 0, 0].tolist() == [3.0, 2.0, 2.0, 3.0]


def test_the_relu_of_equation_1_comes_after_resizing():
    def step(images: Tensor, class_ids: Tensor) -> list[Tensor]:
        return [torch.tensor([-2.0, 2.0]).expand(len(images), 1, 1, 2)]

    (cam,) = multi_scale_cam(step, torch.zeros(1, 3, 4, 4), ONE_CLASS, scales=[1.0], multiple=1)
    # Resized to -2, -1, 1, 2 and mirrored; a relu before would leave 0, 0.5, 1.5, 2.
    assert cam[0, 0, 0].tolist() == [2.0, 1.0, 1.0, 2.0]
    negative = multi_scale_cam(
        lambda *_: [torch.full((2, 1, 1, 1), -1.0)], torch.zeros(1, 3, 4, 4), ONE_CLASS, scales=[1.0], multiple=1
    )
    assert negative[0].abs().max() == 0.0


def test_the_cam_is_the_sum_of_the_maps_of_the_resized_images():
    images = random(2, 3, 16, 24).requires_grad_()
    expected = torch.zeros(2, 1, 16, 24)
    for size in ((16, 24), (8, 12), (24, 36)):
        scaled = F.interpolate(images, size=size, mode="bilinear")
        plain, mirrored = F.avg_pool2d(scaled, 4)[:, :1], F.avg_pool2d(scaled.flip(-1), 4)[:, :1]
        plain, mirrored = (F.interpolate(maps, size=(16, 24), mode="bilinear") for maps in (plain, mirrored))
        expected += torch.maximum(plain, mirrored.flip(-1))
    cam, _ = multi_scale_cam(pooled, images, torch.tensor([[1], [2]]), scales=[1.0, 0.5, 1.5], multiple=4)
    assert not cam.requires_grad
    torch.testing.assert_close(cam, expected.detach())


def test_sides_are_rounded_to_multiples_of_the_patch():
    seen = []

    def spy(images: Tensor, class_ids: Tensor) -> list[Tensor]:
        seen.append(tuple(images.shape[-2:]))
        return pooled(images, class_ids)

    multi_scale_cam(spy, random(1, 3, 16, 28), ONE_CLASS, scales=[0.1, 0.75, 1.3], multiple=4)
    assert seen == [(4, 4), (12, 20), (20, 36)]


def test_known_maps_are_not_computed_again():
    images, calls = random(2, 3, 16, 16), []

    def spy(batch: Tensor, class_ids: Tensor) -> list[Tensor]:
        calls.append(tuple(batch.shape))
        return pooled(batch, class_ids)

    ids = torch.tensor([[1], [2]])
    without = multi_scale_cam(pooled, images, ids, scales=[1.0, 0.5], multiple=4)
    reused = multi_scale_cam(spy, images, ids, scales=[1.0, 0.5], multiple=4, known=pooled(images, ids))
    assert calls == [(2, 3, 16, 16), (4, 3, 8, 8)]
    for one, other in zip(without, reused, strict=True):
        torch.testing.assert_close(one, other)


def test_a_mirror_image_has_the_mirrored_cam():
    images = random(1, 3, 16, 24)
    cams = [
        multi_scale_cam(pooled, batch, ONE_CLASS, scales=[1.0, 0.75], multiple=4)[0]
        for batch in (images, images.flip(-1))
    ]
    torch.testing.assert_close(cams[1], cams[0].flip(-1))


def test_normalisation_by_hand():
    cam = torch.tensor([[[[1.0, 3.0], [2.0, 5.0]], [[0.0, 0.0], [0.0, 0.0]]]])
    normal = normalise_cam(cam)
    torch.testing.assert_close(normal[0, 0], torch.tensor([[0.0, 2.0], [1.0, 4.0]]) / (4 + 1e-5))
    assert (normal[0, 1] == 0).all()


def test_padding_is_0_and_does_not_change_the_range():
    cam = random(2, 3, 8, 8) + 1
    inside = inside_mask(torch.tensor([[2, 0, 8, 6], [0, 0, 8, 8]]), (8, 8))
    normal = normalise_cam(cam, inside=inside)
    wild = torch.where(inside.unsqueeze(1), cam, torch.tensor(1e6))
    assert torch.equal(normalise_cam(wild, inside=inside), normal)
    assert (normal[0, :, :2] == 0).all()
    assert (normal[0, :, :, 6:] == 0).all()
    torch.testing.assert_close(normal[0, :, 2:, :6], normalise_cam(cam[:1, :, 2:, :6])[0])
    torch.testing.assert_close(normal[1], normalise_cam(cam[1:])[0])
    assert (normalise_cam(cam, inside=torch.zeros_like(inside)) == 0).all()


def test_three_way_labels_by_hand():
    cam = torch.tensor([[[[0.25, 0.26, 0.7, 0.71, 0.2, 0.9, 0.0]], [[0.0, 0.1, 0.1, 0.9, 0.1, 0.0, 0.0]]]])
    inside = torch.tensor([[[True] * 5 + [False] * 2]])
    labels = three_way_labels(cam, torch.tensor([[20, 7]]), inside, low=0.25, high=0.7)
    assert labels.tolist() == [[[0, IGNORE, IGNORE, 7, 0, IGNORE, IGNORE]]]  # a threshold belongs to the lower side
    assert labels.dtype == torch.int64


def test_an_empty_slot_never_wins():
    cam = torch.zeros(1, 2, 2, 2)
    cam[0, 1, 0, 0] = 1.0
    labels = three_way_labels(cam, torch.tensor([[0, 3]]), torch.ones(1, 2, 2, dtype=torch.bool), low=0.0, high=0.0)
    assert labels.tolist() == [[[3, 0], [0, 0]]]


def test_the_order_of_slots_does_not_matter():
    cam, ids = random(2, 3, 6, 6), torch.tensor([[3, 1, 9], [5, 2, 4]])
    inside = torch.ones(2, 6, 6, dtype=torch.bool)
    order = [2, 0, 1]
    labels = three_way_labels(cam, ids, inside, low=0.3, high=0.6)
    assert torch.equal(three_way_labels(cam[:, order], ids[:, order], inside, low=0.3, high=0.6), labels)
    assert torch.equal(
        two_way_labels(cam[:, order], ids[:, order], background=0.5), two_way_labels(cam, ids, background=0.5)
    )


def test_two_way_labels_by_hand():
    cam = torch.tensor([[[[0.5, 0.51, 0.2]], [[0.4, 0.2, 0.8]]]])
    assert two_way_labels(cam, torch.tensor([[2, 6]]), background=0.5).tolist() == [[[0, 2, 6]]]


@pytest.mark.parametrize("box", [(0, 0, 5, 7), (1, 2, 4, 6), (3, 0, 3, 7)])
def test_the_mask_is_true_inside_the_box(box):
    top, left, bottom, right = box
    expected = [[top <= row < bottom and left <= column < right for column in range(7)] for row in range(5)]
    assert inside_mask(torch.tensor([box]), (5, 7)).tolist() == [expected]


def test_the_strongest_class_is_scaled_to_its_peak_inside_the_image_and_silence_stays_0():
    # Two classes on a grid of four tokens: the larger of both counts. Nothing answers in the second image.
    maps = torch.tensor([[[[4.0, -1.0, 1.0, 9.0]], [[-2.0, 2.0, 0.0, 9.0]]], [[[-1.0, -2.0, -3.0, 9.0]]] * 2])
    inside = torch.tensor([[[True, True, True, False]]] * 2)
    found = strongest_activation(maps, inside)
    torch.testing.assert_close(found[0], torch.tensor([[3 / 3, 1 / 3, 0.0, 0.0]]), atol=1e-5, rtol=0)
    assert found[1].tolist() == [[0.0] * 4]
