"""A small project after a whole run, and the `seco` command in this process or another."""

import hashlib
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.app import main
from seco.storage.stage_records import STAGE_RECORDS
from tests.demo_data import demo_manifest
from tests.imports import ROOT
from tests.processes import SECO, Program
from tests.settings import SHORT, change_settings

STAGES = ("prepare", "train", "export", "refine", "predict", "evaluate")
_PROGRESS = re.compile(r"(?!seco:)[\w ,-]+: (\d+(/\d+ .*)?|batches of .*)")


class Outcome(NamedTuple):
    status: int
    out: str
    err: str


class Project:
    """A folder, a function that runs `seco` in it, and checks of the result."""

    def __init__(self, root: Path, run: Callable[..., Outcome]) -> None:
        self.root = root
        self.run = run

    def set(self, **changes: object) -> None:
        """Change settings by their dotted keys."""
        change_settings(self.root, changes)

    def files(self) -> dict[str, str]:
        """Return the digest of every file, by its path; records of the stages' time are left out."""
        records = self.root / STAGE_RECORDS
        paths = [path for path in self.root.rglob("*") if path.is_file() and records not in path.parents]
        return {str(path.relative_to(self.root)): hashlib.sha1(path.read_bytes()).hexdigest() for path in paths}

    def changed_files(self, before: dict[str, str]) -> AbstractSet[str]:
        """Return the files that have appeared, changed or gone."""
        after = self.files()
        return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}

    def refusal(self, *words: str, besides: tuple[str, ...] = ()) -> str:
        """Run a command that must fail with one sentence or a list; return it.

        No file may change except those whose names start with one of `besides`.
        """
        before = self.files()
        outcome = self.run(*words)
        assert outcome.status == 1
        assert outcome.out == ""
        told = [line for line in outcome.err.splitlines() if not _PROGRESS.fullmatch(line)]
        assert told[0].startswith("seco: ")
        assert all(line.startswith("  ") for line in told[1:]), outcome.err
        assert {name for name in self.changed_files(before) if not name.startswith(besides or "\0")} == set()
        return "\n".join(told).removeprefix("seco: ")


def run_stage(folder: Path, *words: str) -> int:
    """Run `seco WORDS` in a folder and return its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["seco", *words])
        try:
            main()
        except SystemExit as end:  # released at once: it holds what the command left open, such as loaders
            return int(end.code or 0)
    raise AssertionError("a command ends with a status")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small project in which every stage has run; not to be changed."""
    folder = tmp_path_factory.mktemp("finished") / "project"
    demo_manifest(folder / "data/raw/demo")
    change_settings(folder, SHORT, source=ROOT)
    for stage in STAGES:
        assert run_stage(folder, stage) == 0, stage
    return folder


@pytest.fixture
def open_project(capfd: pytest.CaptureFixture[str]) -> Callable[[Path], Project]:
    """Return a function that makes a `Project` of a folder."""

    def open_project(root: Path) -> Project:
        def run(*words: str) -> Outcome:
            capfd.readouterr()
            status = run_stage(root, *words)
            return Outcome(status, *capfd.readouterr())

        return Project(root, run)

    return open_project


@pytest.fixture
def project(finished: Path, tmp_path: Path, open_project: Callable[[Path], Project]) -> Project:
    """A copy of the finished project, to be changed."""
    shutil.copytree(finished, tmp_path / "project")
    return open_project(tmp_path / "project")


@pytest.fixture
def start(project: Project) -> Iterator[Callable[..., Program]]:
    """Return a function that starts `seco WORDS` in another process; kill what is left at the end."""
    programs: list[Program] = []

    def start(*words: str, command: tuple[str, ...] = SECO) -> Program:
        log = project.root.with_name(f"output-{len(programs)}.txt")
        programs.append(Program((*command, *words), cwd=project.root, log=log))
        return programs[-1]

    yield start
    for program in programs:
        program.kill()
