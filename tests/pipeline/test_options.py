"""Where interrupted runs wait: in the project, also when DVC runs a stage in a copy of it."""

from pathlib import Path

import pytest

from pipeline.options import resume_folder


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
