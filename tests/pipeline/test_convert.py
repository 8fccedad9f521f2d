"""`seco convert masks` in a project and outside of one."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seco.inference.cam_store import write_cam
from seco.storage.manifest import Manifest, Record, write_manifest
from seco.storage.masks import mask_path, write_mask
from tests.data.trees import add_photo
from tests.pipeline.conftest import Project

IDS = ("a", "sub/b")


@pytest.fixture
def refined(tmp_path: Path, open_project: Callable[[Path], Project]) -> Project:
    """A project with a manifest and the masks of its split train."""
    records = []
    for name, split in (*((name, "train") for name in IDS), ("c", "val")):
        photo = add_photo(tmp_path / "data/raw/x" / f"{name}.jpg")
        records.append(Record(name, photo, None, ("cat",), split, 12, 8))
    for name in IDS:
        write_mask(mask_path(tmp_path / "data/refine", name), np.resize(np.array([0, 1, 255], np.uint8), (8, 12)))
    write_manifest(tmp_path / "data/prepare", Manifest(tuple(records), ("cat", "dog")), summary={})
    return open_project(tmp_path)


def test_classes_and_photographs_come_from_the_manifest(refined: Project) -> None:
    outcome = refined.run("convert", "masks", "data/refine", "--to", "coco", "--out", "out/masks.json")
    assert outcome.status == 0
    assert outcome.out.splitlines() == [
        "out/masks.json holds 2 masks of 2 classes in the format coco.",
        f"The file names of photographs are relative to {refined.root}/data/raw/x.",
        "2 masks have uncertain pixels (255), which coco cannot hold: they have no class there.",
    ]
    assert "convert: 2/2" in outcome.err
    content = json.loads((refined.root / "out/masks.json").read_text())
    assert [image["file_name"] for image in content["images"]] == ["a.jpg", "sub/b.jpg"]
    assert [category["name"] for category in content["categories"]] == ["cat", "dog"]


def test_outside_of_a_project_classes_are_named(refined: Project) -> None:
    words = ("convert", "masks", "data/refine", "--to", "voc", "--out", "voc", "--classes", "cat,dog")
    outcome = refined.run(*words)
    assert outcome.out == "voc holds 2 masks of 2 classes in the format voc.\n"
    assert refined.refusal(*words) == "voc exists: choose another folder, or replace it with --force"
    before = refined.files()
    words = (*words, "--force", "--images", "data/raw/x", "--with-images")
    assert refined.run(*words).status == 0
    assert refined.changed_files(before) == {"voc/JPEGImages/a.jpg", "voc/JPEGImages/sub/b.jpg"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--to", "coko", "--out", "x"), "there is no format 'coko': did you mean coco?"),
        (
            ("--to", "coco"),
            "give the format and the place: --to FORMAT --out PATH; the formats are voc, voc-test, coco",
        ),
        (("--to", "cvat", "--out", "x.zip", "--url", "/"), "--url does nothing for the format cvat, only for label-st"),
        (
            ("--to", "voc", "--out", "x", "--images", "."),
            "--images is for files outside of a project: give --classes too",
        ),
        (
            ("--to", "voc", "--out", "x", "--classes", "a,b", "--data", "."),
            "--data and --classes both name the classes",
        ),
        (
            ("--to", "voc", "--out", "x", "--data", "."),
            ". holds no manifest.csv: run `seco prepare`, or name the classes",
        ),
        (
            ("--to", "coco", "--out", "x.json", "--classes", "a,b"),
            "the format coco needs the photographs here: give --im",
        ),
        (
            ("--to", "voc", "--out", "x", "--classes", "a,b", "--with-images"),
            "the format voc needs the photographs here: give --images FOLDER",
        ),
        (("--to", "voc", "--out", "data/refine/x"), "data/refine/x lies in the folder that is converted, data/refine"),
        (("--to", "voc", "--out", "data"), "data holds files that `seco convert` did not write"),
    ],
)
def test_what_cannot_be_is_refused(refined: Project, words: tuple[str, ...], told: str) -> None:
    assert refined.refusal("convert", "masks", "data/refine", *words).startswith(told)


@pytest.mark.parametrize("to", ["voc", "coco", "label-studio", "labelme", "cvat", "overlays", "coco-results"])
def test_damaged_masks_leave_nothing_behind(refined: Project, to: str) -> None:
    out = {"coco": "x.json", "coco-results": "x.json", "cvat": "x.zip"}.get(to, "x")
    words = ("convert", "masks", "data/refine", "--to", to, "--out", out)
    path = mask_path(refined.root / "data/refine", "sub/b")
    write_mask(path, np.zeros((8, 13), np.uint8))
    assert refined.refusal(*words).startswith("data/refine/sub/b.png is 13x8 pixels but its image is 12x8")
    write_mask(path, np.full((8, 12), 3, np.uint8))
    assert refined.refusal(*words).startswith("mask data/refine/sub/b.png holds the value 3, but class ids are 0..2")
    path.write_bytes(path.read_bytes()[:60])
    assert "data/refine/sub/b.png is truncated or damaged" in refined.refusal(*words)
    path.unlink()
    assert refined.refusal(*words).startswith("data/refine has no mask of 'sub/b' (1 of 2 images of the splits train")


def test_heat_maps_of_a_project_and_outside_of_one(refined: Project) -> None:
    for name in IDS:
        write_cam(refined.root / "cams", name, np.array([1], np.uint8), np.ones((1, 2, 3)))
    words = ("convert", "cams", "cams", "--out", "heat")
    assert refined.run(*words).out == "heat holds 2 heat maps of 2 photographs.\n"
    assert refined.refusal(*words) == "heat exists: choose another folder, or replace it with --force"
    outside = ("--classes", "cat", "--images", "data/raw/x", "--to", "png", "--force")
    assert refined.run(*words, *outside).out == "heat holds 2 heat maps of 2 photographs.\n"
    assert {path.name for path in (refined.root / "heat").rglob("*.*g")} == {"a.cat.png", "b.cat.png"}
    assert "give the place: --out FOLDER" in refined.refusal("convert", "cams", "cams")
    assert "need the photographs: give --images" in refined.refusal(*words, "--classes", "cat")
    assert "of no image of the manifest" in refined.refusal("convert", "cams", add_strange(refined), "--out", "new")


def add_strange(project: Project) -> str:
    write_cam(project.root / "strange", "z", np.array([1], np.uint8), np.ones((1, 2, 3)))
    return "strange"
