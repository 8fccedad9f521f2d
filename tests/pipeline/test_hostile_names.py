"""Classes, files and folders with names that tables, pictures, Markdown or spreadsheets might obey, in every stage."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from seco.storage.manifest import read_manifest
from seco.storage.plain_text import escape_markdown, one_line
from tests.data.trees import HEIGHT, WIDTH, add_photo
from tests.imports import ROOT
from tests.names import HOSTILE
from tests.pipeline.conftest import STAGES, Project
from tests.settings import SHORT, change_settings

FILES = [name.translate({ord("/"): "_", ord("\\"): "_"})[:200] + ".png" for name in HOSTILE]
SETTINGS = SHORT | {
    "train.steps": 2,
    "prepare.root": "data/raw/it's [red] $x$ <b>",
    "prepare.format": "json",
    "prepare.source": "all.json",
    "prepare.classes": None,
    "prepare.lists": None,
    "prepare.difficult": None,
    "prepare.validation_share": 0.3,
    "refine.splits": ["train", "val"],
    "predict.splits": ["val"],
    "predict.scales": [1.0],
    "crf.iterations": 1,
    "evaluate.pictures": 40,
}


@pytest.fixture
def hostile(tmp_path: Path, open_project: Callable[[Path], Project]) -> Project:
    """A project whose data set has a photograph and a class of each hostile name."""
    root = tmp_path / "project"
    place = root / str(SETTINGS["prepare.root"])
    outline = [[1, 1, 9, 1, 9, 6, 1, 6]]
    numbers = range(1, len(HOSTILE) + 1)
    content = {
        "images": [
            {"id": number, "file_name": f"<i>/{name}", "width": WIDTH, "height": HEIGHT}
            for number, name in zip(numbers, FILES, strict=True)
        ],
        "annotations": [
            {"image_id": number, "category_id": category, "segmentation": outline}
            for number in numbers
            for category in (number, number % len(HOSTILE) + 1)
        ],
        "categories": [{"id": number, "name": name} for number, name in zip(numbers, HOSTILE, strict=True)],
    }
    for name in FILES:
        add_photo(place / "<i>" / name)
    (place / "all.json").write_text(json.dumps(content))
    change_settings(root, SETTINGS, source=ROOT)
    return open_project(root)


@pytest.mark.slow
def test_every_stage_takes_any_name_and_every_output_shows_it_as_it_is(hostile: Project) -> None:
    printed = ""
    for stage in (*STAGES, "summary"):
        outcome = hostile.run(stage)
        assert outcome.status == 0, outcome.err
        printed += outcome.out + outcome.err
    manifest = read_manifest(hostile.root / "data/prepare")
    assert manifest.class_names == HOSTILE
    assert sorted(record.image.name for record in manifest.records) == sorted(FILES)
    _check_terminal(printed)
    _check_page((hostile.root / "reports/report.md").read_text())
    for path in (*hostile.root.glob("reports/*.csv"), *hostile.root.glob("data/prepare/*.csv")):
        _check_spreadsheet(path)


def _check_terminal(printed: str) -> None:
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", printed)
    squeezed = re.sub(r"\s", "", re.sub(r"[│┃]\s*\n[│┃]|\n", "", printed))
    for name in HOSTILE:
        if len(name) < 40:  # longer ones are folded within their column
            assert re.sub(r"\s", "", one_line(name)) in squeezed, name


def _check_page(page: str) -> None:
    assert not re.search("<[a-z/!]", page)
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len(rows) > len(HOSTILE)
    for name in HOSTILE:
        assert any(f"| {escape_markdown(name)} |" in row for row in rows), name
    bars = [len(re.findall(r"(?<!\\)\|", re.sub(r"\\\\", "", row))) for row in rows]
    assert all(after == before for row, before, after in zip(rows[1:], bars, bars[1:], strict=False) if "--" in row)


def _check_spreadsheet(path: Path) -> None:
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert {len(row) for row in rows} <= {len(header)}
    assert not [cell for row in rows for cell in row if re.match(r"[=@\t\r]|[+-](?!\d|inf)", cell)]


@pytest.mark.parametrize("name", ["[red]", "\x1b[31m", "\u202e", "two\nlines", "<b>", "$x$"])
def test_problems_with_such_names_are_told_in_their_line(hostile: Project, name: str) -> None:
    place = hostile.root / str(SETTINGS["prepare.root"])
    (place / "<i>" / f"{name}.png").write_bytes(b"")
    content = json.loads((place / "all.json").read_text())
    content["images"].append({"id": 1000, "file_name": f"<i>/{name}.png"})
    content["annotations"].append({"image_id": 1000, "category_id": 1})
    (place / "all.json").write_text(json.dumps(content))
    told = hostile.refusal("prepare", besides=("data/prepare/problems.csv", ".seco/prepare/"))
    assert len([line for line in told.splitlines() if f"{one_line(name)}.png is empty" in line]) == 1
