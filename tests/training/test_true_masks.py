"""Images with a true mask learn from it: which they are, and what a run makes of them."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seco.storage.manifest import Manifest, Record
from seco.storage.masks import write_mask
from seco.training.crop_pass import to_device
from seco.training.log import TrainingLog
from seco.training.objective import StepResult
from seco.training.trainer import Trainer
from seco.training.true_masks import describe_teaching, shown_classes, teaching_masks
from tests.demo_data import demo_manifest
from tests.settings import PHASES, small_settings
from tests.tiny import CPU, contrast_of


def listed(number: int, *, masks: int) -> Manifest:
    """A manifest of some training images, of which the last have masks, and one of another split."""
    records = [
        Record(str(index), Path("x"), Path(f"{index}.png") if index >= number - masks else None, (), "train", 1, 1)
        for index in range(number)
    ]
    return Manifest((*records, Record("v", Path("x"), Path("v.png"), (), "val", 1, 1, Path("c.png"))), ("cat",))


def corrected(manifest: Manifest, *names: str) -> Manifest:
    records = [
        replace(item, corrected=Path(f"fixed/{item.id}.png")) if item.id in names else item for item in manifest.records
    ]
    return replace(manifest, records=tuple(records))


def chosen(manifest: Manifest, *, seed: int = 0, **changes: Any) -> dict[str, Path]:
    settings = small_settings(**{f"train.{key}": value for key, value in changes.items()})
    return teaching_masks(manifest, settings.train, seed=seed)


def test_a_share_is_drawn_by_seed_among_images_with_masks_and_larger_shares_hold_smaller_ones():
    manifest = listed(40, masks=30)
    assert chosen(manifest) == {}
    sets = [set(chosen(manifest, mask_share=share)) for share in (0.01, 0.05, 0.25, 0.75)]
    assert [len(names) for names in sets] == [1, 2, 10, 30]
    assert all(small < large for small, large in pairwise(sets))
    assert sets[-1] == {str(index) for index in range(10, 40)}
    assert set(chosen(manifest, mask_share=0.25, seed=1)) != sets[2]


def test_a_corrected_mask_comes_before_the_images_own_and_can_be_switched_off():
    manifest = corrected(listed(4, masks=2), "0", "3")
    assert chosen(manifest) == {"0": Path("fixed/0.png"), "3": Path("fixed/3.png")}
    assert chosen(manifest, use_corrections=False) == {}
    masks = chosen(manifest, mask_share=0.5)
    assert masks == {"0": Path("fixed/0.png"), "2": Path("2.png"), "3": Path("fixed/3.png")}
    line = "3 of 4 images learn from a true mask"
    assert describe_teaching(manifest, masks) == f"{line} (2 of these are corrections)"
    assert describe_teaching(listed(4, masks=4), masks) == line


def test_the_labels_of_a_mask_are_the_classes_that_it_shows():
    assert shown_classes(np.array([[0, 3], [255, 1]], np.uint8), ("cat", "dog", "cow")) == ("cat", "cow")
    assert shown_classes(np.array([[0, 255]], np.uint8), ("cat",)) == ()


def trainer(folder: Path, manifest: Manifest | None = None, **changes: Any) -> Trainer:
    settings = small_settings(**PHASES | {"train.batch_size": 4} | changes)
    return Trainer(settings, manifest or demo_manifest(folder / "data"), resume_folder=folder / "run")


def with_blocks(folder: Path, number: int) -> Manifest:
    """The demo, some of whose training images have corrected masks: the left half of each shows class 9."""
    manifest, records = demo_manifest(folder / "data"), []
    for record in manifest.records:
        if record.split == "train" and number:
            number -= 1
            mask = np.zeros((record.height, record.width), np.uint8)
            mask[:, : record.width // 2] = 9
            write_mask(folder / f"fixed/{record.id}.png", mask)
            record = replace(record, corrected=folder / f"fixed/{record.id}.png")
        records.append(record)
    return replace(manifest, records=tuple(records))


def test_a_batch_marks_the_images_that_learn_and_gives_them_the_labels_of_their_masks(tmp_path):
    manifest = with_blocks(tmp_path, 3)
    fixed, seen = {record.id for record in manifest.records if record.corrected}, set()
    labels = {record.id: record.labels for record in manifest.records}
    for batch in trainer(tmp_path, manifest).batches():
        assert batch.supervised.tolist() == [name in fixed for name in batch.ids]
        for name, mask, found in zip(batch.ids, batch.masks, batch.labels, strict=True):
            shown = set(mask.unique().tolist())
            assert shown <= {0, 9, 255} if name in fixed else shown == {255}
            names = [manifest.class_names[index] for index in found.nonzero().flatten()]
            assert names == ([manifest.class_names[8]] if name in fixed else [*labels[name]])
            seen.add(name)
    assert seen & fixed
    assert seen - fixed


def first_results(run: Trainer) -> list[StepResult]:
    """Take two steps, the second with pseudo labels."""
    found = []
    for batch, step in zip(run.batches(), (0, 2), strict=False):
        run.state.step = step
        found.append(run.step(to_device(batch, CPU)))
    return found


@pytest.mark.parametrize("method", ["seco", "toco", "baseline"])
def test_pseudo_labels_wait_for_their_step_and_true_masks_do_not(tmp_path, method):
    manifest = with_blocks(tmp_path, 10_000)
    early, late = first_results(trainer(tmp_path, manifest, method=method))
    assert "seg" in early.terms
    assert "reg" not in early.terms
    assert {"seg", "reg"} <= late.terms.keys()
    early, late = first_results(trainer(tmp_path, method=method))
    assert early.terms.keys().isdisjoint({"seg", "reg"})
    assert {"seg", "reg"} <= late.terms.keys()


@pytest.mark.parametrize("method", ["seco", "toco", "baseline"])
def test_with_true_masks_of_all_images_the_decoder_learns_what_full_supervision_teaches(tmp_path, method):
    manifest = with_blocks(tmp_path, 10_000)
    mixed, full = (
        trainer(tmp_path / name, manifest, method=name, **{"train.mask_weight": 1.0}) for name in (method, "full")
    )
    batches = zip(mixed.batches(), full.batches(), strict=True)
    one, other = (run.step(to_device(batch, CPU)) for run, batch in zip((mixed, full), next(batches), strict=True))
    assert one.terms["seg"].item() == pytest.approx(other.terms["sup"].item(), rel=1e-6)


def test_a_run_without_true_masks_is_bit_by_bit_that_of_their_switch_and_weight(tmp_path):
    plain = trainer(tmp_path / "a", with_blocks(tmp_path, 0))
    other = trainer(
        tmp_path / "b", with_blocks(tmp_path, 3), **{"train.use_corrections": False, "train.mask_weight": 7.0}
    )
    for run in (plain, other):
        with TrainingLog(run.state.folder / "log") as log:
            run.run(log, lambda increment, note: None)
    assert not plain.teaching
    assert not other.teaching
    weights = other.state.models.network.parameters()
    assert all(map(torch.equal, plain.state.models.network.parameters(), weights))


def test_judged_tags_leave_out_those_of_true_masks(tmp_path):
    manifest = with_blocks(tmp_path, 3)
    for record in manifest.records:
        assert record.mask is not None
    run = trainer(tmp_path, manifest, **{"train.judge_tags": True, "train.contrast_start": 0})
    for batch in run.batches():
        result = run.step(to_device(batch, CPU))
        patches = contrast_of(result).patches
        true = batch.supervised
        assert (patches.judged[true] == -1).all()
        assert torch.equal(patches.judged[~true], patches.tags[~true])
        assert result.counts["tags/right"][1] == (patches.tags[~true] > 0).sum()
