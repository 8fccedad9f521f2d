from collections.abc import Collection

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.v2 import functional as tv

from seco.compute.pixels import MEAN, STD, normalise, to_rgb
from seco.storage.label_map import IGNORE
from seco.training.views import GaussianBlur, View, ViewMaker, Views

SEEDS = range(25)


def maker(
    *,
    crop_size: int = 64,
    second_size: int = 32,
    scale_range: tuple[float, float] = (0.5, 2.0),
    wanted: Collection[View] = ("strong", "second"),
) -> ViewMaker:
    return ViewMaker(crop_size=crop_size, second_size=second_size, scale_range=scale_range, wanted=wanted)


def photograph(*, height: int = 60, width: int = 80, seed: int = 0) -> Tensor:
    """Random grey blocks of 10 pixels, uint8 ``[3, H, W]``: unlike its mirror image in any colours."""
    shape = (1, 1, height // 10 + 1, width // 10 + 1)
    coarse = torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 255
    blocks = F.interpolate(coarse, scale_factor=10, mode="nearest")[0, :, :height, :width]
    return blocks.expand(3, -1, -1).to(torch.uint8)


def coordinates(height: int, width: int) -> Tensor:
    """A photograph whose red is the row and whose green is the column."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([rows, columns, torch.full_like(rows, 7)]).to(torch.uint8)


def likeness(first: Tensor, second: Tensor) -> float:
    """The correlation of the grey levels of two crops."""
    pair = torch.stack([first.float().mean(0).flatten(), second.float().mean(0).flatten()])
    return float(torch.corrcoef(pair)[0, 1])


def shown(view: Tensor, views: Views) -> Tensor:
    """The part of a view that shows the photograph."""
    top, left, bottom, right = views.box.tolist()
    return view[:, top:bottom, left:right]


@pytest.mark.parametrize("size", [(20, 200), (64, 64), (100, 70), (3, 90)])
def test_the_crop_shows_the_photograph_or_its_mirror_image(size):
    image, make = coordinates(*size), maker(scale_range=(1.0, 1.0))
    mirrored = 0
    for seed in SEEDS:
        views = make(image, seed=seed)
        window = shown(views.weak, views).int()  # [3, h, w]
        rows, columns = window[0, :, :1], window[1, :1]
        assert window.shape[1] == min(64, size[0])
        assert window.shape[2] == min(64, size[1])
        assert torch.equal(columns.expand_as(window[1]), window[1])
        steps = columns[0].diff()
        assert (steps == 1).all() or (steps == -1).all()
        mirrored += int(steps[0] == -1)
        assert (rows[:, 0].diff() == 1).all()
    assert 5 < mirrored < 20


def test_the_box_bounds_the_photograph_and_padding_is_zero():
    image, make = torch.full((3, 40, 50), 255, dtype=torch.uint8), maker()
    boxes = set()
    for seed in SEEDS:
        views = make(image, seed=seed)
        top, left, bottom, right = views.box.tolist()
        real = torch.zeros(64, 64, dtype=torch.bool)
        real[top:bottom, left:right] = True
        assert torch.equal((views.weak != 0).all(0), real)
        assert (views.weak[:, ~real] == 0).all()
        assert (views.strong[:, ~real] == 0).all()
        boxes.add(tuple(views.box.tolist()))
    assert len(boxes) > 10


def test_scales_cover_their_range():
    image, make = photograph(height=40, width=50), maker(crop_size=128)
    heights = [int(views.box[2] - views.box[0]) for views in (make(image, seed=seed) for seed in range(80))]
    assert min(heights) >= 20
    assert max(heights) <= 80
    assert min(heights) < 28
    assert max(heights) > 70


@pytest.mark.parametrize("size", [(60, 80), (200, 150), (30, 40)])
def test_the_strong_view_has_other_colours_and_is_not_mirrored(size):
    changed, make = 0, maker()
    for seed in SEEDS:
        views = make(photograph(height=size[0], width=size[1]), seed=seed)
        weak, strong = shown(views.weak, views), shown(views.strong, views)
        assert likeness(weak, strong) > 0.7
        assert likeness(weak, strong) > likeness(weak, strong.flip(-1)) + 0.2
        changed += not torch.equal(weak, strong)
    assert changed > 18  # jitter .8, grey .2, blur .5: one in twelve or so stays as it is


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (400, 2), (9, 9)])
def test_the_smallest_photographs_have_views(size):
    make = maker(scale_range=(0.5, 0.5))
    for seed in range(8):
        views = make(photograph(height=size[0], width=size[1]), seed=seed)
        assert all(view.dtype == torch.uint8 for view in views[:3])
        assert views.weak.shape == views.strong.shape == (3, 64, 64)


def test_the_seed_alone_decides_the_views_and_nothing_else_changes():
    image, make = photograph(), maker(scale_range=(1.0, 1.0))
    before, state = image.clone(), torch.get_rng_state()
    first = make(image, seed=11)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(image, before)
    torch.rand(5)
    assert all(map(torch.equal, first, make(image, seed=11)))
    assert len({tuple(make(image, seed=seed).second.flatten().tolist()) for seed in SEEDS}) == len(SEEDS)
    assert len({tuple(make(image, seed=seed).box.tolist()) for seed in SEEDS}) > 1
    state = torch.get_rng_state()
    with pytest.raises((RuntimeError, TypeError, ValueError)):
        make(torch.zeros(5, dtype=torch.uint8), seed=3)
    assert torch.equal(torch.get_rng_state(), state), "restored after an error"


def test_normalisation_by_hand_and_its_inverse():
    image = torch.tensor([0, 51, 255], dtype=torch.uint8).view(3, 1, 1)
    expected = [(level - mean) / std for level, mean, std in zip((0.0, 0.2, 1.0), MEAN, STD, strict=True)]
    assert normalise(image).flatten().tolist() == pytest.approx(expected, rel=1e-6)
    everything = torch.arange(256, dtype=torch.uint8).expand(1, 3, 1, 256)
    torch.testing.assert_close(to_rgb(normalise(everything)), everything.float(), rtol=0, atol=1e-3)


def test_the_blur_is_a_gaussian():
    dot = torch.zeros(3, 31, 31, dtype=torch.uint8)
    dot[:, 15, 15] = 255
    blur = GaussianBlur()
    blurred = tv.pil_to_tensor(blur.transform(tv.to_pil_image(dot), {"sigma": 1.5}))[0].float()
    distance = torch.arange(31.0) - 15
    bell = torch.exp(-(distance**2) / (2 * 1.5**2))
    expected = 255 * torch.outer(bell, bell) / bell.sum() ** 2
    assert (blurred - expected).abs().max() < 3  # of a peak of 18 grey levels
    widths = {blur.make_params([])["sigma"] for _ in range(50)}
    assert 0.1 <= min(widths) < 0.5
    assert 1.6 < max(widths) <= 2.0


def test_the_mask_is_cut_like_the_photograph_and_255_outside():
    image = photograph(height=60, width=80)
    mask = (image[0] > 127).to(torch.uint8) * 9  # blocks of 10 pixels, as those of the photograph
    make = maker(wanted=("mask",))
    agree, sizes = [], set()
    for seed in SEEDS:
        views = make(image, mask, seed=seed)
        window, labels = shown(views.weak, views)[0], shown(views.mask[None], views)[0]
        assert set(labels.unique().tolist()) <= {0, 9}, "ids are never mixed"
        outside = torch.ones(64, 64, dtype=torch.bool)
        top, left, bottom, right = views.box.tolist()
        outside[top:bottom, left:right] = False
        assert (views.mask[outside] == IGNORE).all()
        agree.append(((labels == 9) == (window > 127)).float().mean().item())
        sizes.add((bottom - top, right - left))
    assert min(agree) > 0.93  # the photograph's edges are smoothed, the mask's are not
    assert len(sizes) > 5


def test_unwanted_views_are_empty_and_change_no_other_view():
    image, mask = photograph(), torch.zeros(60, 80, dtype=torch.uint8)
    for seed in SEEDS:
        every = maker(wanted=("strong", "second", "mask"))(image, mask, seed=seed)
        bare = maker(wanted=())(image, seed=seed)
        assert torch.equal(bare.weak, every.weak)
        assert torch.equal(bare.box, every.box)
        assert [bare.strong.numel(), bare.second.numel(), bare.mask.numel()] == [0, 0, 0]
        assert torch.equal(maker()(image, seed=seed).second, every.second)
