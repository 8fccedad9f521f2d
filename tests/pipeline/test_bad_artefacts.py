"""Models, weights, CAMs and masks that are missing, damaged or another's: one sentence and nothing written."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from seco.training.checkpoint import write_checkpoint
from tests.pipeline.conftest import Project

NEED_MODEL = ("export", "export-cams", "refine", "predict")
Spoiler = Callable[[Path], object]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def edit_config(**changes: object) -> Spoiler:
    """Return what changes config.json: the class names, or a value of its settings' backbone."""

    def edit(folder: Path) -> None:
        path = folder / "config.json"
        config = json.loads(path.read_text())
        for name, value in changes.items():
            place = config if name in config else config["settings"]["backbone"]
            place[name] = value
        path.write_text(json.dumps(config))

    return edit


def without_a_backbone(folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"settings": {}}))


def with_a_class_more(folder: Path) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["classifier.weight"] = torch.cat([weights["classifier.weight"], weights["classifier.weight"][:1]])
    save_file(weights, path)


SPOILT: dict[str, tuple[Spoiler, str]] = {
    "no weights": (lambda model: (model / "model.safetensors").unlink(), "holds no trained model"),
    "no config": (lambda model: (model / "config.json").unlink(), "holds no trained model"),
    "cut weights": (lambda model: cut(model / "model.safetensors"), "cannot be read"),
    "empty weights": (lambda model: (model / "model.safetensors").write_bytes(b""), "cannot be read"),
    "cut config": (lambda model: cut(model / "config.json"), "cannot be read"),
    "another's config": (lambda model: (model / "config.json").write_text("[1]"), "cannot be read"),
    "config without a backbone": (without_a_backbone, "config.json in data/train is not that of a model ('backbone')"),
    "another depth": (edit_config(depth=2), "are of another architecture than its config.json says"),
    "another width": (edit_config(name="vit_small_patch16_224"), "are of another architecture"),
    "another head": (with_a_class_more, "are of another architecture than its config.json says"),
    "no such ViT": (edit_config(name="vit_of_nobody"), "backbone.name 'vit_of_nobody'"),
    "other classes": (edit_config(class_names=["cat", "dog"]), "knows the classes cat, dog, the prepared data has"),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_model_that_cannot_be_used(project: Project, fault: str) -> None:
    spoil, sentence = SPOILT[fault]
    spoil(project.root / "data/train")
    told = project.refusal("export-cams")
    assert sentence in told
    assert told.count("\n") == 0


@pytest.mark.parametrize("stage", NEED_MODEL)
def test_no_model_at_all(project: Project, stage: str) -> None:
    for path in (project.root / "data/train").iterdir():
        path.unlink()
    assert project.refusal(stage).startswith("data/train holds no trained model (")


def hostile(path: Path) -> None:
    class Hostile:
        def __reduce__(self):
            return Path.touch, (path.parent / "taken over",)

    path.write_bytes(pickle.dumps(Hostile(), protocol=2))


WEIGHTS: dict[str, tuple[str, Spoiler, str]] = {
    "missing": ("vit.safetensors", lambda path: None, "which is no file: give true, false or a weights file"),
    "another's": (
        "vit.safetensors",
        lambda path: save_file({"conv1.weight": torch.zeros(2, 2)}, path),
        "does not fit the backbone",
    ),
    "noise": ("vit.safetensors", lambda path: path.write_bytes(b"\x07" * 100), "cannot be read as weights"),
    "hostile": ("vit.pth", hostile, "was refused: save it as safetensors"),
    "numbers": ("vit.pth", lambda path: torch.save([1, 2], path), "holds something other than named weights"),
}


@pytest.mark.parametrize("fault", WEIGHTS)
def test_weights_of_the_backbone_that_cannot_be_used(project: Project, fault: str) -> None:
    name, make, sentence = WEIGHTS[fault]
    make(project.root / name)
    project.set(**{"backbone.pretrained": name})
    told = project.refusal("train")
    assert name in told
    assert sentence in told
    assert told.count("\n") == 0
    assert not (project.root / "taken over").exists()


@pytest.mark.parametrize("spoil", [Path.unlink, cut, lambda path: path.write_bytes(b"PK")])
def test_a_cam_that_is_missing_or_damaged(project: Project, spoil: Spoiler) -> None:
    for path in (project.root / "data/export/cams").glob("*.npz"):
        spoil(path)
    told = project.refusal("export-masks")
    assert told.startswith("the CAM data/export/cams/")
    assert "run `seco export-cams`" in told


def test_a_cam_that_is_damaged_at_evaluation(project: Project) -> None:
    for path in (project.root / "data/export/cams").glob("*.npz"):
        cut(path)
    assert project.refusal("evaluate").endswith("is damaged: run `seco export-cams` again")


@pytest.mark.parametrize(
    ("folder", "stage"),
    [
        ("data/export/seeds", "export-masks"),
        ("data/refine", "refine"),
        ("data/predict/single_scale", "predict"),
        ("data/predict/crf", "predict"),
    ],
)
def test_masks_that_are_missing_or_damaged_at_evaluation(project: Project, folder: str, stage: str) -> None:
    path = min((project.root / folder).glob("*.png"))
    cut(path)
    assert project.refusal("evaluate").startswith(f"{folder}/{path.name} is truncated or damaged")
    path.unlink()
    assert project.refusal("evaluate") == f"the mask {folder}/{path.name} is missing: run `seco {stage}`"


def test_predictions_that_were_never_made(project: Project) -> None:
    (project.root / "data/predict").rename(project.root / "data/elsewhere")
    assert "`seco predict`" in project.refusal("evaluate")


def test_a_state_of_another_run(project: Project) -> None:
    project.set(**{"train.checkpoint_every": 1, "train.steps": 4})
    from seco.config.settings import load_settings
    from seco.training.resume import fingerprint

    name = fingerprint(load_settings(project.root / "params.yaml"), project.root / "data/prepare")
    write_checkpoint(project.root / ".seco/resume" / name, {"models": {}}, step=1)
    told = project.refusal("train", besides=(f".seco/resume/{name}/run.json", f".seco/resume/{name}/lock"))
    assert told.startswith(f".seco/resume/{name} holds another run's state: delete it")


@pytest.mark.parametrize("content", [None, "{", "[]", '{"cam_seed": 3}', '{"cam_seed": {"train": {"miou": "x"}}}'])
def test_a_summary_without_scores(project: Project, content: str | None) -> None:
    path = project.root / "reports/metrics.json"
    path.unlink() if content is None else path.write_text(content)
    assert "run `seco evaluate`" in project.refusal("summary")
