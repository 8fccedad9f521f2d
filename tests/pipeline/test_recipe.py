"""`seco recipe`: what it prints, what it writes, what it refuses to overwrite."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.imports import ROOT
from tests.pipeline.conftest import Project


@pytest.fixture
def bare(tmp_path: Path, open_project: Callable[[Path], Project]) -> Project:
    """A folder that holds recipes and nothing else."""
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    return open_project(tmp_path)


def params(project: Project) -> str:
    return (project.root / "params.yaml").read_text(encoding="utf-8")


def test_list_shows_every_recipe_and_backbone(bare: Project) -> None:
    outcome = bare.run("recipe", "list")
    assert outcome.status == 0
    for name in ("coco2014", "demo", "few-images", "own-images", "voc2012", "dinov2-small-reg"):
        assert f"  {name} " in outcome.out


def test_show_prints_what_use_writes(bare: Project) -> None:
    words = ("voc2012", "--root", "/disk/VOCdevkit/VOC2012", "--backbone", "dinov2-small-reg")
    shown = bare.run("recipe", "show", *words).out
    assert not (bare.root / "params.yaml").exists()
    told = bare.run("recipe", "use", *words).out
    assert params(bare) == shown
    assert "root: /disk/VOCdevkit/VOC2012 " in shown
    assert "name: vit_small_patch14_reg4_dinov2.lvd142m" in shown
    assert told.startswith("params.yaml holds the recipe voc2012 with dinov2-small-reg: PASCAL VOC 2012, the paper's")
    assert told.endswith("`dvc repro` runs it on the data in /disk/VOCdevkit/VOC2012.\n")


def test_use_overwrites_a_recipe_but_no_change_of_the_user_unless_forced(bare: Project) -> None:
    assert bare.run("recipe", "use", "voc2012", "--root", "elsewhere", "--backbone", "vit-small").status == 0
    assert bare.run("recipe", "use", "demo").status == 0
    (bare.root / "params.yaml").write_text(params(bare).replace("patch_size: 64", "patch_size: 96"), encoding="utf-8")
    assert bare.refusal("recipe", "use", "voc2012").splitlines()[1:] == ["  patch_size: 96 (demo: 64)"]
    assert bare.run("recipe", "use", "voc2012", "--force").status == 0
    assert "steps: 20000" in params(bare)


def test_use_overwrites_no_unreadable_settings_unless_forced(bare: Project) -> None:
    (bare.root / "params.yaml").write_text("a: [1\n")
    assert bare.refusal("recipe", "use", "demo").startswith("params.yaml is not valid YAML")
    assert bare.run("recipe", "use", "demo", "--force").status == 0


def test_a_wrong_name_gets_a_hint_and_a_missing_folder_a_remedy(bare: Project) -> None:
    assert bare.refusal("recipe", "use", "voc2021") == "there is no recipe 'voc2021': did you mean voc2012?"
    told = bare.refusal("recipe", "use", "demo", "--backbone", "dino")
    assert told.startswith("there is no backbone 'dino'")
    shutil.rmtree(bare.root / "recipes")
    assert bare.refusal("recipe", "list") == "recipes holds no recipes: run from the project's folder or give --recipes"
