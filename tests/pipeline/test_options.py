"""The folder of interrupted runs is in the project, also when DVC runs a stage in a copy of it."""

import sys
from pathlib import Path

import pytest
import yaml

from pipeline.options import resume_folder
from tests.clone import succeed
from tests.imports import ROOT

# A stage that writes the folder in which it runs into the folder of interrupted runs.
STAGE = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from pipeline.options import resume_folder
resume_folder().mkdir(parents=True, exist_ok=True)
(resume_folder() / "ran_in").write_text(str(Path.cwd()))
Path("out").touch()
"""
COPIES = ".dvc/tmp/exps"


@pytest.mark.parametrize(
    ("here", "dvc_root", "folder"),
    [
        ("project", None, ".seco/resume"),
        ("project", "project", ".seco/resume"),
        ("scratch", "project", "{}/project/.seco/resume"),  # .dvc/tmp may be a link to another disk
        (f"project/{COPIES}/tmpabc", None, "{}/project/.seco/resume"),
        (f"project/{COPIES}/standalone/tmpabc/sub/project", None, "{}/project/.seco/resume"),
    ],
)
def test_the_folder_is_in_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: str, dvc_root: str | None, folder: str
) -> None:
    root = tmp_path.resolve()
    (root / here).mkdir(parents=True)
    monkeypatch.chdir(root / here)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    if dvc_root:
        monkeypatch.setenv("DVC_ROOT", str(root / dvc_root))
    assert resume_folder() == Path(folder.format(root))


def test_an_experiment_of_dvc_leaves_its_state_in_the_project(tmp_path: Path) -> None:
    project = tmp_path.resolve() / "project"
    project.mkdir()
    (project / "stage.py").write_text(STAGE)
    (project / ".gitignore").write_text("/.seco/\n")
    stage = {"cmd": f"{sys.executable} stage.py", "deps": ["stage.py"], "outs": ["out"]}
    (project / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"probe": stage}}))
    for words in (
        "git init --quiet",
        "git config user.name test",
        "git config user.email test@localhost",
        "dvc init --quiet",
        "git add --all",
        "git commit --quiet --message project",
        "dvc exp run --quiet --temp",
    ):
        succeed(*words.split(), cwd=project)
    ran_in = (project / ".seco/resume/ran_in").read_text()
    assert ran_in.startswith(f"{project}/{COPIES}/")
    assert not Path(ran_in).exists()
