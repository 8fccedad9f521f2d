"""Recipes hold the paper's values and valid settings, and name no value twice."""

from pathlib import Path

import pytest
import timm

from seco.config.recipes import backbone_names, compose, differences, leaves, origin, recipe_names, require_unchanged
from seco.config.rules import vit_patch
from seco.config.settings import METHOD_NAMES, check_settings, load_settings
from seco.errors import SecoError
from seco.storage.yaml_file import read_yaml
from tests.imports import ROOT

FOLDER = ROOT / "recipes"
NAMES = ("coco2014", "defects", "demo", "few-images", "own-images", "voc2012")
DINOV2 = ("dinov2-base", "dinov2-base-reg", "dinov2-small", "dinov2-small-reg")
BACKBONES = ("deit-base", *DINOV2, "vit-small", "vit-tiny")

# The table of the paper's settings and of its published training configuration: VOC 2012, COCO 2014.
PAPER = {
    "train.crop_size": (448, 448),
    "train.batch_size": (4, 8),  # 4 a GPU, on one GPU and on two
    "train.steps": (20_000, 80_000),
    "train.contrast_start": (1_000, 8_000),
    "train.contrast_ramp": (0, 0),
    "train.segmentation_start": (2_000, 12_000),
    "train.prototype_start": (600, 6_000),
    "train.tag_source_switch": (10_000, 50_000),
    "prototype_momentum": (0.9, 0.99),
    "cam.low": (0.25, 0.25),
    "export.background": (0.5, 0.45),
    "cam.high": (0.7, 0.65),
    "cam.scales": ([1, 0.5, 0.75, 1.5], [1, 0.5, 0.75, 1.25, 1.5]),
    "weight_ptc": (0.3, 0.2),
    "weight_lig": (0.5, 0.5),
    "weight_lil": (0.5, 0.3),
    "weight_seg": (0.12, 0.12),
    "weight_reg": (0.05, 0.05),
    "energy_pixels": ("all", "all"),
    "weight_patch": (0.0, 0.0),
    "patch_labels": ("all", "all"),
    "train.scale_range": ([0.5, 2], [0.5, 2]),
    "train.learning_rate": (6e-5, 6e-5),
    "train.head_multiplier": (10, 10),
    "train.weight_decay": (0.01, 0.01),
    "train.warmup_steps": (1_500, 1_500),
    "train.warmup_ratio": (1e-6, 1e-6),
    "patch_size": (64, 64),
    "patch_tokens": ("patch", "patch"),
    "num_patches": (10, 10),
    "patch_centres": ("uncertain", "uncertain"),
    "negative_patches": ("anywhere", "anywhere"),
    "tag_threshold": (0.2, 0.2),
    "settle_uncertain": (True, True),
    "use_rectification": (True, True),
    "reservoir_size": (4608, 4608),
    "prototype_update": ("adaptive", "adaptive"),
    "teacher_momentum": (0.999, 0.999),
    "tau_global": (0.1, 0.1),
    "tau_local": (0.08, 0.08),
    "backbone.name": ("vit_base_patch16_224.orig_in21k_ft_in1k",) * 2,
    "backbone.depth": (None, None),
    "backbone.pretrained": (True, True),
    "backbone.projector_width": (2048, 2048),
    "export.image_size": (448, 448),
    "refine.scales": ([1, 0.5, 0.75, 1.25, 1.5, 1.75, 2],) * 2,
    "predict.image_size": (448, 448),
    "predict.scales": ([1, 1.25, 1.5],) * 2,
    "crf.iterations": (10, 10),
    "crf.gaussian_sigma": (1, 1),
    "crf.gaussian_weight": (1, 1),
    "crf.bilateral_sigma_xy": (121, 121),
    "crf.bilateral_sigma_rgb": (5, 5),
    "crf.bilateral_weight": (4, 4),
}

BASE = """\
# Every key is checked.

seed: 0                        # of the run

# What is cut
size: 64                       # in pixels
depth: null                    # null: all

prepare:
  root: ???                    # a folder
  lists: ???                   # split: list
"""
SMALL = """\
# Small, for a test
# A second line.

size: 32
prepare:
  root: data/small             # very small
  lists: {train: t}
"""
COMPOSED = """\
# Recipe small: Small, for a test
# A second line.
# Every key is checked.

seed: 0                        # of the run

# What is cut
size: 32                       # in pixels
depth: null                    # null: all

prepare:
  root: data/small             # very small
  lists: {train: t}            # split: list
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a base, a recipe and a backbone."""
    recipes = tmp_path / "recipes"
    (recipes / "backbones").mkdir(parents=True)
    (recipes / "base.yaml").write_text(BASE)
    (recipes / "small.yaml").write_text(SMALL)
    (recipes / "backbones/large.yaml").write_text("# A large one\n\ndepth: 24                      # blocks\n")
    return recipes


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_gives_valid_settings_and_repeats_no_value_of_the_base(tmp_path, name):
    recipe, path = compose(FOLDER, name), tmp_path / "params.yaml"
    path.write_text(recipe.text, encoding="utf-8")
    assert load_settings(path).model_dump(mode="json") == recipe.values
    base, own = (dict(leaves(read_yaml(FOLDER / f"{stem}.yaml"))) for stem in ("base", name))
    assert {key for key, value in own.items() if base.get(key) == value} == set()
    assert tuple(recipe_names(FOLDER)) == NAMES


@pytest.mark.parametrize("name", ["voc2012", "demo"])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_gives_valid_settings_for_every_method(name, backbone):
    values = compose(FOLDER, name, backbone=backbone).values
    for method in METHOD_NAMES:
        settings = check_settings(values | {"method": method}, source=name)
    assert timm.models.get_pretrained_cfg(settings.backbone.name) is not None
    assert settings.backbone.pretrained is True
    assert settings.backbone.depth is None
    patch = vit_patch(settings.backbone.name)
    crop = 3 if (name, patch) == ("demo", 16) else 6
    assert (settings.patch_size // patch, settings.toco.crop_size // patch) == (4, crop)


def test_a_backbone_changes_only_itself_and_what_depends_on_its_patch():
    plain = compose(FOLDER, "voc2012")
    assert tuple(backbone_names(FOLDER)) == BACKBONES
    for backbone in BACKBONES:
        lines = differences(compose(FOLDER, "voc2012", backbone=backbone).values, plain)
        changed = {line.partition(":")[0] for line in lines}
        assert {"backbone.name"} <= changed
        own = {"backbone.name", "backbone.normalisation", "backbone.projector_width"}
        assert changed <= own | {"patch_size", "toco.crop_size"}
        # timm trained these two with mean and deviation 0.5, the others with ImageNet's
        assert ("backbone.normalisation" in changed) == (backbone in ("vit-small", "vit-tiny"))


def test_the_recipes_of_voc_and_coco_hold_the_papers_values():
    voc, coco = (dict(leaves(compose(FOLDER, name).values)) for name in ("voc2012", "coco2014"))
    assert {key: (voc[key], coco[key]) for key in PAPER} == PAPER


def test_the_schedule_for_own_images_keeps_the_papers_proportions():
    steps = [key for key in PAPER if key.endswith(("_start", "_switch", "steps"))]
    voc, own = (dict(leaves(compose(FOLDER, name).values)) for name in ("voc2012", "own-images"))
    assert len(steps) == 6
    assert {key: own[key] * 4 for key in steps} == {key: voc[key] for key in steps}


def test_the_settings_of_the_project_are_the_demo_recipe():
    assert (ROOT / "params.yaml").read_text(encoding="utf-8") == compose(FOLDER, "demo").text


def test_base_and_recipe_are_composed_with_their_comments(folder):
    values = {"seed": 0, "size": 32, "depth": None, "prepare": {"root": "data/small", "lists": {"train": "t"}}}
    assert compose(folder, "small") == ("small", "Small, for a test", COMPOSED, values)


def test_a_backbone_is_composed_on_top(folder):
    recipe = compose(folder, "small", backbone="large")
    assert (recipe.name, recipe.about) == ("small with large", "Small, for a test; A large one")
    assert recipe.values["depth"] == 24
    assert recipe.text.startswith("# Recipe small with large: Small, for a test; A large one\n# A second line.\n")
    assert "depth: 24                      # blocks" in recipe.text


@pytest.mark.parametrize("root", ["/disk/with spaces", "données", "yes", "12", "a: b # c"])
def test_any_data_folder_can_be_given(folder, root):
    assert compose(folder, "small", root=root).values["prepare"]["root"] == root


def test_an_unknown_name_gets_a_hint_and_a_folder_without_recipes_is_named(folder):
    for words, sentence in (
        ({"name": "smal"}, "there is no recipe 'smal': did you mean small?"),
        ({"name": "base"}, "there is no recipe 'base': choose one of small"),
        ({"name": "small", "backbone": "larg"}, "there is no backbone 'larg': did you mean large?"),
    ):
        with pytest.raises(SecoError) as told:
            compose(folder, **words)
        assert str(told.value) == sentence
    with pytest.raises(SecoError, match="holds no recipes: run from the project's folder or give --recipes"):
        recipe_names(folder / "nowhere")


def test_unknown_keys_and_open_values_are_refused_in_one_list(folder):
    (folder / "small.yaml").write_text("seeed: 1\nprepare:\n  root: x\n  rot: y\n")
    with pytest.raises(SecoError) as told:
        compose(folder, "small")
    assert str(told.value).splitlines() == [
        f"{folder / 'small.yaml'} is no recipe:",
        "  seeed: base.yaml has no such key",
        "  prepare.rot: base.yaml has no such key",
        "  prepare.lists: give a value, base.yaml leaves it open",
    ]
    (folder / "small.yaml").write_text(SMALL)
    (folder / "backbones/large.yaml").write_text("width: 24\n")
    with pytest.raises(SecoError, match=r"large.yaml is no recipe:\n  width: base.yaml has no such key$"):
        compose(folder, "small", backbone="large")


def test_differences_name_the_keys_and_both_values(folder):
    recipe = compose(folder, "small")
    values = {"seed": 1, "depth": None, "prepare": {"root": "elsewhere", "lists": {"train": "t", "val": "v"}}, "new": 2}
    assert differences(values, recipe) == [
        "seed: 1 (small: 0)",
        "size: absent (small: 32)",
        "prepare.lists.val: v (small: absent)",
        "new: 2 (small: absent)",
    ]
    assert differences(recipe.values, recipe) == []


def test_a_recipe_may_be_overwritten_but_no_change_of_the_user(folder, tmp_path):
    (folder / "other.yaml").write_text(SMALL.replace("32", "48") + "seed: 7\n")
    params = tmp_path / "params.yaml"
    for options in ({"root": "elsewhere"}, {"backbone": "large"}):
        params.write_text(compose(folder, "other", **options).text)
        require_unchanged(params, folder)
    params.write_text(compose(folder, "other").text.replace("size: 48", "size: 40"))
    with pytest.raises(SecoError) as told:
        require_unchanged(params, folder)
    first, *lines = str(told.value).splitlines()
    assert first.startswith(f"{params} holds changes of your own")
    assert "--force" in first
    assert lines == ["  size: 40 (other: 48)"]


def test_settings_name_the_recipe_they_come_from_and_what_changed(tmp_path: Path) -> None:
    params = tmp_path / "params.yaml"
    text = compose(FOLDER, "demo", backbone="vit-small").text
    params.write_text(text)
    assert origin(params, FOLDER) == ("demo with vit-small", [])
    params.write_text(text.replace("\nseed: 0 ", "\nseed: 3 "))
    assert origin(params, FOLDER) == ("demo with vit-small", ["seed: 3 (demo with vit-small: 0)"])
    params.write_text(text.replace("# Recipe demo", "# Recipe other"))
    nearest = origin(params, FOLDER)
    assert nearest is not None
    assert nearest[0] == "demo"
    assert "backbone.depth: None (demo: 6)" in nearest[1]
    params.write_text(text)
    assert origin(params, tmp_path / "nowhere") is None
