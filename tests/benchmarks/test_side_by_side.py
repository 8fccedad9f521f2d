from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import side_by_side
from seco.errors import SecoError
from seco.storage.manifest import Manifest, write_manifest
from seco.storage.masks import write_mask
from seco.storage.model import StoredModel, write_model
from tests.inference.test_predictor import CLASSES, SETTINGS, make_network, make_record


@pytest.fixture
def data(tmp_path: Path) -> Path:
    records = []
    for name, labels in (("a", ("dog",)), ("b", ("cat", "person"))):
        write_mask(tmp_path / f"{name}.mask.png", np.full((60, 60), 1, np.uint8))
        record = make_record(tmp_path, name, labels, size=(60, 60))
        records.append(replace(record, mask=tmp_path / f"{name}.mask.png"))
    records.append(replace(make_record(tmp_path, "c", ("cat",)), split="bare"))
    write_manifest(tmp_path / "data", Manifest(tuple(records), CLASSES), summary={})
    write_model(tmp_path / "model", StoredModel(make_network().state_dict(), CLASSES, SETTINGS))
    return tmp_path / "data"


def test_each_model_has_a_column_and_each_image_a_row(data: Path, monkeypatch) -> None:
    drawn: list = []
    monkeypatch.setattr(side_by_side, "overview_figure", lambda rows, *, legend: drawn.append((rows, legend)) or b"")
    model = data.parent / "model"
    side_by_side.picture([f"one={model}", f"two={model}"], data, split="train", images=2, image_size=32)
    ((rows, legend),) = drawn
    assert [list(row) for row in rows] == [["photograph", "truth", "one", "two"]] * 2
    assert all(picture.shape == (60, 60, 3) for row in rows for picture in row.values())
    assert all(np.array_equal(row["one"], row["two"]) for row in rows)
    assert [name for name, _ in legend] == [CLASSES[0]]


def test_maps_alone_show_nothing_of_the_photographs(data: Path, monkeypatch) -> None:
    drawn: list = []
    monkeypatch.setattr(side_by_side, "heat_overlay", lambda photo, heat: photo)
    monkeypatch.setattr(side_by_side, "overview_figure", lambda rows, *, legend: drawn.append(rows) or b"")
    model = f"one={data.parent / 'model'}"
    side_by_side.picture([model], data, split="train", images=2, image_size=32, maps_alone=True)
    ((first, _),) = drawn
    assert [*first] == ["truth", "one"]
    assert (first["one"] == side_by_side.GREY).all()


def test_the_picture_is_a_png(data: Path) -> None:
    png = side_by_side.picture([f"one={data.parent / 'model'}"], data, split="train", images=1, image_size=32)
    with Image.open(BytesIO(png)) as image:
        assert image.format == "PNG"


def test_bad_words_and_splits_without_masks_are_refused(data: Path) -> None:
    with pytest.raises(SecoError, match="'model' is not TITLE=FOLDER"):
        side_by_side.picture(["model"], data, split="train", images=1, image_size=32)
    with pytest.raises(SecoError, match=r"bare of .* has no image with a mask"):
        side_by_side.picture(["a=b"], data, split="bare", images=1, image_size=32)
