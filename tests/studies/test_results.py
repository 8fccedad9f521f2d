"""Rows of results on disk, and out of the files of a run."""

import math

import pytest
import yaml

from seco.errors import SecoError
from seco.studies.plan import Run
from seco.studies.repository import Repository
from seco.studies.results import Row, find_done, find_rows, join, read_result, read_rows, require_comparable, write_rows
from seco.studies.studies import Variant
from tests.studies.repositories import SETTINGS, commit, keep_experiment, write
from tests.studies.rows import row

VARIANT = Variant("bare", {"weight": 0.0}, "whole")
RUN = Run("ablation-bare-s0", "ablation", VARIANT, 0, {"weight": 0.0}, SETTINGS, "0123abcd")


def test_a_row_holds_every_metric_of_a_run(project):
    keep_experiment(project, RUN.name)
    repository = Repository(project)
    (experiment,) = find_done([RUN], repository).values()
    found = read_result(RUN, experiment, repository)
    assert found[:9] == ("ablation", "bare", "", "", "whole", 0, repository.head[:7], "weight=0.0", "0123abcd")
    missing = {name for name, value in found.metrics.items() if math.isnan(value)}
    assert missing == {
        *("cam_seed/train/confusion_ratio", "class/segmentation, crf/val/boat/precision"),
        "class/segmentation, crf/val/boat/confusion_ratio",
    }
    assert {name: value for name, value in found.metrics.items() if name not in missing} == {
        "cam_seed/train/miou": 0.4,
        "training/seconds": 12.5,
        "training/loss/cls": 0.1,
        "class/CAM seed/train/boat/iou": 0.4,
        "class/CAM seed/train/boat/precision": 0.5,
        "class/CAM seed/train/boat/recall": 0.6,
        "class/CAM seed/train/boat/confusion_ratio": math.inf,
        "class/segmentation, crf/val/boat/iou": 0.25,
        "class/segmentation, crf/val/boat/recall": 0.3,
    }


def test_a_run_is_done_where_code_and_settings_are_the_same_whatever_else_was_committed(project):
    keep_experiment(project, RUN.name)
    write(project, {"docs/results.md": "new\n"})
    commit(project)
    assert find_done([RUN], Repository(project)).keys() == {RUN.name}
    write(project, {"seco/a.py": "a = 2\n"})
    commit(project)
    assert find_done([RUN], Repository(project)) == {}


@pytest.mark.parametrize("settings", [SETTINGS | {"weight": 1.0}, SETTINGS | {"seed": 1}, {**SETTINGS, "new": 1}])
def test_a_run_of_other_settings_is_not_done(project, settings):
    keep_experiment(project, RUN.name, settings=settings)
    assert find_done([RUN], Repository(project)) == {}


def test_where_the_data_lie_makes_no_other_run(project):
    keep_experiment(project, RUN.name, settings=SETTINGS | {"dataset": {"root": "/disk/demo"}})
    assert find_done([RUN], Repository(project)).keys() == {RUN.name}


def test_an_experiment_without_metrics_is_not_done_and_one_without_classes_is_named(project):
    keep_experiment(project, RUN.name, files={"params.yaml": yaml.safe_dump(SETTINGS), "other": "x"})
    assert find_done([RUN], Repository(project)) == {}
    keep_experiment(project, RUN.name, files={"params.yaml": yaml.safe_dump(SETTINGS), "reports/metrics.json": "{}"})
    repository = Repository(project)
    (experiment,) = find_done([RUN], repository).values()
    with pytest.raises(SecoError, match=r"lacks reports/train/metrics.json, reports/classes.csv: `dvc exp remove"):
        read_result(RUN, experiment, repository)


def test_the_experiment_on_the_present_commit_goes_before_an_older_one(project):
    keep_experiment(project, RUN.name)
    write(project, {"docs/results.md": "new\n"})
    commit(project)
    newer = keep_experiment(project, RUN.name)
    assert find_done([RUN], Repository(project))[RUN.name].commit == newer


def own_row(project):
    """A row of RUN on the present commit."""
    head = Repository(project).head
    return row("bare", 0, changes="weight=0.0")._replace(commit=head[:7])


def test_a_row_of_a_file_is_done_where_code_and_settings_are_the_same_whatever_else_was_committed(project):
    kept = own_row(project)
    write(project, {"docs/results.md": "new\n", "seco/studies/page.py": "how results are told\n"})
    commit(project)
    assert find_rows([RUN], [kept], Repository(project)) == {RUN.name: kept}
    write(project, {"seco/a.py": "a = 2\n"})
    commit(project)
    assert find_rows([RUN], [kept], Repository(project)) == {}


@pytest.mark.parametrize(
    "other",
    [{"variant": "whole"}, {"seed": 1}, {"changes": "weight=1.0"}, {"common": "4567cdef"}, {"commit": "0000000"}],
)
def test_a_row_of_another_run_or_of_a_commit_that_is_not_there_is_not_done(project, other):
    kept = own_row(project)
    assert find_rows([RUN], [kept._replace(**other)], Repository(project)) == {}


def test_rows_come_back_from_the_disk(tmp_path):
    rows = [row("bare", 0, miou=0.123456), row("whole", 1, boat=math.inf, line="ToCo", value="0.5", changes="a=1 b=2")]
    extra = rows[1]._replace(metrics={**rows[1].metrics, "more": 3.0})
    write_rows(tmp_path / "results/ablation.csv", [rows[0], extra])
    first, second = read_rows(tmp_path / "results/ablation.csv")
    assert math.isnan(first.metrics["more"])
    assert second == extra
    assert first._replace(metrics={}) == rows[0]._replace(metrics={})
    assert first.metrics["segmentation/val/crf/miou"] == 0.123456


def test_no_file_is_no_rows_and_a_damaged_one_is_named(tmp_path):
    assert read_rows(tmp_path / "none.csv") == []
    for text in ("a,b\n1,2\n", "study,variant,line,value,reference,seed,commit,changes,x\na,b,,,c,zero,d,e,1\n"):
        (tmp_path / "bad.csv").write_text(text)
        with pytest.raises(
            SecoError, match=r"bad.csv holds no results of a study .* restore it from git, or delete it"
        ):
            read_rows(tmp_path / "bad.csv")


def test_runs_of_other_settings_are_not_put_beside_those_of_a_file(tmp_path):
    mine, other = row("bare", 0, common=RUN.common), row("bare", 1, common="ffff0000")
    require_comparable([mine], [RUN], path=tmp_path)
    with pytest.raises(SecoError, match=r"rivals.csv holds 1 runs of other settings \(commit abc1234\).*move it away"):
        require_comparable([mine, other], [RUN], path=tmp_path / "rivals.csv")


def test_new_rows_take_the_place_of_old_ones_of_the_same_variant_and_seed():
    old = [row("bare", 0, miou=0.1), row("bare", 1, miou=0.2), row("gone", 0)]
    new = [row("bare", 0, miou=0.7), row("whole", 0)]
    joined: list[Row] = join(old, new)
    assert [(item.variant, item.seed) for item in joined] == [("bare", 1), ("gone", 0), ("bare", 0), ("whole", 0)]
    assert joined[2].metrics["segmentation/val/crf/miou"] == 0.7
