import io

from rich.console import Console
from rich.table import Table

from seco.config.recipes import Recipe
from seco.console.recipes import backbone_table, recipe_table

VALUES = {
    "prepare": {"root": "data/raw/a-folder-with-a-long-name"},
    "backbone": {"name": "vit_base_patch16_224.orig"},
    "train": {"steps": 20000, "batch_size": 4},
    "patch_size": 56,
}


def cells(table: Table) -> list[list[str]]:
    stream = io.StringIO()
    Console(file=stream, width=80).print(table)
    assert max(map(len, stream.getvalue().splitlines())) <= 80
    return [line.split() for line in stream.getvalue().splitlines() if line.strip()]


def test_a_recipe_is_a_row_in_which_nothing_is_cut_off() -> None:
    heading, _, *rows = cells(recipe_table([Recipe("voc2012", "what it is for", "", VALUES)]))
    assert heading == ["name", "what", "data", "root", "backbone", "steps", "batch"]
    assert (rows[0][0], rows[0][-2:]) == ("voc2012", ["20000", "4"])
    assert not any("…" in word for row in rows for word in row)


def test_a_backbone_is_a_row_with_its_vit_and_weights() -> None:
    heading, _, row = cells(backbone_table({"vit-base": Recipe("a with vit-base", "", "", VALUES)}))
    assert heading == ["--backbone", "ViT", "weights", "patch_size"]
    assert row == ["vit-base", "vit_base_patch16_224", "orig", "56"]
