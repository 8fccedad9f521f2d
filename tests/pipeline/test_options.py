"""Where interrupted runs wait: in the project, also when DVC runs a stage in a copy of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.options import resume_folder
from tests.imports import ROOT

# A stage that leaves, where runs wait, the name of the folder that it ran in.
STAGE = """
from pathlib import Path
from pipeline.options import resume_folder
resume_folder().mkdir(parents=True, exist_ok=True)
(resume_folder() / "ran_in").write_text(str(Path.cwd()))
Path("out").touch()
"""


@pytest.fixture(autouse=True)
def without_dvc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DVC_ROOT", raising=False)


def test_by_hand_it_is_below_the_present_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert resume_folder() == Path(".seco/resume")


def test_in_the_project_itself_the_path_stays_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path.resolve()))
    assert resume_folder() == Path(".seco/resume")


def test_dvc_says_where_the_project_of_an_experiment_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()  # such as a scratch disk that .dvc/tmp is a link to
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "project"))
    assert resume_folder() == tmp_path / "project/.seco/resume"


@pytest.mark.parametrize("copy", ["tmpabc", "standalone/tmpabc", "standalone/tmpabc/sub/project"])
def test_by_hand_in_a_copy_it_is_below_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copy: str) -> None:
    folder = tmp_path.resolve() / "project/.dvc/tmp/exps" / copy
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    assert resume_folder() == tmp_path.resolve() / "project/.seco/resume"


def test_an_experiment_of_dvc_leaves_its_state_in_the_project(tmp_path: Path) -> None:
    project = tmp_path.resolve() / "project"
    project.mkdir()
    (project / "stage.py").write_text(STAGE)
    (project / ".gitignore").write_text("/.seco/\n")
    stage = {"cmd": f"{sys.executable} stage.py", "deps": ["stage.py"], "outs": ["out"]}
    (project / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"probe": stage}}))
    identity = {f"GIT_{who}_{what}": "test@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = os.environ | identity | {"PYTHONPATH": str(ROOT), "GIT_CONFIG_GLOBAL": "/dev/null"}
    dvc = [sys.executable, "-m", "dvc"]
    for words in (
        ["git", "init", "--quiet"],
        [*dvc, "init", "--quiet"],
        ["git", "add", "--all"],
        ["git", "commit", "--quiet", "--message", "A project"],
        [*dvc, "exp", "run", "--quiet", "--temp"],
    ):
        done = subprocess.run(words, cwd=project, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    ran_in = (project / ".seco/resume/ran_in").read_text()
    assert ran_in.startswith(f"{project}/.dvc/tmp/exps/")
    assert not Path(ran_in).exists()
