"""A small project after a whole run, and the `seco` command in this process."""

import hashlib
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from pipeline.app import main
from seco.studies.settings import changed
from tests.demo_data import demo_manifest
from tests.imports import ROOT
from tests.settings import SMALL

TINY = SMALL | {
    "train.steps": 3,
    "train.warmup_steps": 1,
    "train.prototype_start": 0,
    "train.contrast_start": 0,
    "train.segmentation_start": 1,
    "train.tag_source_switch": 2,
    "train.log_every": 1,
    "prepare.root": "data/raw/demo",
    "evaluate.pictures": 1,
}
STAGES = ("prepare", "train", "export", "refine", "predict", "evaluate")
_PROGRESS = re.compile(r"(?!seco:)[\w ,-]+: (\d+(/\d+ .*)?|batches of .*)")


class Outcome(NamedTuple):
    status: int
    out: str
    err: str


class Project:
    """A folder in which commands are run, and what to spoil in it."""

    def __init__(self, root: Path, run: Callable[..., Outcome]) -> None:
        self.root = root
        self.run = run

    def set(self, **changes: object) -> None:
        """Change settings by their dotted keys."""
        path = self.root / "params.yaml"
        path.write_text(yaml.safe_dump(changed(yaml.safe_load(path.read_text()), changes)))

    def files(self) -> dict[str, str]:
        """Return every file and what it holds, as a digest."""
        paths = [path for path in self.root.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.root)): hashlib.sha1(path.read_bytes()).hexdigest() for path in paths}

    def refusal(self, *words: str, besides: tuple[str, ...] = ()) -> str:
        """Run a command that must be refused in one sentence or a list; return it.

        No file may appear, change or go, but those whose names start as ``besides`` says.
        """
        before = self.files()
        outcome = self.run(*words)
        after = self.files()
        assert outcome.status == 1
        assert outcome.out == ""
        told = [line for line in outcome.err.splitlines() if not _PROGRESS.fullmatch(line)]
        assert told[0].startswith("seco: ")
        assert all(line.startswith("  ") for line in told[1:]), outcome.err
        assert "Traceback" not in outcome.err
        differing = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        assert {name for name in differing if not name.startswith(besides or "\0")} == set()
        return "\n".join(told).removeprefix("seco: ")


def run_stage(folder: Path, *words: str) -> int:
    """Run `seco WORDS` in a folder and return its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["seco", *words])
        try:
            main()
        except SystemExit as end:  # let go of at once: it holds what the command left open, loaders among it
            return int(end.code or 0)
    raise AssertionError("a command ends with a status")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small project in which every stage has run; not to be changed."""
    folder = tmp_path_factory.mktemp("finished") / "project"
    demo_manifest(folder / "data/raw/demo")
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    (folder / "params.yaml").write_text(yaml.safe_dump(changed(values, TINY)))
    for stage in STAGES:
        assert run_stage(folder, stage) == 0, stage
    return folder


@pytest.fixture
def project(finished: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Project:
    """A copy of the finished project, to be spoilt; commands tell what they write to either stream."""
    root = tmp_path / "project"
    shutil.copytree(finished, root)

    def run(*words: str) -> Outcome:
        capfd.readouterr()
        status = run_stage(root, *words)
        return Outcome(status, *capfd.readouterr())

    return Project(root, run)
