"""`export-cams`, `refine` and `predict` with `--images`, from a folder that holds nothing of a project."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import seco
from seco.inference.cam_store import read_cam
from seco.storage import atomic
from seco.storage.images import read_any_image
from tests.pipeline.conftest import Project
from tests.processes import TORCHRUN, Program


@pytest.fixture
def place(finished: Path, tmp_path: Path, open_project: Callable[[Path], Project]) -> Project:
    """An empty folder with a copy of a model and a folder of photographs."""
    shutil.copytree(finished / "data/train", tmp_path / "model")
    shots = tmp_path / "shots"
    shots.mkdir()
    scenes = sorted((finished / "data/raw/demo").rglob("*.jpg"))[:4]
    for index, scene in enumerate(scenes):
        with Image.open(scene) as image:
            image.crop((0, 0, 60 + 8 * index, 50)).save(shots / f"{index}.png")
    return open_project(tmp_path)


def words(command: str, *more: str) -> tuple[str, ...]:
    return (command, "--images", "shots", "--model", "model", "--out", "out", *more)


@pytest.mark.parametrize("command", ["refine", "predict"])
def test_each_photograph_gets_a_mask_of_its_own_size(place: Project, command: str) -> None:
    assert place.run(*words(command)).status == 0
    for path in sorted((place.root / "shots").iterdir()):
        with Image.open(path) as photo, Image.open(place.root / "out" / path.name) as mask:
            assert mask.size == photo.size
            assert mask.mode == "P"


def test_cams_are_those_of_the_labels(place: Project) -> None:
    assert place.run(*words("export-cams", "--labels", "boat, car")).status == 0
    names = (place.root / "model/config.json").read_text()
    assert '"boat"' in names
    for index in range(4):
        cam = read_cam(place.root / "out", str(index))
        assert len(cam.class_ids) == 2
        assert cam.maps.shape[1:] == (13, -(-(60 + 8 * index) // 4))


def test_a_run_goes_on_where_it_was_and_gives_the_same_bytes(place: Project) -> None:
    place.run(*words("predict"))
    before = place.files()
    (place.root / "out/2.png").unlink()
    outcome = place.run(*words("predict"))
    assert "predict: 1/1" in outcome.err
    assert place.files() == before


def test_results_of_another_run_are_kept_unless_asked(place: Project) -> None:
    place.run(*words("predict", "--size", "64"))
    assert "holds results of another model, command or options" in place.refusal(*words("predict"))
    assert "holds results of another" in place.refusal(*words("refine", "--size", "64"))
    assert place.run(*words("predict", "--force")).status == 0
    assert "holds files that are no results" in place.refusal(
        "predict", "--images", "shots", "--model", "model", "--out", "model"
    )


def test_replacing_results_keeps_files_of_other_kinds(place: Project) -> None:
    assert place.run(*words("predict")).status == 0
    notes = place.root / "out/notes.txt"
    notes.write_text("mine")
    assert place.run(*words("predict", "--size", "64", "--force")).status == 0
    assert notes.read_text() == "mine"
    assert "predict: 4/4" in place.run(*words("predict", "--size", "64", "--force")).err


def test_a_photograph_that_is_newer_than_its_mask_is_done_again(place: Project) -> None:
    assert place.run(*words("predict")).status == 0
    os.utime(place.root / "shots/2.png", (2e9, 2e9))
    assert "predict: 1/1" in place.run(*words("predict")).err


def test_what_cannot_be_used_is_named_and_the_others_are_done(place: Project) -> None:
    shots = place.root / "shots"
    (shots / "0.png").write_bytes((shots / "0.png").read_bytes()[:200])
    (shots / "1.png").write_text("no image")
    Image.fromarray(np.full((5, 900), 40_000, np.uint16)).save(shots / "deep.png")
    Image.new("RGBA", (1, 1)).save(shots / "dot.png")
    Image.new("P", (30, 20)).save(shots / "moves.gif", save_all=True, append_images=[Image.new("P", (30, 20), 1)])
    sentence = place.refusal(*words("predict", "--tile", "64"), besides=("out/",))
    assert sentence.startswith("2 of the images have no result, the others are done in out;")
    assert "0.png is truncated or damaged" in sentence
    assert "1.png is not an image" in sentence
    masks = {path.stem: read_any_image(path).size for path in (place.root / "out").glob("*.png")}
    assert masks == {"2": (76, 50), "3": (84, 50), "deep": (900, 5), "dot": (1, 1), "moves": (30, 20)}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("predict", "--images", "shots", "--model", "model"), "--images needs a folder for the results"),
        (("predict", "shots", "--out", "out"), "--out and photographs go with --images"),
        (words("export-cams", "--labels", "persn"), "the model has no class 'persn': did you mean person?"),
        (words("export-cams", "--labels", ","), "--labels names no class"),
        (words("predict", "--size", "64", "--longest", "64"), "--size makes squares and --longest keeps the shape"),
        (("predict", "--images", "shots", "--model", "model", "--out", "shots/masks"), "lies in the folder shots"),
        (("predict", "--images", "shots", "--model", "nothing", "--out", "out"), "nothing holds no trained model"),
    ],
)
def test_bad_requests_are_refused_in_a_sentence(place: Project, arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in place.refusal(*arguments)
    assert not (place.root / "out").exists()


def test_labels_of_a_csv_that_the_model_lacks_are_refused(place: Project) -> None:
    (place.root / "list.csv").write_text("image,labels\nshots/0.png,boat\nshots/1.png,zebra\n")
    sentence = place.refusal("refine", "--images", "list.csv", "--model", "model", "--out", "out")
    assert "1.png: the model has no class 'zebra'" in sentence
    assert "both say" in place.refusal(
        "refine", "--images", "list.csv", "--labels", "boat", "--model", "model", "--out", "out"
    )


def test_a_model_of_a_newer_version_is_refused(place: Project) -> None:
    config = place.root / "model/config.json"
    config.write_text(config.read_text().replace('"export"', '"exports"'))
    assert "config.json in model is not that of a model" in place.refusal(*words("predict"))


@pytest.mark.slow
def test_two_ranks_write_the_masks_of_one(place: Project) -> None:
    assert place.run(*words("predict")).status == 0
    program = Program(
        (*TORCHRUN, "predict", "--images", "shots", "--model", "model", "--out", "shared"),
        cwd=place.root,
        log=place.root / "log.txt",
    )
    assert program.process.wait(180) == 0, program.output()
    for mask in (place.root / "out").glob("*.png"):
        assert (place.root / "shared" / mask.name).read_bytes() == mask.read_bytes()


@pytest.mark.parametrize("form", ["npz", "png"])
def test_probabilities_lie_beside_the_masks(place: Project, form: str) -> None:
    assert place.run(*words("predict")).status == 0
    out = place.root / "out"
    masks = {path.name: path.read_bytes() for path in out.glob("*.png")}
    assert "holds results of another" in place.refusal(*words("predict", "--probabilities", form))
    assert place.run(*words("predict", "--probabilities", form, "--force")).status == 0
    assert masks.items() <= {path.name: path.read_bytes() for path in out.glob("*.png")}.items()
    model = seco.load(place.root / "model")
    # All at once, so that the batches are the same: those of other sizes may differ in the last bit.
    segmented = model.segment_all([place.root / f"shots/{index}.png" for index in range(4)])
    for index, expected in enumerate(result.scores for result in segmented):
        if form == "npz":
            np.testing.assert_array_equal(np.load(out / f"{index}.npz")["probabilities"], expected.astype(np.float16))
        for name, plane in zip(("background", *model.class_names), expected, strict=True):
            if form == "png":
                with Image.open(out / f"{index}.{name}.png") as picture:
                    np.testing.assert_array_equal(np.asarray(picture), np.rint(65535 * plane))
    (out / ("2.npz" if form == "npz" else "2.boat.png")).unlink()
    assert "predict: 1/1" in place.run(*words("predict", "--probabilities", form)).err
    classes = ",".join(model.class_names)
    outcome = place.run("convert", "masks", "out", "--classes", classes, "--to", "voc", "--out", "voc")
    assert outcome.out.startswith("voc holds 4 masks"), outcome.err


def test_probabilities_that_would_have_the_name_of_another_mask_are_refused(place: Project) -> None:
    shutil.copy(place.root / "shots/0.png", place.root / "shots/1.boat.png")
    assert "would both have a file out/1.boat.png" in place.refusal(*words("predict", "--probabilities", "png"))
    for option, value in (("--probabilities", "png"), ("--size", "64"), ("--tile", "96"), ("--longest", "96")):
        assert place.refusal("predict", option, value).startswith(f"{option} goes with --images")


def test_a_folder_without_photographs_and_two_of_one_name_are_refused(place: Project) -> None:
    (place.root / "empty").mkdir()
    options = ("--model", "model", "--out", "out")
    assert place.refusal("predict", "--images", "empty", *options).startswith("empty holds no photograph (")
    shutil.copytree(place.root / "shots", place.root / "more")
    told = place.refusal("predict", "--images", "shots", "more", *options)
    assert told.startswith("shots/0.png and more/0.png would both have results of the name 0: rename one")
    assert not (place.root / "out").exists()


def test_a_full_disk_is_a_sentence_and_keeps_what_is_finished(place: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    publish = atomic.publish

    def fill_up(temporary: Path, path: Path) -> None:
        if path.name == "2.png":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        publish(temporary, path)

    with monkeypatch.context() as patch:
        patch.setattr("os.cpu_count", lambda: 1)  # masks are written in this process
        patch.setattr(atomic, "publish", fill_up)
        told = place.refusal(*words("predict"), besides=("out/",))
    assert told == "cannot write out/2.png: No space left on device; free some disk space"
    assert {path.name for path in (place.root / "out").iterdir()} == {"run.json", "0.png", "1.png"}
    assert "predict: 2/2" in place.run(*words("predict")).err
