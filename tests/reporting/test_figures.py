import io
import math

import numpy as np
from PIL import Image

from seco.reporting.figures import confusion_figure, overview_figure

LEGEND = [(f"class {index}", (1.0, 0.5, 0.0)) for index in range(12)]


def _open(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    return image


def _rows(count: int, size: int) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    titles = ("photograph", "CAM", "truth")
    return [{title: rng.integers(0, 256, (size, size, 3), dtype=np.uint8) for title in titles} for _ in range(count)]


def test_an_overview_fits_a_readme() -> None:
    rows = _rows(2, 20)
    png = overview_figure(rows, legend=LEGEND)
    image = _open(png)
    assert image.width == 1300
    assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert overview_figure(rows, legend=LEGEND) == png


def test_an_overview_of_noise_shrinks_to_a_megabyte() -> None:
    png = overview_figure(_rows(3, 400), legend=LEGEND)
    assert len(png) <= 1_000_000
    assert _open(png).width < 1300


def test_pictures_stand_where_their_row_and_column_say() -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
    cells = [np.full((30, 30, 3), colour, np.uint8) for colour in colours]
    rows = [{"left": cells[0], "right": cells[1]}, {"left": cells[2], "right": cells[3]}]
    image = _open(overview_figure(rows, legend=[("cat", (0.5, 0.5, 0.5))])).convert("RGB")
    seen = [image.getpixel((x * image.width // 4, y * image.height // 4)) for y in (1, 3) for x in (1, 3)]
    assert seen == colours


def test_bars_draw_infinite_and_undefined_ratios() -> None:
    ratios = {"train": {"CAM seed": [0.5, math.inf, math.nan]}, "val": {"CAM seed": [7.0, 0.0, 1.0]}}
    plain = {split: {"CAM seed": [0.0, 0.0, 0.0]} for split in ratios}
    drawn = _open(confusion_figure(ratios, class_names=("cat", "dog", "cow")))
    empty = _open(confusion_figure(plain, class_names=("cat", "dog", "cow")))
    assert drawn.width == 1300
    blue = [
        np.all(np.abs(np.asarray(image)[..., :3] - (76.0, 114, 176)) < 2, axis=-1).sum() for image in (drawn, empty)
    ]
    assert blue[0] > 5 * blue[1]  # beyond the legend's patch
