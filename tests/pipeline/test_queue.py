"""`seco queue`: a list, a page, and jobs that the annotators' tools read."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote
from zipfile import ZipFile

import numpy as np
import pytest
from pycocotools.coco import COCO

from seco.errors import SecoError
from seco.review import collect
from seco.storage.manifest import read_manifest
from seco.storage.masks import mask_path, read_mask, write_mask
from seco.storage.model import StoredModel, read_model, write_model
from tests.conversion.test_brush import decode
from tests.data.trees import prepared
from tests.pipeline.conftest import Project

IMAGES = 8  # of train


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the images that the network looked at."""
    seen: list[str] = []
    compare = collect.compare

    def watched(views, mask, **options):
        seen.append(views.photo.id)
        return compare(views, mask, **options)

    monkeypatch.setattr(collect, "compare", watched)
    return seen


def queue_of(project: Project, folder: str = "reports/queue") -> list[dict[str, str]]:
    with (project.root / folder / "queue.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def masks_of(project: Project, ids: list[str]) -> dict[str, np.ndarray]:
    return {name: read_mask(mask_path(project.root / "data/refine", name), num_classes=9, size=None) for name in ids}


def test_a_list_and_a_page(project: Project) -> None:
    outcome = project.run("queue", "--first", "3")
    assert outcome.status == 0, outcome.err
    rows = queue_of(project)
    assert [row["rank"] for row in rows] == [str(place) for place in range(1, IMAGES + 1)]
    train = read_manifest(project.root / "data/prepare").split("train")
    assert {row["id"] for row in rows} == {record.id for record in train}
    assert all((project.root / row["mask"]).is_file() for row in rows)
    page = (project.root / "reports/queue/index.html").read_text(encoding="utf-8")
    assert page.count('class="strip"') == 3
    for place, row in enumerate(rows[:3], start=1):
        assert f"{place}. {row['id']}: " in page
    for row in rows:
        assert row["id"] in outcome.out
    assert "Correct these 3 masks first" in outcome.out


def test_the_network_looks_only_at_what_it_has_not_seen(project: Project, looked_at: list[str]) -> None:
    assert project.run("queue").status == 0
    assert len(looked_at) == IMAGES
    first, before = queue_of(project), project.files()
    looked_at.clear()
    assert project.run("queue", "--first", "1").status == 0
    assert (looked_at, queue_of(project)) == ([], first)
    assert project.changed_files(before) == {"reports/queue/index.html"}
    mask = project.root / first[-1]["mask"]
    write_mask(mask, np.zeros_like(read_mask(mask, num_classes=9, size=None)))
    assert project.run("queue").status == 0
    assert looked_at == [first[-1]["id"]]
    assert queue_of(project) != first


def test_a_run_that_ends_early_keeps_what_it_has(
    project: Project, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = collect.compare

    def failing(views, mask, **options):
        if len(looked_at) == 3:
            raise SecoError("the third is the last")
        return watched(views, mask, **options)

    monkeypatch.setattr(collect, "compare", failing)
    assert "the third is the last" in project.refusal("queue", besides=(".seco/queue/",))
    monkeypatch.setattr(collect, "compare", watched)
    done = set(looked_at)
    looked_at.clear()
    assert project.run("queue").status == 0
    assert len(looked_at) == IMAGES - 3
    assert not done & set(looked_at)


def test_other_splits_have_the_masks_of_predict(project: Project) -> None:
    assert project.run("queue", "--split", "val", "--split", "val_unbiased", "--out", "val").status == 0
    rows = queue_of(project, "val")
    assert {row["split"] for row in rows} == {"val", "val_unbiased"}
    assert {str(Path(row["mask"]).parent) for row in rows} == {"data/predict/crf"}
    words = ("queue", "--split", "val", "--masks", "data/predict/single_scale", "--out", "single")
    assert project.run(*words).status == 0
    assert {str(Path(row["mask"]).parent) for row in queue_of(project, "single")} == {"data/predict/single_scale"}


def job(project: Project, to: str, out: str, *words: str) -> list[str]:
    """Make a job of three masks; return the ids of the first three of the queue."""
    outcome = project.run("queue", "--first", "3", "--to", to, "--out", out, *words)
    assert outcome.status == 0, outcome.err
    assert f"{out} holds 3 masks of 9 classes in the format {to}.\n" in outcome.out
    assert project.run("queue").status == 0
    return [row["id"] for row in queue_of(project)][:3]


def test_coco_reads_the_job_in_its_order(project: Project) -> None:
    ids = job(project, "coco", "job.json")
    coco = COCO(project.root / "job.json")
    images = coco.loadImgs(sorted(coco.getImgIds()))
    assert [Path(image["file_name"]).stem for image in images] == ids
    for image, mask in zip(images, masks_of(project, ids).values(), strict=True):
        drawn = np.zeros_like(mask)
        for annotation in coco.loadAnns(coco.getAnnIds(image["id"])):
            drawn[coco.annToMask(annotation) > 0] = annotation["category_id"]
        np.testing.assert_array_equal(drawn, mask)


def test_cvat_reads_the_job(project: Project, tmp_path: Path) -> None:
    ids = job(project, "cvat", "job.zip", "--with-images")
    with ZipFile(project.root / "job.zip") as archive:
        archive.extractall(tmp_path / "cvat")
    found = prepared(tmp_path / "cvat", "auto")
    assert found.faults == []
    assert (tmp_path / "cvat/ImageSets/Segmentation/default.txt").read_text().split() == ids
    masks = masks_of(project, ids)
    for record in found.records:
        read = read_mask(Path(str(record.mask)), num_classes=9, size=None)
        np.testing.assert_array_equal(read, masks[record.id])


def test_label_studio_reads_the_job_with_its_reasons(project: Project) -> None:
    ids = job(project, "label-studio", "job", "--url", "https://host/")
    tasks = json.loads((project.root / "job/tasks.json").read_text(encoding="utf-8"))
    assert [Path(unquote(task["data"]["image"])).stem for task in tasks] == ids
    assert [task["data"]["note"] for task in tasks] == [row["reason"] for row in queue_of(project)[:3]]
    names = read_manifest(project.root / "data/prepare").class_names
    for task, mask in zip(tasks, masks_of(project, ids).values(), strict=True):
        drawn = np.zeros_like(mask)
        for result in task["predictions"][0]["result"]:
            alpha = np.array(decode(result["value"]["rle"])).reshape(*mask.shape, 4)[..., 3]
            drawn[alpha > 0] = names.index(result["value"]["brushlabels"][0]) + 1
        np.testing.assert_array_equal(drawn, mask)


def test_a_plain_folder_and_what_is_there_already(project: Project) -> None:
    ids = job(project, "gallery", "job")
    assert sorted(path.stem for path in (project.root / "job/photographs").iterdir()) == sorted(ids)
    page = (project.root / "job/index.html").read_text(encoding="utf-8")
    assert page.index(f"1. {ids[0]}: ") < page.index(f"3. {ids[2]}: ")
    words = ("queue", "--first", "2", "--to", "gallery", "--out", "job")
    assert project.refusal(*words) == "job exists: choose another folder, or replace it with --force"
    assert project.run(*words, "--force").status == 0
    assert len([*(project.root / "job/masks").iterdir()]) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--first", "9"), "--first 9 asks for more masks than train has, 8: give a lower number"),
        (("--split", "test"), "the manifest has no split 'test': choose one of train, val, val_unbiased"),
        (("--to", "coco"), "give the place of the job: --to FORMAT --out PATH"),
        (("--to", "coko", "--out", "x"), "there is no format 'coko': did you mean coco?"),
        (("--to", "coco", "--out", "x"), "x is no name for a file of this format: let it end with .json"),
        (("--to", "cvat", "--out", "x.zip", "--url", "/"), "--url does nothing for the format cvat"),
        (("--url", "/"), "--url, --polygons and --with-images are for a job: give --to FORMAT, or leave them out"),
        (("--masks", "nowhere"), "nowhere has no mask of train_00000, train_00001, train_00002, … (8 of the 8 images"),
        (("--to", "gallery", "--out", "data/refine/job"), "data/refine/job lies in the folder that is converted"),
    ],
)
def test_what_cannot_be_asked_is_said(project: Project, words: tuple[str, ...], told: str) -> None:
    assert project.refusal("queue", *words).startswith(told)


def test_results_that_do_not_fit_are_refused(project: Project) -> None:
    def refused(told: str, prepare: Callable[[], object]) -> None:
        prepare()
        assert told in project.refusal("queue")

    data = project.root / "data"
    photo = data / "raw/demo/JPEGImages/train_00003.jpg"
    kept = photo.read_bytes()
    refused("train_00003.jpg cannot be found (1 of 8 photographs): restore them", photo.unlink)
    photo.write_bytes(kept)
    mask = mask_path(data / "refine", "train_00002")
    refused("data/refine has no mask of train_00002 (1 of the 8 images of train): run `seco refine`", mask.unlink)
    stored = read_model(data / "train")
    names = (*stored.class_names[:-1], "zebra")
    write_model(data / "train", StoredModel(stored.weights, names, stored.settings))
    refused("the model in data/train knows the classes", lambda: None)
    refused("data/train holds no trained model", lambda: shutil.rmtree(data / "train"))
