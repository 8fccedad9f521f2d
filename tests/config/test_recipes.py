"""Recipes: the paper's values, one place for each, and no key left out."""

from pathlib import Path
from typing import get_args

import pytest

from seco.config.recipes import backbone_names, compose, differences, leaves, recipe_names, require_unchanged
from seco.config.rules import vit_patch
from seco.config.settings import Settings, load_settings
from seco.config.yaml_file import read_yaml
from seco.errors import SecoError
from tests.imports import ROOT

FOLDER = ROOT / "recipes"
NAMES = ("coco2014", "demo", "own-images", "voc2012")
BACKBONES = (
    *("deit-base", "dinov2-base", "dinov2-base-reg", "dinov2-small", "dinov2-small-reg", "vit-small", "vit-tiny"),
)

# The table of the paper's settings and of its published training configuration: VOC 2012, COCO 2014.
PAPER = {
    "train.crop_size": (448, 448),
    "train.batch_size": (4, 8),  # 4 a GPU, on one GPU and on two
    "train.steps": (20_000, 80_000),
    "train.contrast_start": (1_000, 8_000),
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
    "weight_patch": (0.0, 0.0),
    "train.scale_range": ([0.5, 2], [0.5, 2]),
    "train.learning_rate": (6e-5, 6e-5),
    "train.head_multiplier": (10, 10),
    "train.weight_decay": (0.01, 0.01),
    "train.warmup_steps": (1_500, 1_500),
    "train.warmup_ratio": (1e-6, 1e-6),
    "patch_size": (64, 64),
    "num_patches": (10, 10),
    "patch_centres": ("uncertain", "uncertain"),
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

dataset:
  root: ???                    # a folder
  lists: ???                   # split: list
"""
SMALL = """\
# Small, for a test
# A second line.

size: 32
dataset:
  root: data/small             # very small
  lists: {train: t}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a base and one recipe."""
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    (recipes / "base.yaml").write_text(BASE)
    (recipes / "small.yaml").write_text(SMALL)
    return recipes


def test_the_recipes_of_the_project():
    assert tuple(recipe_names(FOLDER)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_gives_sound_settings(tmp_path, name):
    recipe = compose(FOLDER, name)
    path = tmp_path / "params.yaml"
    path.write_text(recipe.text, encoding="utf-8")
    settings = load_settings(path)
    assert settings.model_dump(mode="json") == recipe.values


@pytest.mark.parametrize("name", ["voc2012", "demo"])
@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_gives_sound_settings_for_every_method(tmp_path, name, backbone):
    recipe, path = compose(FOLDER, name, backbone=backbone), tmp_path / "params.yaml"
    for method in get_args(Settings.model_fields["method"].annotation):
        path.write_text(recipe.text.replace("method: seco", f"method: {method}"), encoding="utf-8")
        settings = load_settings(path)
        assert settings.method == method
    assert settings.backbone.pretrained is True
    assert settings.backbone.depth is None
    patch = vit_patch(settings.backbone.name)
    assert (settings.patch_size // patch, settings.toco.crop_size // patch) == (
        4,
        3 if (name, patch) == ("demo", 16) else 6,
    )


def test_a_backbone_changes_nothing_but_itself_and_what_its_patch_asks_for():
    plain = compose(FOLDER, "voc2012")
    assert tuple(backbone_names(FOLDER)) == BACKBONES
    for backbone in BACKBONES:
        changed = {
            line.partition(":")[0] for line in differences(compose(FOLDER, "voc2012", backbone=backbone).values, plain)
        }
        assert "backbone.name" in changed
        assert changed <= {"backbone.name", "backbone.projector_width", "patch_size", "toco.crop_size"}


@pytest.mark.parametrize("key", PAPER)
def test_the_papers_values(key):
    recipes = (compose(FOLDER, "voc2012"), compose(FOLDER, "coco2014"))
    assert tuple(dict(leaves(recipe.values))[key] for recipe in recipes) == PAPER[key]


def test_the_papers_schedule_keeps_its_proportions_for_own_images():
    steps = [key for key in PAPER if key.endswith(("_start", "_switch", "steps"))]
    voc, own = (dict(leaves(compose(FOLDER, name).values)) for name in ("voc2012", "own-images"))
    assert len(steps) == 6
    assert {key: own[key] * 4 for key in steps} == {key: voc[key] for key in steps}


def test_the_projects_settings_are_the_demo_recipe():
    assert (ROOT / "params.yaml").read_text(encoding="utf-8") == compose(FOLDER, "demo").text


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_repeats_nothing_that_the_base_says(name):
    base, recipe = (dict(leaves(read_yaml(FOLDER / f"{stem}.yaml"))) for stem in ("base", name))
    assert {key for key, value in recipe.items() if base.get(key) == value} == set()


def test_values_and_comments_of_base_and_recipe_are_joined(folder):
    recipe = compose(folder, "small")
    assert recipe.about == "Small, for a test"
    assert recipe.values == {
        "seed": 0,
        "size": 32,
        "depth": None,
        "dataset": {"root": "data/small", "lists": {"train": "t"}},
    }
    assert recipe.text == (
        "# Recipe small: Small, for a test\n"
        "# A second line.\n"
        "# Every key is checked.\n"
        "\n"
        "seed: 0                        # of the run\n"
        "\n"
        "# What is cut\n"
        "size: 32                       # in pixels\n"
        "depth: null                    # null: all\n"
        "\n"
        "dataset:\n"
        "  root: data/small             # very small\n"
        "  lists: {train: t}            # split: list\n"
    )


@pytest.mark.parametrize("root", ["/disk/with spaces", "données", "yes", "12", "a: b # c"])
def test_the_root_is_the_users(folder, root):
    assert compose(folder, "small", root=root).values["dataset"]["root"] == root


def test_an_unknown_recipe_gets_a_hint(folder):
    with pytest.raises(SecoError, match=r"^there is no recipe 'smal': did you mean small\?$"):
        compose(folder, "smal")
    with pytest.raises(SecoError, match=r"^there is no recipe 'base': choose one of small$"):
        compose(folder, "base")


def test_a_folder_without_recipes_is_named(tmp_path):
    with pytest.raises(SecoError, match="holds no recipes: run from the project's folder or give --recipes"):
        recipe_names(tmp_path / "nowhere")


def test_a_recipe_with_unknown_keys_or_open_ones_is_refused_with_all_of_them(folder):
    (folder / "small.yaml").write_text("seeed: 1\ndataset:\n  root: x\n  rot: y\n")
    with pytest.raises(SecoError) as told:
        compose(folder, "small")
    assert str(told.value).splitlines() == [
        f"{folder / 'small.yaml'} is no recipe:",
        "  seeed: base.yaml has no such key",
        "  dataset.rot: base.yaml has no such key",
        "  prepare.lists: give a value, base.yaml leaves it open",
    ]


def test_a_backbone_is_put_on_top_of_a_recipe(folder):
    (folder / "backbones").mkdir()
    (folder / "backbones/large.yaml").write_text("# A large one\n\ndepth: 24                      # blocks\n")
    recipe = compose(folder, "small", backbone="large")
    assert (recipe.name, recipe.about) == ("small with large", "Small, for a test; A large one")
    assert recipe.values["depth"] == 24
    assert recipe.text.splitlines()[:2] == [
        "# Recipe small with large: Small, for a test; A large one",
        "# A second line.",
    ]
    assert "depth: 24                      # blocks" in recipe.text
    with pytest.raises(SecoError, match=r"^there is no backbone 'larg': did you mean large\?$"):
        compose(folder, "small", backbone="larg")
    (folder / "backbones/large.yaml").write_text("width: 24\n")
    with pytest.raises(SecoError, match=r"large.yaml is no recipe:\n  width: base.yaml has no such key$"):
        compose(folder, "small", backbone="large")


def test_a_recipe_with_another_backbone_may_go_too(folder, tmp_path):
    (folder / "backbones").mkdir()
    (folder / "backbones/large.yaml").write_text("depth: 24\n")
    params = tmp_path / "params.yaml"
    params.write_text(compose(folder, "small", backbone="large").text)
    require_unchanged(params, folder)


def test_differences_name_the_keys_and_both_values(folder):
    recipe = compose(folder, "small")
    values = {"seed": 1, "depth": None, "dataset": {"root": "elsewhere", "lists": {"train": "t", "val": "v"}}, "new": 2}
    assert differences(values, recipe) == [
        "seed: 1 (small: 0)",
        "size: absent (small: 32)",
        "prepare.lists.val: v (small: absent)",
        "new: 2 (small: absent)",
    ]
    assert differences(recipe.values, recipe) == []


def test_what_a_recipe_wrote_may_go_and_what_a_user_changed_may_not(folder, tmp_path):
    (folder / "other.yaml").write_text(SMALL.replace("32", "48") + "seed: 7\n")
    params = tmp_path / "params.yaml"
    params.write_text(compose(folder, "other", root="elsewhere").text)
    require_unchanged(params, folder)
    params.write_text(params.read_text().replace("size: 48", "size: 40"))
    with pytest.raises(SecoError) as told:
        require_unchanged(params, folder)
    first, *lines = str(told.value).splitlines()
    assert first.startswith(f"{params} holds changes of your own")
    assert "--force" in first
    assert lines == ["  size: 40 (other: 48)"]
