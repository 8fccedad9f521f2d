"""`seco corrections`: masks come back from people and their tools, all or none, and training learns from them."""

import json
import os
import shutil
import zipfile
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from seco.storage.corrections import read_corrections
from seco.storage.manifest import Manifest, read_manifest, write_manifest
from seco.storage.masks import MaskArray, mask_path, read_mask, write_mask
from tests.pipeline.conftest import Project
from tests.pipeline.corrections import ADD, CLASSES, IDS, SIZE, blocks, corrected, prepared, put

__all__ = ["prepared"]  # a fixture


def test_masks_are_added_listed_replaced_when_asked_and_removed(prepared: Project) -> None:
    first = prepared.run(*ADD, put(prepared, a=blocks(1, 255), sub_b=blocks(2)))
    assert first.out.splitlines() == [
        "Added corrected masks to corrections: 2 new.",
        "`dvc repro`, or `seco prepare` and `seco train`, learns from them.",
    ]
    assert np.array_equal(corrected(prepared, "sub/b"), blocks(2))
    assert [row.source for row in read_corrections(prepared.root / "corrections").values()] == ["fixed", "fixed"]
    before = prepared.files()
    again = prepared.run(*ADD, "fixed")
    assert again.out == "Nothing changed in corrections: 2 were there already, the same.\n"
    assert prepared.changed_files(before) == set()
    put(prepared, "newer", a=blocks(2), sub_b=blocks(2))
    told = prepared.refusal(*ADD, "newer")
    assert "newer/a.png: the image 'a' is corrected already (from fixed): give --replace" in told
    assert prepared.run(*ADD, "newer", "--replace").out.startswith(
        "Added corrected masks to corrections: 0 new, 1 replaced, 1 were there already, the same."
    )
    assert np.array_equal(corrected(prepared, "a"), blocks(2))
    listed = prepared.run("corrections", "list").out
    assert "newer" in listed
    assert "sub/b" in listed
    assert "not corrected" in prepared.refusal("corrections", "remove", "c")
    assert prepared.run("corrections", "remove", "a").status == 0
    assert [*read_corrections(prepared.root / "corrections")] == ["sub/b"]
    assert not mask_path(prepared.root / "corrections/masks", "a").exists()
    assert prepared.run("corrections", "remove", "sub/b").status == 0
    assert prepared.run("corrections", "list").out == "There is no corrected mask in corrections.\n"


@pytest.mark.parametrize(
    ("name", "mask", "sentence"),
    [
        ("nope", blocks(1), "'nope' is no image of the prepared data: name the mask after its id, such as 'a'"),
        ("a", blocks(1, size=(9, 8)), "fixed/a.png is 9x8 pixels but its image is 12x8 (width x height)"),
        ("a", blocks(3), "mask fixed/a.png holds the value 3, but class ids are 0..2 and 255 (ignore)"),
        ("a", np.full((8, 12), 255, np.uint8), "fixed/a.png: the mask is empty, since all of its pixels are uncertain"),
        ("a", blocks(0, 255), "fixed/a.png: the mask shows no class, but the labels name cat: draw them, or give"),
        ("c", blocks(1), "the image 'c' is of the split 'val', which scores are measured on: give --scored if"),
        ("d", blocks(1), "the image 'd' of the split 'val' has a true mask, by which scores are measured: correct"),
    ],
)
def test_a_mask_that_cannot_be_used_is_a_sentence_and_nothing_is_added(
    prepared: Project, name: str, mask: MaskArray, sentence: str
) -> None:
    put(prepared, sub_b=blocks(2), **{name: mask})
    told = prepared.refusal(*ADD, "fixed")
    assert told.startswith("nothing was added, since the corrections have 1 problem:\n")
    assert sentence in told


def test_all_problems_are_listed_at_once(prepared: Project) -> None:
    put(prepared, x=blocks(1), a=blocks(7), c=blocks(1))
    (prepared.root / "fixed/sub").mkdir()
    (prepared.root / "fixed/sub/b.png").write_bytes(b"")
    told = prepared.refusal(*ADD, "fixed").splitlines()
    assert told[0] == "nothing was added, since the corrections have 4 problems:"
    assert len(told) == 5


def test_masks_of_scored_splits_and_of_nothing_are_added_when_asked(prepared: Project) -> None:
    put(prepared, c=blocks(1), a=blocks(0))
    assert prepared.run(*ADD, "fixed", "--scored", "--background").status == 0
    assert "has a true mask" in prepared.refusal(*ADD, put(prepared, "val", d=blocks(1)), "--scored")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("missing",), "missing does not exist: name a folder of PNG masks, or what COCO, CVAT"),
        (("data/prepare",), "data/prepare/summary.json has no images and no annotations and no categories"),
        (("data/raw/x",), "data/raw/x holds no corrected mask: name a folder of PNG masks"),
        (("broken.zip",), "broken.zip is no readable ZIP archive"),
        (("broken.json",), "broken.json is not readable JSON"),
        (("list.json",), "list.json has no images and no annotations"),
        (("min.json",), "min.json is JSON of another form: name a folder of PNG masks, or what COCO, CVAT"),
        (("pipe.png",), "pipe.png is no regular file but a pipe, socket or device"),
        (("damaged.zip",), "damaged.zip is no readable ZIP archive (Error -3 while decompressing data"),
        (("twice.zip",), "twice.zip holds 'a.png' twice: pack it again"),
    ],
)
def test_a_source_that_holds_no_masks_is_a_sentence(prepared: Project, words: tuple[str], sentence: str) -> None:
    (prepared.root / "broken.zip").write_bytes(b"PK")
    (prepared.root / "broken.json").write_text("{")
    (prepared.root / "list.json").write_text("{}")
    (prepared.root / "min.json").write_text('[{"image": "a.jpg", "id": 1}]')
    os.mkfifo(prepared.root / "pipe.png")
    with zipfile.ZipFile(prepared.root / "damaged.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(range(256)) * 9)
    damaged = bytearray((prepared.root / "damaged.zip").read_bytes())
    damaged[35] = 0xFF  # the head of what is deflated: a kind of block that does not exist
    (prepared.root / "damaged.zip").write_bytes(damaged)
    with zipfile.ZipFile(prepared.root / "twice.zip", "w") as archive:
        archive.writestr("a.png", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.png", b"2")
    assert sentence in prepared.refusal(*ADD, *words)


def test_converted_masks_are_the_corrected_ones_where_there_are_any(prepared: Project) -> None:
    exported(prepared, "cvat")
    prepared.run(*ADD, put(prepared, a=blocks(2)))
    manifest = read_manifest(prepared.root / "data/prepare")
    records = [
        replace(record, corrected=prepared.root / "corrections/masks/a.png") if record.id == "a" else record
        for record in manifest.records
    ]
    write_manifest(prepared.root / "data/prepare", Manifest(tuple(records), CLASSES), summary={})
    words = ("convert", "masks", "data/refine", "--to", "voc", "--force", "--out")
    assert "1 of them are corrections." in prepared.run(*words, "both").out
    assert "corrections" not in prepared.run(*words, "machine", "--machine-only").out
    found = {
        (place, name): read_mask(prepared.root / place / f"SegmentationClass/{name}.png", num_classes=2, size=SIZE)
        for place in ("both", "machine")
        for name in IDS
    }
    assert np.array_equal(found["both", "a"], blocks(2))
    assert np.array_equal(found["machine", "a"], blocks(1))
    assert np.array_equal(found["both", "sub/b"], found["machine", "sub/b"])


EXPORTS = {"cvat": "job.zip", "coco": "job.json", "labelme": "job", "label-studio": "job"}


def exported(project: Project, form: str, *options: str) -> str:
    """Export masks of the training images to a tool's format, as its users would give them back."""
    for name, mask in {"a": blocks(1), "sub/b": blocks(2, 1)}.items():
        write_mask(mask_path(project.root / "data/refine", name), mask)
    place = EXPORTS[form]
    outcome = project.run("convert", "masks", "data/refine", "--to", form, "--out", place, *options)
    assert outcome.status == 0, outcome.err
    if form == "label-studio":  # accept the predictions
        file = project.root / place / "tasks.json"
        tasks: list[dict[str, Any]] = json.loads(file.read_text())
        for task in tasks:
            task["annotations"] = [{"id": 1, "was_cancelled": False, "result": task["predictions"][0]["result"]}]
        file.write_text(json.dumps(tasks))
    return place


@pytest.mark.parametrize("form", EXPORTS)
def test_what_annotation_tools_export_comes_back_pixel_by_pixel(prepared: Project, form: str) -> None:
    outcome = prepared.run(*ADD, exported(prepared, form))
    assert outcome.out.startswith("Added corrected masks to corrections: 2 new."), outcome.err
    assert np.array_equal(corrected(prepared, "a"), blocks(1))
    assert np.array_equal(corrected(prepared, "sub/b"), blocks(2, 1))


@pytest.mark.parametrize("form", EXPORTS)
def test_a_class_that_the_model_lacks_is_named(prepared: Project, form: str) -> None:
    place = exported(prepared, form)
    manifest = read_manifest(prepared.root / "data/prepare")
    records = tuple(record for record in manifest.records)
    write_manifest(prepared.root / "data/prepare", Manifest(records, ("cat", "digger")), summary={})
    told = prepared.refusal(*ADD, place)
    assert "1 problem" in told
    assert "the class 'dog' is unknown: " in told
    assert "/tmp" not in told.replace(str(prepared.root), "")


def test_tasks_that_nobody_has_annotated_are_left_out_and_counted(prepared: Project) -> None:
    file = prepared.root / exported(prepared, "label-studio") / "tasks.json"
    tasks = json.loads(file.read_text())
    tasks[1]["annotations"] = []
    file.write_text(json.dumps(tasks))
    outcome = prepared.run(*ADD, str(file))
    assert "Left out, as nobody has annotated them: 1 images." in outcome.out
    assert [*read_corrections(prepared.root / "corrections")] == ["a"]
    tasks[0]["annotations"] *= 2
    file.write_text(json.dumps(tasks))
    assert "tasks.json, task 1: it has 2 annotations: delete all but one" in prepared.refusal(*ADD, str(file))
    tasks[0]["annotations"] = [{"result": [{**tasks[0]["predictions"][0]["result"][0], "original_width": 11}]}]
    file.write_text(json.dumps(tasks))
    assert "a brush is not that of an image of 11x8 pixels" in prepared.refusal(*ADD, str(file))
    file.write_text(json.dumps([{"data": 3, "annotations": [{}]}]))
    assert "it is not of Label Studio's form" in prepared.refusal(*ADD, str(file))


def test_prepare_and_train_use_corrected_masks_and_prepare_checks_them_again(project: Project) -> None:
    record = read_manifest(project.root / "data/prepare").split("train")[0]
    mask = np.zeros((record.height, record.width), np.uint8)
    mask[:9] = 5
    write_mask(project.root / f"fixed/{record.id}.png", mask)
    assert project.run(*ADD, "fixed").status == 0
    outcome = project.run("prepare")
    assert "train: 1 image with a corrected mask" in outcome.out
    found = read_manifest(project.root / "data/prepare").split("train")[0]
    assert (found.mask, found.corrected) == (record.mask, project.root / f"corrections/masks/{record.id}.png")
    assert project.run("train").err.count("train: 1 of 8 images learn from a true mask (1 of these are correct") == 1
    table = project.root / "corrections/corrections.csv"
    written, name = table.read_text(), read_manifest(project.root / "data/prepare").class_names[4]
    table.write_text(written.replace(f",{name},", ",ant,"))  # as if the list of classes had another order then
    told = project.refusal("prepare", besides=("data/prepare/problems.csv", ".seco"))
    assert f"{record.id}.png shows ant, but by the list of classes of today its values mean {name}: restore" in told
    table.write_text(written)
    write_mask(project.root / f"corrections/masks/{record.id}.png", mask[::-1].copy())
    told = project.refusal("prepare", besides=("data/prepare/problems.csv", ".seco"))
    assert f"corrections/masks/{record.id}.png is not the one that was added" in told
    shutil.rmtree(project.root / "corrections/masks")
    told = project.refusal("prepare", besides=("data/prepare/problems.csv", ".seco"))
    assert f"corrections/masks/{record.id}.png is missing: add it again" in told
