import pytest

from seco.errors import SecoError
from seco.studies.repository import Repository
from tests.studies.repositories import commit, git, keep_experiment, write


def test_a_folder_without_repository_or_commit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(SecoError, match="is no git repository with a commit, which experiments need"):
        Repository(tmp_path)
    git(tmp_path, "init", "--quiet")
    with pytest.raises(SecoError, match="is no git repository with a commit, which experiments need"):
        Repository(tmp_path)


def test_a_repository_whose_committer_is_unknown_is_refused(project, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    git(project, "config", "--unset", "user.email")
    with pytest.raises(SecoError, match="tell git whose"):
        Repository(project)


def test_code_and_settings_must_be_committed_and_nothing_else(project):
    repository = Repository(project)
    write(project, {"docs/results.md": "x\n", "seco/new.py": "untracked\n"})
    repository.require_clean()
    write(project, {"seco/a.py": "a = 2\n", "params.yaml": "seed: 1\n"})
    with pytest.raises(
        SecoError, match=r"^(params.yaml, seco/a.py|seco/a.py, params.yaml) changed since the last commit"
    ):
        repository.require_clean()


def test_what_plans_and_reports_studies_is_no_code_of_their_runs(project):
    write(project, {"seco/studies/page.py": "x = 1\n", "pipeline/experiment.py": "x = 1\n"})
    before = commit(project)
    write(project, {"seco/studies/page.py": "x = 2\n", "pipeline/experiment.py": "x = 2\n"})
    Repository(project).require_clean()
    commit(project)
    assert Repository(project).same_code(before)


def test_a_new_commit_is_noticed(project):
    repository = Repository(project)
    assert not repository.changed()
    commit(project)
    assert repository.changed()


def test_only_refs_of_experiments_are_experiments(project):
    found = keep_experiment(project, "one")
    base = git(project, "rev-parse", "HEAD")
    for ref in ("refs/exps/stash", "refs/exps/celery/failed"):
        git(project, "update-ref", ref, found)
    (experiment,) = Repository(project).experiments()
    assert experiment == ("one", found, base)


def test_files_of_a_commit_are_read_and_missing_ones_are_none(project):
    repository = Repository(project)
    assert repository.read("HEAD", "seco/a.py") == "a = 1\n"
    assert repository.read("HEAD", "seco/b.py") is None


def test_what_git_ignores(project):
    write(project, {".gitignore": "/data\n"})
    assert Repository(project).ignores("data/raw/demo")
    assert not Repository(project).ignores("seco/a.py")
