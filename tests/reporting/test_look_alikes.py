import io
from pathlib import Path

import numpy as np
from PIL import Image

from seco.inference.predictor import Predictor
from seco.reporting.look_alikes import look_alikes
from seco.reporting.measurements import MaskSource, measure
from seco.storage.contexts import read_contexts
from seco.storage.manifest import Manifest, Record
from tests.inference.test_predictor import CLASSES, make_network


def paint(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def test_the_largest_group_of_false_positives_is_shown(tmp_path: Path) -> None:
    rng, records = np.random.default_rng(0), []
    for number in range(8):
        photo = rng.integers(0, 40, (64, 64, 3), dtype=np.uint8)
        photo[:, :32, 0] += 200  # red where class 2 is seen on background, half of it in two of the images
        truth, called = np.zeros((64, 64), np.uint8), np.zeros((64, 64), np.uint8)
        truth[:, 48:] = 1
        called[:, :32] = 2
        if number < 2:
            photo[:, :32] = (0, 0, 255)
        name = f"im{number}"
        paint(tmp_path / "masks" / f"{name}.png", called)
        mask = paint(tmp_path / "truth" / f"{name}.png", truth)
        image = paint(tmp_path / "images" / f"{name}.png", photo)
        records.append(Record(name, image, mask, ("cat",), "val", 64, 64))
    source = MaskSource("refined", None, tmp_path / "masks", "refine", ("val",))
    manifest = Manifest(tuple(records), CLASSES)
    (measured,) = measure(manifest, [source], contexts=read_contexts(tmp_path / "contexts.csv"))
    predictor = Predictor(make_network(), CLASSES, precision="fp32")
    (strip,) = look_alikes(measured, records, predictor, image_size=64, batch_size=4)
    assert strip.title.startswith("dog: ")
    assert strip.title.endswith(" % of its false positives on background look like this")
    assert 25 <= int(strip.title.split()[1]) <= 75
    shown = [np.asarray(Image.open(io.BytesIO(picture.image)).convert("RGB")) for picture in strip.pictures]
    assert 1 <= len(shown) <= 6
    # Most false positives are red; a picture shows its place in the middle, the image where it is not false is pale.
    assert all(np.median(crop[50:70, 50:70, 0]) > np.median(crop[50:70, 50:70, 2]) for crop in shown)
    again = look_alikes(measured, records, predictor, image_size=64, batch_size=4)
    assert again == [strip]


def test_masks_without_false_positives_have_no_strips(tmp_path: Path) -> None:
    empty = np.zeros((64, 64), np.uint8)
    image = paint(tmp_path / "images" / "a.png", np.repeat(empty[..., None], 3, axis=2))
    masks = paint(tmp_path / "masks" / "a.png", empty)
    record = Record("a", image, masks, (), "val", 64, 64)
    source = MaskSource("refined", None, tmp_path / "masks", "refine", ("val",))
    (measured,) = measure(Manifest((record,), CLASSES), [source], contexts=read_contexts(tmp_path / "contexts.csv"))
    predictor = Predictor(make_network(), CLASSES, precision="fp32")
    assert look_alikes(measured, [record], predictor, image_size=64, batch_size=4) == []
