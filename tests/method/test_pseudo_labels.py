import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seco.method.par import PAR
from seco.method.pseudo_labels import refine_cam, refine_labels
from seco.storage.label_map import IGNORE

LOW, HIGH = 0.25, 0.7


class NoRefinement(nn.Module):
    """Replaces PAR: returns the maps unchanged and keeps its arguments."""

    def forward(self, rgb: Tensor, maps: Tensor) -> Tensor:
        self.rgb, self.maps = rgb, maps
        return maps


def labels_of(cam: Tensor, class_ids: Tensor, *, inside: Tensor | None = None, par: nn.Module | None = None, scale=1):
    batch, _, height, width = cam.shape
    rgb = torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(0)) * 255
    inside = torch.ones(batch, height, width, dtype=torch.bool) if inside is None else inside
    return refine_labels(rgb, cam, class_ids, inside, low=LOW, high=HIGH, par=par or NoRefinement(), downscale=scale)


@pytest.mark.parametrize(
    ("cam", "ids", "expected"),
    [
        # Above high: the class; between low and high: the strict run alone says background; below: both runs do.
        ([[[0.9, 0.5, 0.1], [0.71, 0.26, 0.24]]], [7], [[7, IGNORE, 0], [7, IGNORE, 0]]),
        ([[[0.9, 0.8]], [[0.8, 0.95]]], [3, 20], [[3, 20]]),
        ([[[0.1, 0.9]], [[1.0, 1.0]]], [4, 0], [[0, 4]]),  # an empty slot is no class
        ([[[0.9, 0.1]], [[0.9, 0.5]]], [0, 0], [[0, 0]]),  # an image without class
    ],
)
def test_labels_by_hand(cam, ids, expected):
    labels = labels_of(torch.tensor([cam]), torch.tensor([ids]))
    assert labels.tolist() == [expected]
    assert labels.dtype == torch.int64


def test_empty_slots_are_left_out_of_the_softmax():
    par = NoRefinement()
    labels_of(torch.tensor([[[[0.7]], [[1.0]]]]), torch.tensor([[4, 0]]), par=par)
    # Two candidates of equal score share the softmax: (background 0.7, class 0.7); then the run with background 0.25.
    torch.testing.assert_close(par.maps[0, :3, 0, 0], torch.tensor([0.5, 0.5, 0.0]))
    share = torch.tensor([LOW, 0.7]).softmax(0)
    torch.testing.assert_close(par.maps[0, 3:, 0, 0], torch.tensor([share[0], share[1], 0.0]))


def test_pixels_outside_the_image_are_ignored():
    inside = torch.tensor([[[True, False], [False, True]]])
    cam = torch.tensor([[[[0.9, 0.9], [0.0, 0.0]]]])
    assert labels_of(cam, torch.tensor([[2]]), inside=inside).tolist() == [[[2, IGNORE], [IGNORE, 0]]]


def test_the_refinement_works_at_half_size():
    par = NoRefinement()
    labels = labels_of(torch.rand(2, 3, 11, 14), torch.tensor([[1, 2, 3], [4, 0, 0]]), par=par, scale=2)
    assert par.rgb.shape == (2, 3, 5, 7)
    assert par.maps.shape == (2, 8, 5, 7)
    assert labels.shape == (2, 11, 14)


def test_renaming_the_classes_renames_the_labels():
    cam = torch.rand(1, 2, 16, 16, generator=torch.Generator().manual_seed(1))
    first = labels_of(cam, torch.tensor([[3, 8]]), par=PAR(), scale=2)
    second = labels_of(cam.flip(1), torch.tensor([[3, 8]]).flip(1), par=PAR(), scale=2)
    assert torch.equal(first, second)
    assert {3, 8} & set(first.flatten().tolist())


def test_the_number_of_slots_changes_no_label():
    generator = torch.Generator().manual_seed(2)
    cam = torch.rand(2, 2, 16, 16, generator=generator)
    cam[0, 1] = 0
    both = labels_of(cam, torch.tensor([[5, 0], [1, 2]]), par=PAR(), scale=2)
    alone = labels_of(cam[:1, :1], torch.tensor([[5]]), par=PAR(), scale=2)
    assert torch.equal(both[0], alone[0])


def test_par_fills_an_object_from_its_seed():
    rgb = torch.full((1, 3, 64, 64), 30.0)
    rgb[..., 16:48, 16:48] = 200.0
    cam = torch.zeros(1, 1, 64, 64)
    cam[..., 16:48, 16:40] = 1.0  # misses a quarter of the object
    cam[..., 16:48, 8:16] = 0.9  # and bleeds over its border
    everywhere = torch.ones(1, 64, 64, dtype=torch.bool)
    labels = refine_labels(rgb, cam, torch.tensor([[6]]), everywhere, low=LOW, high=0.6, par=PAR())[0]
    assert (labels[20:44, 20:44] == 6).all()
    assert not (labels[20:44, 8:14] == 6).any()
    assert (labels[:, 56:] == 0).all()


def test_refine_cam_puts_background_first_and_keeps_the_size():
    cam = torch.rand(2, 9, 13, generator=torch.Generator().manual_seed(3))
    par = NoRefinement()
    scores = refine_cam(torch.rand(3, 9, 13) * 255, cam, background=0.5, par=par, downscale=1)
    expected = torch.cat([torch.full((1, 9, 13), 0.5), cam]).softmax(0)
    torch.testing.assert_close(scores, expected)
    assert not scores.requires_grad


def test_refine_cam_and_refine_labels_agree_at_one_background_score():
    generator = torch.Generator().manual_seed(4)
    rgb = torch.rand(3, 20, 24, generator=generator) * 255
    cam = F.interpolate(torch.rand(1, 1, 3, 3, generator=generator), size=(20, 24), mode="bilinear")[0]
    everywhere = torch.ones(1, 20, 24, dtype=torch.bool)
    labels = refine_labels(rgb[None], cam[None], torch.tensor([[1]]), everywhere, low=0.5, high=0.5, par=PAR())
    assert torch.equal(labels[0], refine_cam(rgb, cam, background=0.5, par=PAR()).argmax(0))
    assert 0 < labels.float().mean() < 1
