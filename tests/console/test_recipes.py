import io

from rich.console import Console

from seco.config.recipes import Recipe
from seco.console.recipes import backbone_table, recipe_table

VALUES = {
    "dataset": {"root": "data/raw/a-folder-with-a-long-name"},
    "backbone": {"name": "vit_base_patch16_224.orig"},
    "training": {"steps": 20000, "batch_size": 4},
}


def test_a_recipe_is_a_row_in_which_nothing_is_cut_off() -> None:
    stream = io.StringIO()
    Console(file=stream, width=80).print(recipe_table([Recipe("voc2012", "what it is for", "", VALUES)]))
    lines = [line.split() for line in stream.getvalue().splitlines() if line.strip()]
    assert lines[0] == ["name", "what", "data", "root", "backbone", "steps", "batch"]
    assert lines[2][0] == "voc2012"
    assert lines[2][-2:] == ["20000", "4"]
    shown = "".join(word for line in lines[2:] for word in line)
    assert "…" not in shown
    assert max(map(len, stream.getvalue().splitlines())) <= 80


def test_a_backbone_is_a_row_with_its_vit_and_weights() -> None:
    stream = io.StringIO()
    values = VALUES | {"patch_size": 56}
    Console(file=stream, width=80).print(backbone_table({"vit-base": Recipe("a with vit-base", "", "", values)}))
    lines = [line.split() for line in stream.getvalue().splitlines() if line.strip()]
    assert lines[0] == ["--backbone", "ViT", "weights", "patch_size"]
    assert lines[2] == ["vit-base", "vit_base_patch16_224", "orig", "56"]
