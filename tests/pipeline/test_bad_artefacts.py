"""Models, weights, CAMs and masks that are missing, damaged or of another run: one sentence and nothing written."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from seco.config.settings import load_settings
from seco.config.stages import installed_code
from seco.training.checkpoint import write_checkpoint
from seco.training.resume import fingerprint
from tests.pipeline.conftest import Project

Damage = Callable[[Path], object]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def edit_config(edit: Callable[[dict], object]) -> Damage:
    """Return a function that edits the model's config.json."""

    def damage(path: Path) -> None:
        config = json.loads(path.read_text())
        edit(config)
        path.write_text(json.dumps(config))

    return damage


def edit_backbone(**changes: object) -> Damage:
    return edit_config(lambda config: config["settings"]["backbone"].update(changes))


def edit_settings(section: str, **changes: object) -> Damage:
    return edit_config(lambda config: config["settings"][section].update(changes))


def fill_with_nan(path: Path) -> None:
    save_file({name: torch.full_like(weight, torch.nan) for name, weight in load_file(path).items()}, path)


def add_class(path: Path) -> None:
    weights = load_file(path)
    weights["classifier.weight"] = torch.cat([weights["classifier.weight"], weights["classifier.weight"][:1]])
    save_file(weights, path)


WEIGHTS, CONFIG = "model.safetensors", "config.json"
ANOTHER = "are of another architecture than its config.json says"


@pytest.mark.parametrize(
    ("file", "damage", "sentence"),
    [
        (WEIGHTS, Path.unlink, "holds no trained model"),
        (WEIGHTS, cut, "cannot be read"),
        (WEIGHTS, lambda path: path.write_bytes(b""), "cannot be read"),
        (WEIGHTS, add_class, ANOTHER),
        (CONFIG, Path.unlink, "holds no trained model"),
        (CONFIG, cut, "cannot be read"),
        (CONFIG, lambda path: path.write_text("[1]"), "cannot be read"),
        (CONFIG, lambda path: path.write_text("[" * 100_000), "cannot be read"),
        (CONFIG, lambda path: path.write_text('{"a":' * 100_000), "cannot be read"),
        (CONFIG, lambda path: path.write_bytes(b"\xff\xfe"), "cannot be read"),
        *(
            (CONFIG, edit_config(lambda config, names=names: config.update(class_names=names)), "cannot be read")
            for names in ([], [[1]], [1], "cat", None, {"a": "b"}, ["cat"] * 255)
        ),
        (CONFIG, edit_config(lambda config: config.update(settings=[])), "cannot be read"),
        (CONFIG, edit_config(lambda config: config.update(settings={})), "missing required field `backbone`"),
        (CONFIG, edit_settings("train", precision="fp8"), "is not that of a model (Invalid enum value 'fp8'"),
        (CONFIG, edit_settings("train", precision=None), "is not that of a model"),
        (CONFIG, edit_backbone(depth=2), ANOTHER),
        (CONFIG, edit_backbone(depth=40, name="vit_giant_patch14_dinov2"), ANOTHER),
        (CONFIG, edit_backbone(depth=10**9), "backbone.depth is 1000000000: must be from 1 to 100"),
        (CONFIG, edit_backbone(depth="2"), "is not that of a model"),
        (CONFIG, edit_backbone(name=["a"]), "is not that of a model"),
        (CONFIG, edit_backbone(name="hf-hub:timm/vit_tiny_patch16_224"), "names no ViT that timm has"),
        (CONFIG, edit_backbone(name="local-dir:/tmp"), "names no ViT that timm has"),
        (WEIGHTS, fill_with_nan, "holds values that are infinite or no numbers: run `seco train` again"),
        (WEIGHTS, lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\n"), "run `git lfs pull`"),
        (WEIGHTS, lambda path: path.write_text("a text"), "cannot be read"),
        (CONFIG, edit_backbone(name="vit_small_patch16_224"), ANOTHER),
        (CONFIG, edit_backbone(name="vit_of_nobody"), "backbone.name 'vit_of_nobody'"),
        (
            CONFIG,
            edit_config(lambda config: config.update(class_names=["cat", "dog"])),
            "knows the classes cat, dog, the prepared data has",
        ),
    ],
)
def test_a_bad_model_is_refused(project: Project, file: str, damage: Damage, sentence: str) -> None:
    damage(project.root / "data/train" / file)
    told = project.refusal("export-cams")
    assert sentence in told
    assert "\n" not in told


@pytest.mark.parametrize("stage", ["export", "export-cams", "refine", "predict"])
def test_without_a_model_a_stage_says_so(project: Project, stage: str) -> None:
    for path in (project.root / "data/train").iterdir():
        path.unlink()
    assert project.refusal(stage).startswith("data/train holds no trained model (")


def write_program(path: Path) -> None:
    class Hostile:
        def __reduce__(self):
            return Path.touch, (path.parent / "executed",)

    path.write_bytes(pickle.dumps(Hostile(), protocol=2))


@pytest.mark.parametrize(
    ("name", "write", "sentence"),
    [
        ("vit.safetensors", lambda path: None, "which is no file: give true, false or a weights file"),
        ("vit.safetensors", lambda path: save_file({"a": torch.zeros(2, 2)}, path), "does not fit the backbone"),
        ("vit.safetensors", lambda path: path.write_bytes(b"\x07" * 100), "cannot be read as weights"),
        ("vit.pth", write_program, "was refused: save it as safetensors"),
        ("vit.pth", lambda path: torch.save([1, 2], path), "holds something other than named weights"),
    ],
)
def test_bad_weights_of_the_backbone_are_refused(project: Project, name: str, write: Damage, sentence: str) -> None:
    write(project.root / name)
    project.set(**{"backbone.pretrained": name})
    told = project.refusal("train")
    assert name in told
    assert sentence in told
    assert "\n" not in told
    assert not (project.root / "executed").exists()


@pytest.mark.parametrize(
    ("stage", "damage"),
    [
        ("export-masks", Path.unlink),
        ("export-masks", cut),
        ("export-masks", lambda path: path.write_bytes(b"PK")),
        ("evaluate", cut),
    ],
)
def test_a_bad_cam_is_refused(project: Project, stage: str, damage: Damage) -> None:
    for path in (project.root / "data/export/cams").glob("*.npz"):
        damage(path)
    told = project.refusal(stage)
    assert told.startswith("the CAM data/export/cams/")
    assert "run `seco export-cams`" in told


@pytest.mark.parametrize(
    ("folder", "stage"),
    [
        ("export/seeds", "export-masks"),
        ("refine", "refine"),
        ("predict/single_scale", "predict"),
        ("predict/crf", "predict"),
    ],
)
def test_a_bad_mask_is_refused_by_evaluate(project: Project, folder: str, stage: str) -> None:
    path = min((project.root / "data" / folder).glob("*.png"))
    name = f"data/{folder}/{path.name}"
    cut(path)
    assert project.refusal("evaluate").startswith(f"{name} is truncated or damaged")
    path.unlink()
    told = project.refusal("evaluate")
    assert f" masks are missing in data/{folder} ({path.stem}): run `seco {stage}`, or score the others" in told


def test_missing_predictions_are_named(project: Project) -> None:
    (project.root / "data/predict").rename(project.root / "data/elsewhere")
    assert "`seco predict`" in project.refusal("evaluate")


def test_the_state_of_another_run_is_refused(project: Project) -> None:
    project.set(**{"train.checkpoint_every": 1, "train.steps": 4})
    settings = load_settings(project.root / "params.yaml")
    folder = fingerprint(settings, data=project.root / "data/prepare", code=installed_code("train"))
    write_checkpoint(project.root / ".seco/resume" / folder, {"models": {}}, step=1)
    told = project.refusal("train", besides=(f".seco/resume/{folder}/run.json", f".seco/resume/{folder}/lock"))
    assert told.startswith(f".seco/resume/{folder} holds another run's state: delete it")


@pytest.mark.parametrize("content", [None, "{", "[]", '{"cam_seed": 3}', '{"cam_seed": {"train": {"miou": "x"}}}'])
def test_metrics_without_scores_are_refused_by_summary(project: Project, content: str | None) -> None:
    path = project.root / "reports/metrics.json"
    path.unlink() if content is None else path.write_text(content)
    assert "run `seco evaluate`" in project.refusal("summary")
