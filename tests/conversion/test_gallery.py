"""The plain folder: photographs, masks and overlays under one name, and a page of all."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.conversion.mask_set import MaskSet
from seco.reporting.overlays import mask_overlay
from seco.storage.masks import read_mask
from tests.conversion.masks import CLASSES, PHOTOS, converted, found_masks, some_masks

pytestmark = pytest.mark.usefixtures("masks")


def reversed_with_notes() -> MaskSet:
    found = found_masks()
    items = [item._replace(note=f"look at <{item.id}>") for item in reversed(found.items)]
    return MaskSet(items, found.class_names, found.photo_folder)


def test_every_mask_has_its_photograph_and_overlay() -> None:
    out = converted("gallery", "out")
    for name, mask in some_masks(ignore=True).items():
        assert (out / f"photographs/{name}.jpg").read_bytes() == (PHOTOS / f"{name}.jpg").read_bytes()
        found = read_mask(out / f"masks/{name}.png", num_classes=len(CLASSES), size=None)
        np.testing.assert_array_equal(found, mask)
        overlay = np.asarray(Image.open(out / f"overlays/{name}.jpg"), int)
        assert overlay.shape == (*mask.shape, 3)
    assert (out / "legend.csv").read_text(encoding="utf-8").startswith("class,id,colour\ncat,1,#")


def test_the_page_shows_them_in_their_order_with_their_notes() -> None:
    masks = reversed_with_notes()
    page = (converted("gallery", "out", masks=masks) / "index.html").read_text(encoding="utf-8")
    places = [
        page.index(f"{place}. {item.id}: look at &lt;{item.id}&gt;") for place, item in enumerate(masks.items, start=1)
    ]
    assert places == sorted(places)
    assert page.count("<figure") == 2 * len(masks.items)


def test_tasks_of_label_studio_keep_order_and_notes() -> None:
    masks = reversed_with_notes()
    tasks = json.loads((converted("label-studio", "tasks", masks=masks) / "tasks.json").read_text(encoding="utf-8"))
    assert [task["data"]["note"] for task in tasks] == [item.note for item in masks.items]
    assert Path(tasks[-1]["data"]["image"]).name == "?d=a.jpg"


def test_an_overlay_is_the_mask_over_the_photograph() -> None:
    out = converted("gallery", "out")
    with Image.open(PHOTOS / "void.jpg") as photo, Image.open(out / "overlays/void.jpg") as overlay:
        exact = mask_overlay(np.asarray(photo), some_masks(ignore=True)["void"])
        assert np.abs(np.asarray(overlay, int) - exact).mean() < 8
