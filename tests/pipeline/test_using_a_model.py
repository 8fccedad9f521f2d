"""docs/using-a-model.md, word by word, in a folder that holds a model and photographs."""

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from seco.inference.trained import load_predictor
from tests.imports import ROOT
from tests.pipeline.conftest import Project

PAGE = (ROOT / "docs/using-a-model.md").read_text(encoding="utf-8")


@pytest.fixture
def place(finished: Path, tmp_path: Path, open_project: Callable[[Path], Project]) -> Project:
    shutil.copytree(finished / "data/train", tmp_path / "model")
    (tmp_path / "shots").mkdir()
    scene = next((finished / "data/raw/demo").rglob("*.jpg"))
    with Image.open(scene) as image:
        image.crop((0, 0, 90, 70)).save(tmp_path / "shots/street.jpg")
    classes = load_predictor(tmp_path / "model").class_names
    (tmp_path / "classes.txt").write_text("\n".join(classes) + "\n")
    return open_project(tmp_path)


def test_every_command_of_the_page_works(place: Project) -> None:
    blocks = re.findall(r"```bash\n(.*?)```", PAGE, flags=re.DOTALL)
    commands = [shlex.split(line) for block in blocks for line in block.splitlines()]
    assert [words[:2] for words in commands] == [
        ["seco", "predict"],
        ["seco", "refine"],
        ["seco", "export-cams"],
        ["seco", "predict"],
        ["seco", "convert"],
        ["seco", "convert"],
    ]
    for _, *words in commands:
        outcome = place.run(*words)
        assert outcome.status == 0, outcome.err
    for result in (
        "masks/street.png",
        "refined/street.png",
        "cams/street.npz",
        "probable/street.npz",
        "pictures/street.jpg",
    ):
        assert (place.root / result).is_file()


def test_the_python_of_the_page_works(place: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    monkeypatch.chdir(place.root)
    names: dict = {}
    exec(block, names)
    assert names["result"].mask.shape == (70, 90)
