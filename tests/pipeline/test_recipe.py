"""`seco recipe`: what it prints, what it writes, what it refuses to overwrite."""

import shutil
from pathlib import Path

import pytest

from tests.imports import ROOT
from tests.pipeline.conftest import Outcome, Project, run_stage


@pytest.fixture
def bare(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Project:
    """A folder that holds recipes and nothing else."""
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")

    def run(*words: str) -> Outcome:
        capfd.readouterr()
        status = run_stage(tmp_path, *words)
        return Outcome(status, *capfd.readouterr())

    return Project(tmp_path, run)


def test_list_shows_every_recipe(bare: Project) -> None:
    told = bare.run("recipe", "list")
    assert told.status == 0
    for name in ("coco2014", "demo", "own-images", "voc2012"):
        assert f"  {name} " in told.out
    assert "80000" in told.out
    assert "  dinov2-small-reg " in told.out


def test_show_prints_what_use_writes(bare: Project) -> None:
    words = ("voc2012", "--root", "/disk/VOCdevkit/VOC2012")
    shown = bare.run("recipe", "show", *words)
    assert not (bare.root / "params.yaml").exists()
    told = bare.run("recipe", "use", *words)
    assert (bare.root / "params.yaml").read_text(encoding="utf-8") == shown.out
    assert "root: /disk/VOCdevkit/VOC2012 " in shown.out
    assert told.out == (
        "params.yaml holds the recipe voc2012: PASCAL VOC 2012, the paper's values, one GPU.\n"
        "`dvc repro` runs it on the data in /disk/VOCdevkit/VOC2012.\n"
    )


def test_use_writes_a_recipe_with_another_backbone(bare: Project) -> None:
    told = bare.run("recipe", "use", "voc2012", "--backbone", "dinov2-small-reg")
    assert told.out.startswith("params.yaml holds the recipe voc2012 with dinov2-small-reg: PASCAL VOC 2012")
    text = (bare.root / "params.yaml").read_text(encoding="utf-8")
    assert "name: vit_small_patch14_reg4_dinov2.lvd142m" in text
    assert text == bare.run("recipe", "show", "voc2012", "--backbone", "dinov2-small-reg").out
    assert bare.run("recipe", "use", "demo").status == 0
    assert bare.refusal("recipe", "use", "demo", "--backbone", "dino").startswith("there is no backbone 'dino'")


def test_use_overwrites_a_recipe_and_no_change_of_the_users_unless_forced(bare: Project) -> None:
    assert bare.run("recipe", "use", "voc2012", "--root", "elsewhere").status == 0
    assert bare.run("recipe", "use", "demo").status == 0
    path = bare.root / "params.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("patch_size: 64", "patch_size: 96"), encoding="utf-8")
    told = bare.refusal("recipe", "use", "voc2012")
    assert told.splitlines()[1:] == ["  patch_size: 96 (demo: 64)"]
    assert bare.run("recipe", "use", "voc2012", "--force").status == 0
    assert "steps: 20000" in path.read_text(encoding="utf-8")


def test_settings_that_cannot_be_read_are_not_overwritten_unless_forced(bare: Project) -> None:
    path = bare.root / "params.yaml"
    path.write_text("a: [1\n")
    assert bare.refusal("recipe", "use", "demo").startswith("params.yaml is not valid YAML")
    assert bare.run("recipe", "use", "demo", "--force").status == 0


def test_an_unknown_name_gets_a_hint(bare: Project) -> None:
    told = bare.refusal("recipe", "use", "voc2021")
    assert told == "there is no recipe 'voc2021': did you mean voc2012?"


def test_without_recipes_the_remedy_is_told(bare: Project) -> None:
    shutil.rmtree(bare.root / "recipes")
    assert bare.refusal("recipe", "list") == "recipes holds no recipes: run from the project's folder or give --recipes"
