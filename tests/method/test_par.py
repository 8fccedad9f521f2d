import pytest
import torch
from torch import Tensor

from seco.method.par import PAR
from tests.tiny import seeded


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=seeded(seed), dtype=torch.float64)


def neighbours_of(image: Tensor, y: int, x: int, dilations: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Colours ``[n, 3]`` and distances ``[n]`` of the neighbours of one pixel of ``image`` ``[C, H, W]``."""
    height, width = image.shape[1:]
    values, distances = [], []
    for d in dilations:
        for dy in (-d, 0, d):
            for dx in (-d, 0, d):
                if (dy, dx) != (0, 0):
                    row, column = min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)
                    values.append(image[:, row, column])
                    distances.append((dy * dy + dx * dx) ** 0.5)
    return torch.stack(values), torch.tensor(distances, dtype=image.dtype)


def naive_par(rgb: Tensor, maps: Tensor, dilations: tuple[int, ...], iterations: int) -> Tensor:
    """One image, pixel by pixel."""
    for _ in range(iterations):
        refined = torch.zeros_like(maps)
        for y in range(rgb.shape[1]):
            for x in range(rgb.shape[2]):
                colours, distances = neighbours_of(rgb, y, x, dilations)
                sigma = colours.std(dim=0) + 1e-8
                colour = -((((colours - rgb[:, y, x]) / (sigma * 0.3)) ** 2).mean(dim=1))
                place = -((distances / ((distances.std() + 1e-8) * 0.3)) ** 2)
                weight = colour.softmax(0) + 0.01 * place.softmax(0)
                refined[:, y, x] = weight @ neighbours_of(maps, y, x, dilations)[0]
        maps = refined
    return maps


@pytest.mark.parametrize(("dilations", "iterations"), [((1, 2), 3), ((1, 2, 4, 8, 12, 24), 2)])
def test_par_equals_a_loop_over_pixels(dilations, iterations):
    rgb, maps = random(2, 3, 6, 9) * 255, random(2, 4, 6, 9, seed=1)
    refined = PAR(dilations=dilations, iterations=iterations)(rgb, maps)
    for image in range(2):
        expected = naive_par(rgb[image], maps[image], dilations, iterations)
        torch.testing.assert_close(refined[image], expected, rtol=1e-9, atol=1e-12)


def test_float32_stays_close_to_float64():
    rgb, maps = (random(1, 3, 40, 40) * 255).round(), random(1, 2, 40, 40, seed=1)
    refined = PAR()(rgb.float(), maps.float())
    torch.testing.assert_close(refined.double(), PAR()(rgb, maps), rtol=1e-3, atol=1e-4)


def test_affinities_sum_to_one_for_colour_and_a_hundredth_for_position():
    affinity = PAR().affinity(random(2, 3, 30, 31) * 255)
    torch.testing.assert_close(affinity.sum(1), torch.full((2, 30, 31), 1.01, dtype=torch.float64))


def test_a_constant_map_stays_constant():
    refined = PAR()(random(1, 3, 20, 20) * 255, torch.full((1, 1, 20, 20), 0.4, dtype=torch.float64))
    torch.testing.assert_close(refined, torch.full_like(refined, 0.4 * 1.01**10))


@pytest.mark.parametrize("level", [128.0, 255.0])  # of one pixel; all others are 128
def test_a_flat_image_is_smoothed_without_nan(level):
    rgb = torch.full((1, 3, 16, 16), 128.0)
    rgb[..., 8, 8] = level
    refined = PAR()(rgb, random(1, 2, 16, 16).float())
    assert refined.isfinite().all()
    assert refined.std() < 0.2


def test_scores_do_not_cross_a_colour_edge():
    rgb = torch.full((1, 3, 32, 32), 20.0)
    rgb[..., 16:] = 230.0
    maps = torch.zeros(1, 1, 32, 32)
    maps[..., 10:22] = 1.0  # a blob over the edge
    maps[..., 16:] *= 0.2  # weak on the right
    refined = PAR()(rgb, maps)[0, 0]
    assert refined[:, :16].mean() > 3 * refined[:, 16:].mean()


def test_channels_and_images_are_refined_independently():
    rgb, maps = random(2, 3, 12, 14) * 255, random(2, 2, 12, 14, seed=1)
    before = rgb.clone(), maps.clone()
    refined = PAR()(rgb, maps)
    for image in range(2):
        for channel in range(2):
            alone = PAR()(rgb[[image]], maps[[image]][:, [channel]])
            torch.testing.assert_close(refined[[image]][:, [channel]], alone)
    assert torch.equal(rgb, before[0])
    assert torch.equal(maps, before[1])
