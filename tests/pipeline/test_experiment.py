"""`seco experiment`: what it lists, plans, runs and refuses, with a stage that takes no time."""

import shutil
from pathlib import Path

import pytest
import yaml

from seco.studies.results import add_rows, read_rows
from tests.clone import change_settings
from tests.imports import ROOT
from tests.pipeline.conftest import Outcome, Project, run_stage
from tests.studies.projects import commit, experiments, make_repository, make_runnable, write
from tests.studies.rows import row

ONE = "{about: One, reference: SeCo, tables: [scores], variants: {SeCo: {}}}"


@pytest.fixture
def bare(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Project:
    """A repository of settings and studies, with hardly any code."""
    root = tmp_path / "project"
    shutil.copytree(ROOT / "experiments", root / "experiments")
    make_repository(root, params=(ROOT / "params.yaml").read_text())

    def run(*words: str) -> Outcome:
        capfd.readouterr()
        status = run_stage(root, "experiment", *words)
        return Outcome(status, *capfd.readouterr())

    return Project(root, run)


def test_list_shows_every_study_with_its_runs(bare):
    output, studies = bare.run("list").out, yaml.safe_load((ROOT / "experiments/studies.yaml").read_text())
    ablation = studies["ablation"]
    assert f"ablation                   {len(ablation['variants'])} runs a seed  {ablation['about']}\n" in output
    assert all(f"sweep {name} " in output for name in studies["sweeps"])


def test_dry_shows_what_would_run_and_runs_nothing(bare):
    before = bare.files()
    outcome = bare.run("rivals", "--seeds", "0,2", "--dry", "-S", "train.steps=50")
    assert outcome.status == 0
    first, *planned = outcome.out.splitlines()
    assert first == "rivals: 10 runs, of which 0 are done."
    assert planned[0] == "rivals-baseline-s0: train.steps=50 method=baseline seed=0"
    assert [line.partition(":")[0] for line in planned[5:]] == [
        *("rivals-baseline-s2", "rivals-toco-s2", "rivals-patches-alone-s2"),
        *("rivals-seco-s2", "rivals-full-supervision-s2"),
    ]
    assert bare.files() == before


@pytest.mark.slow
def test_a_study_runs_what_is_not_done_and_names_what_failed(bare, tmp_path):
    (tmp_path / "notes").mkdir()
    write(bare.root, {"one.yaml": f"ablation: {ONE}\nrivals: {ONE}\n"})
    change_settings(bare.root, {"prepare.root": "data/raw/own"})
    make_runnable(bare.root, tmp_path / "notes")
    words = ("ablation", "--studies", "one.yaml", "--seeds", "2,13", "--jobs", "2")
    outcome = bare.run(*words)
    assert outcome.status == 1
    assert "ablation-seco-s2: done\n" in outcome.out
    assert "ablation-seco-s13: failed: 13 is not allowed\n" in outcome.out
    assert outcome.err.splitlines()[-2:] == [
        "seco: 1 of 2 runs failed; benchmarks/results/ablation.csv holds the others:",
        "  ablation-seco-s13: 13 is not allowed (.seco/experiments/ablation-seco-s13.log)",
    ]
    (found,) = read_rows(bare.root / "benchmarks/results/ablation.csv")
    assert (found["seed"], found["found"]) == (2, 4)
    assert experiments(bare.root).keys() == {"ablation-seco-s2"}
    assert "2 runs, of which 1 are done" in bare.run(*words, "--dry").out
    assert bare.run(*words[:-3], "2").status == 0
    write(bare.root, {"seco/__init__.py": "VALUE = 2\n"})
    commit(bare.root)
    assert "2 runs, of which 0 are done" in bare.run(*words, "--dry").out


def test_a_study_is_not_mixed_with_results_of_other_settings(bare):
    add_rows(bare.root / "benchmarks/results/rivals.csv", [row("baseline", 0)])
    assert "rivals.csv holds 1 runs of other settings (commit abc1234)" in bare.refusal("rivals", "--dry")
    assert bare.run("rivals", "--dry", "--results", "others").status == 0


def test_a_sweep_goes_round_the_value_that_all_its_runs_would_have(bare):
    own = ("-S", "train.steps=1000", "-S", "train.tag_source_switch=200")
    output = bare.run("sweep", "tag-source", "--seeds", "0", "--dry", *own).out
    values = [line.rpartition("tag_source_switch=")[2].split()[0] for line in output.splitlines()[1:]]
    assert values == ["0", "200", "500", "1000"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sweep", "tag-sorce"), "there is no sweep 'tag-sorce': did you mean tag-source?"),
        (("ablation", "--seeds", "a,b"), "--seeds 'a,b' is not a list of seeds"),
        (("ablation", "-S", "trian.steps=5"), "params.yaml has no key trian.steps: did you mean train?"),
        (("ablation", "-S", "train.steps"), "--set-param 'train.steps' is not a change: write KEY=VALUE"),
        (("rivals", "-S", "train.steps=-1"), "the run rivals-baseline-s0 is impossible: its params.yaml has 1 problem"),
        (("list", "--studies", "none.yaml"), "none.yaml"),
        (("report",), "benchmarks/results holds no results of a study: run one"),
    ],
)
def test_errors_of_the_user_are_one_sentence(bare, words, message):
    assert message in bare.refusal(*words)


def test_changes_that_no_commit_holds_are_refused_before_anything_runs(bare):
    change_settings(bare.root, {"num_patches": 4})
    outcome = bare.run("ablation", "--seeds", "0")
    assert outcome.status == 1
    assert outcome.err.startswith("seco: params.yaml changed since the last commit, from which runs are made")


def test_report_writes_page_and_pictures_of_the_results_there_are(bare):
    add_rows(bare.root / "benchmarks/results/ablation.csv", [row("baseline", 0), row("SeCo", 0)])
    outcome = bare.run("report", "--page", "docs/own.md", "--pictures", "docs/pictures")
    assert outcome.out == "docs/own.md holds the results of ablation.\n"
    assert "](pictures/ablation.png)" in (bare.root / "docs/own.md").read_text()
    assert (bare.root / "docs/pictures/ablation.png").is_file()
