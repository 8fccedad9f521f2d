import pytest

from seco.errors import SecoError
from seco.studies.repository import Repository
from tests.studies.projects import commit, git, write


@pytest.mark.parametrize("has_git", [False, True])
def test_a_folder_without_repository_or_commit_is_refused(tmp_path, monkeypatch, has_git):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    if has_git:
        git(tmp_path, "init", "--quiet")
    with pytest.raises(SecoError, match="is no git repository with a commit, which experiments need"):
        Repository(tmp_path)


def test_a_repository_whose_author_is_unknown_is_refused(project, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    git(project, "config", "--unset", "user.email")
    with pytest.raises(SecoError, match="tell git their author"):
        Repository(project)


def test_code_and_settings_must_be_committed_and_nothing_else(project):
    write(project, {"docs/results.md": "x\n", "seco/new.py": "untracked\n", "seco/studies/report.py": "no stage's\n"})
    Repository(project).require_clean()
    write(project, {"seco/a.py": "a = 2\n", "params.yaml": "seed: 1\n"})
    with pytest.raises(SecoError, match=r"^params.yaml, seco/a.py changed since the last commit"):
        Repository(project).require_clean()


@pytest.mark.parametrize(
    ("changed", "same"),
    [("docs/results.md", True), ("seco/studies/report.py", True), ("seco/a.py", False), ("demo/dvc.yaml", False)],
)
def test_the_code_is_what_the_stages_of_dvc_yaml_list(project, changed, same):
    before = git(project, "rev-parse", "HEAD")
    write(project, {changed: "stages: {}  # new\n"})
    commit(project)
    assert Repository(project).same_code(before) == same
    assert not Repository(project).same_code("0000000")
