"""`seco experiment`: what it lists, plans and refuses. Studies that run are in `tests/test_end_to_end.py`."""

import shutil
from pathlib import Path

import pytest
import yaml

from seco.studies.results import write_rows
from tests.clone import change_settings
from tests.imports import ROOT
from tests.pipeline.conftest import Outcome, Project, run_stage
from tests.studies.repositories import commit, git, write
from tests.studies.rows import row


@pytest.fixture
def bare(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Project:
    """A repository of settings and studies, with hardly any code."""
    shutil.copytree(ROOT / "experiments", tmp_path / "experiments")
    shutil.copy(ROOT / "params.yaml", tmp_path)
    write(tmp_path, {"seco/a.py": "a = 1\n", "dvc.yaml": "stages: {}\n"})
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "user.name", "test")
    git(tmp_path, "config", "user.email", "test@localhost")
    commit(tmp_path)

    def run(*words: str) -> Outcome:
        capfd.readouterr()
        status = run_stage(tmp_path, "experiment", *words)
        return Outcome(status, *capfd.readouterr())

    return Project(tmp_path, run)


def test_list_shows_every_study_with_its_runs(bare):
    told = bare.run("list").out
    assert "ablation                    9 runs a seed  What each part of SeCo brings (Table 2)\n" in told
    for name in yaml.safe_load((ROOT / "experiments/studies.yaml").read_text())["sweeps"]:
        assert f"sweep {name} " in told


def test_dry_tells_what_would_run_and_runs_nothing(bare):
    before = bare.files()
    told = bare.run("rivals", "--seeds", "0,2", "--dry", "-S", "train.steps=50")
    assert told.status == 0
    first, *planned = told.out.splitlines()
    assert first == "rivals: 8 runs, of which 0 are done."
    assert planned[0] == "rivals-baseline-s0: train.steps=50 method=baseline seed=0"
    assert [line.partition(":")[0] for line in planned[4:]] == [
        *("rivals-baseline-s2", "rivals-toco-s2", "rivals-seco-s2", "rivals-full-supervision-s2"),
    ]
    assert bare.files() == before


def test_a_study_is_not_mixed_with_results_of_other_settings(bare):
    write_rows(bare.root / "benchmarks/results/rivals.csv", [row("baseline", 0)])
    assert "rivals.csv holds 1 runs of other settings (commit abc1234)" in bare.refusal("rivals", "--dry")
    assert bare.run("rivals", "--dry", "--results", "others").status == 0


def test_a_sweep_goes_round_the_value_that_all_its_runs_would_have(bare):
    own = ("-S", "train.steps=1000", "-S", "train.tag_source_switch=200")
    told = bare.run("sweep", "tag-source", "--seeds", "0", "--dry", *own).out
    values = [line.rpartition("tag_source_switch=")[2].split()[0] for line in told.splitlines()[1:]]
    assert values == ["0", "200", "500", "1000"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("sweep", "tag-sorce"), "there is no sweep 'tag-sorce': did you mean tag-source?"),
        (("ablation", "--seeds", "a,b"), "--seeds 'a,b' is no list of seeds"),
        (("ablation", "-S", "trainig.steps=5"), "params.yaml has no key trainig.steps: did you mean training?"),
        (("ablation", "-S", "train.steps"), "--set-param 'train.steps' is no change: write KEY=VALUE"),
        (("rivals", "-S", "train.steps=-1"), "the run rivals-baseline-s0 cannot be: its params.yaml has 1 problem:"),
        (("list", "--studies", "none.yaml"), "none.yaml"),
        (("report",), "benchmarks/results holds no results of a study: run one"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(bare, words, told):
    assert told in bare.refusal(*words)


def test_changes_that_no_commit_holds_are_refused_before_anything_runs(bare):
    change_settings(bare.root, {"num_patches": 4})
    told = bare.run("ablation", "--seeds", "0")
    assert told.status == 1
    assert told.err.startswith("seco: params.yaml changed since the last commit, which the results are to name")


def test_a_folder_without_a_repository_is_refused(bare, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(bare.root.parent))
    shutil.rmtree(bare.root / ".git")
    assert "is no git repository with a commit, which experiments need" in bare.refusal("ablation")


def test_report_writes_page_and_pictures_of_the_results_there_are(bare):
    write_rows(bare.root / "benchmarks/results/ablation.csv", [row("baseline", 0), row("SeCo", 0)])
    told = bare.run("report", "--page", "docs/own.md", "--pictures", "docs/pictures")
    assert told.out == "docs/own.md holds the results of ablation.\n"
    assert "](pictures/ablation.png)" in (bare.root / "docs/own.md").read_text()
    assert (bare.root / "docs/pictures/ablation.png").is_file()
