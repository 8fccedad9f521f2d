import os
import signal
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pipeline.train import PAPER_BATCH
from seco.config.recipes import compose
from seco.errors import SecoError
from seco.inference.groups import Group, groups_of
from seco.inference.photographs import Photographs, Resizing, photo_of
from seco.runtime.loader import SafeDataset, load_batches
from seco.runtime.signals import Stopped, listen
from seco.storage.manifest import Record
from seco.storage.masks import write_mask
from seco.training.loading import Batch, TrainingSet, describe_batches, training_batches
from seco.training.views import View, ViewMaker
from tests.imports import ROOT
from tests.tiny import stream

CLASSES = ("cat", "dog", "person")
LABELS = [("cat",), ("dog", "person"), ("person",), ("cat", "dog"), ("dog",)]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    folder, found = tmp_path_factory.mktemp("images"), []
    for index, labels in enumerate(LABELS):
        pixels = np.random.default_rng(index).integers(0, 256, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
        found.append(Record(str(index), folder / f"{index}.png", None, labels, "train", 50, 40))
    return found


def training_set(
    records: list[Record],
    *,
    seed: int = 5,
    skip_bad: bool = False,
    wanted: Collection[View] = ("strong", "second"),
) -> TrainingSet:
    views = ViewMaker(crop_size=48, second_size=32, scale_range=(0.5, 2.0), wanted=wanted)
    return TrainingSet(records, CLASSES, views, num_draws=3, seed=seed, skip_bad=skip_bad)


def batches(records: list[Record], *, workers: int = 0, first: int = 0, last: int = 3) -> list[Batch]:
    return list(training_batches(training_set(records), stream(first=first, last=last), num_workers=workers))


def same(first: Batch, second: Batch) -> bool:
    return first.ids == second.ids and all(torch.equal(*pair) for pair in zip(first[2:], second[2:], strict=True))


def damaged(records: list[Record], folder: Path) -> list[Record]:
    """The records with one truncated image, the third."""
    path = folder / "damaged.jpg"
    Image.new("RGB", (300, 200), (200, 10, 10)).save(path)
    path.write_bytes(path.read_bytes()[:700])
    return [*records[:2], Record("damaged", path, None, ("dog",), "train", 300, 200), *records[3:]]


def test_a_batch_holds_views_and_labels_of_the_drawn_records(records):
    batch = batches(records)[0]
    drawn = [draw.record for draw in next(iter(stream()))]
    assert batch.ids == [str(index) for index in drawn]
    assert batch.labels.tolist() == [[float(name in LABELS[index]) for name in CLASSES] for index in drawn]
    assert batch.weak.shape == batch.strong.shape == (2, 3, 48, 48)
    assert batch.second.shape == (2, 3, 32, 32)
    assert batch.draws.shape == (2, 3, 2)
    kinds = [part.dtype for part in (batch.weak, batch.labels, batch.boxes, batch.draws)]
    assert kinds == [torch.uint8, torch.float32, torch.int64, torch.float64]
    assert ((batch.draws >= 0) & (batch.draws < 1)).all()


def test_the_views_of_an_image_differ_in_every_epoch(records):
    seen: dict[str, list[torch.Tensor]] = {}
    for batch in batches(records, last=5):
        for image_id, weak in zip(batch.ids, batch.weak, strict=True):
            seen.setdefault(image_id, []).append(weak)
    assert {len(views) for views in seen.values()} == {2}
    assert all(not torch.equal(*views) for views in seen.values())


@pytest.mark.parametrize(("workers", "first"), [(1, 0), (2, 0), (0, 2), (1, 2)])
def test_batches_have_the_same_bits_for_any_number_of_workers_and_any_first_step(records, workers, first):
    whole, other = batches(records, last=4), batches(records, workers=workers, first=first, last=4)
    assert all(same(one, two) for one, two in zip(whole[first:], other, strict=True))


def squares(records, workers: int, monkeypatch) -> list[Group]:
    """Return the images for inference, loaded by a number of processes."""
    monkeypatch.setattr("seco.inference.groups._LOADERS", workers)
    photos = list(map(photo_of, records))
    size = Resizing(square=32)
    return list(groups_of(photos, resizing=size, patch=16, classes=2, batch_size=2, device=torch.device("cpu")))


@pytest.mark.parametrize("workers", [0, 1])
def test_loading_changes_no_global_generator(records, workers, monkeypatch):
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    batches(records, workers=workers)
    squares(records, workers, monkeypatch)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.random.get_state()[1].tolist() == numpy_state  # noqa: NPY002


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_image_is_an_error_with_its_name(records, workers, tmp_path, monkeypatch):
    bad = damaged(records, tmp_path)
    for load in (
        lambda: batches(bad, workers=workers, last=5),
        lambda: squares(bad, workers, monkeypatch),
    ):
        with pytest.raises(SecoError, match=r"damaged\.jpg is truncated or damaged") as caught:
            load()
        assert "Traceback" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_batches_before_a_damaged_image_are_returned(records, tmp_path):
    loaded = training_batches(training_set(damaged(records, tmp_path)), stream(last=6), num_workers=0)
    where = next(step for step, draws in enumerate(stream()) if any(draw.record == 2 for draw in draws))
    assert [len(next(loaded).ids) for _ in range(where)] == [2] * where
    with pytest.raises(SecoError):
        next(loaded)


def test_photographs_come_in_order_with_their_pixels_and_as_squares(records, monkeypatch):
    groups = squares(records, 1, monkeypatch)
    assert [[photo.id for photo in group.photos] for group in groups] == [["0", "1"], ["2", "3"], ["4"]]
    for group in groups:
        assert group.over(lambda images: images).shape == (len(group.photos), 3, 32, 32)
        for photo, pixels in zip(group.photos, group.pixels, strict=True):
            with Image.open(photo.image) as image:
                assert np.array_equal(pixels, np.asarray(image))


def test_skip_bad_replaces_a_damaged_image_by_the_next(records, tmp_path):
    bad = damaged(records, tmp_path)
    loaded = list(training_batches(training_set(bad, skip_bad=True), stream(last=5), num_workers=0))
    sound = batches(records, last=5)
    spoilt = 0
    for mended, plain in zip(loaded, sound, strict=True):
        assert mended.ids == ["3" if name == "2" else name for name in plain.ids]
        assert len(mended.faults) == plain.ids.count("2")
        spoilt += len(mended.faults)
    assert spoilt == 2
    assert any("damaged.jpg is truncated" in fault for batch in loaded for fault in batch.faults)


def test_skip_bad_fails_where_no_image_can_be_read(records, tmp_path):
    bad = [damaged(records, tmp_path)[2]] * 2
    with pytest.raises(SecoError, match=r"no training image can be read; the first: .*damaged\.jpg"):
        list(training_batches(training_set(bad, skip_bad=True), stream(), num_workers=0))


class KillsItself(Photographs):
    def load(self, key):
        os.kill(os.getpid(), signal.SIGKILL)
        return super().load(key)


def test_a_killed_worker_is_an_error_with_a_sentence(records):
    dataset = KillsItself(list(map(photo_of, records)), resizing=Resizing(square=32), patch=16)
    with pytest.raises(
        SecoError, match=r"a process that loads images was killed \(DataLoader worker \(pid.*Then close other"
    ):
        list(load_batches(dataset, batch_size=2, num_workers=1))


def test_masks_are_loaded_only_where_they_are_wanted(records, tmp_path):
    masked = [replace(record, mask=tmp_path / f"{record.id}.png") for record in records]
    assert next(iter(training_batches(training_set(masked), stream(), num_workers=0))).masks.shape == (2, 0)
    for record in masked:
        class_id = CLASSES.index(record.labels[0]) + 1
        write_mask(tmp_path / f"{record.id}.png", np.full((record.height, record.width), class_id, np.uint8))
    batch = next(iter(training_batches(training_set(masked, wanted=("mask",)), stream(), num_workers=0)))
    assert batch.masks.shape == (2, 48, 48)
    assert batch.strong.shape == batch.second.shape == (2, 0)
    for name, mask, (top, left, bottom, right) in zip(batch.ids, batch.masks, batch.boxes.tolist(), strict=True):
        assert (mask[top:bottom, left:right] == CLASSES.index(LABELS[int(name)][0]) + 1).all()
        assert (mask == 255).sum() == 48 * 48 - (bottom - top) * (right - left)


def test_a_missing_mask_that_is_wanted_is_an_error(records):
    (first, *others) = records
    with pytest.raises(SecoError, match=r"1 of 5 training images have no mask, such as 0: full supervision needs"):
        training_set([first, *(replace(record, mask=Path("mask.png")) for record in others)], wanted=("mask",))


class Signalled(SafeDataset[int, int]):
    def __init__(self) -> None:
        self.loaded: list[int] = []

    def __len__(self) -> int:
        return 2

    def load(self, key: int) -> int:
        signal.raise_signal(signal.SIGTERM)
        self.loaded.append(key)
        return key


def test_a_request_to_stop_waits_for_the_batch():
    dataset = Signalled()
    with listen(), pytest.raises(Stopped):
        list(load_batches(dataset, batch_size=1, num_workers=0))
    assert dataset.loaded == [0]


def described(monkeypatch: pytest.MonkeyPatch, *, world: int, batch: int, usual: tuple[str, int] | None = None) -> str:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    for module in ("seco.compute.distributed", "seco.training.loading"):
        monkeypatch.setattr(f"{module}.world_size", lambda: world)
    return describe_batches(batch, usual=usual)


def test_the_description_names_shares_and_a_batch_size_other_than_the_papers(monkeypatch):
    assert described(monkeypatch, world=1, batch=8) == "batches of 8 on one CPU"
    assert described(monkeypatch, world=3, batch=8) == "batches of 8, as 2 + 3 + 3 on 3 processes (CPU)"
    assert "paper" not in described(monkeypatch, world=2, batch=4, usual=("PASCAL VOC", 4))
    line = described(monkeypatch, world=1, batch=1, usual=("PASCAL VOC", 4))
    assert line.endswith("; the paper trains PASCAL VOC with 4: expect other results")


@pytest.mark.parametrize(("classes", "recipe"), [("voc", "voc2012"), ("coco", "coco2014")])
def test_the_papers_batch_size_is_that_of_the_recipe(classes, recipe):
    assert PAPER_BATCH[classes][1] == compose(ROOT / "recipes", recipe).values["train"]["batch_size"]


def test_every_process_needs_an_image(monkeypatch):
    with pytest.raises(SecoError, match="batch_size is 2, the images of a step on all 3 processes together: raise it"):
        described(monkeypatch, world=3, batch=2)
