"""Rows of results: out of the reports of a run, and on disk."""

import json
import math

import pytest

from seco.errors import SecoError
from seco.studies.definitions import Variant
from seco.studies.repository import Repository
from seco.studies.results import add_rows, find_done, read_row, read_rows
from seco.studies.runs import StudyRun
from tests.studies.projects import commit, write
from tests.studies.rows import row

CHANGES = {"weight": 0.0, "seed": 0}
RUN = StudyRun("ablation-bare-s0", "ablation", Variant("bare", {"weight": 0.0}, "whole"), 0, CHANGES, {}, "0123abcd")
REPORTS = {
    "reports/metrics.json": json.dumps({"cam_seed": {"train": {"miou": 0.4, "confusion_ratio": None}}, "notes": ["x"]}),
    "reports/train/metrics.json": json.dumps({"seconds": 12.5, "loss": {"cls": 0.1}}),
    "reports/classes.csv": "masks,split,class,iou_percent,precision_percent,recall_percent,confusion_ratio\n"
    "cam_seed,train,background,40,50,60,inf\nsegmentation/crf,val,boat,25,,30,\n",
}
CURVES = "reports/train/plots/metrics/tags"


def test_a_row_holds_every_metric_of_a_run(tmp_path):
    write(tmp_path, REPORTS)
    found = read_row(RUN, tmp_path, commit="abcdef0123456789")
    assert [*found.values()][:9] == ["ablation", "bare", "", "", "whole", 0, "abcdef0", "weight=0.0 seed=0", "0123abcd"]
    metrics = dict([*found.items()][9:])
    undefined = {name for name, value in metrics.items() if math.isnan(value)}
    place = "class/segmentation/crf/val/boat"
    assert undefined == {"cam_seed/train/confusion_ratio", f"{place}/precision", f"{place}/confusion_ratio"}
    assert {name: value for name, value in metrics.items() if name not in undefined} == {
        "cam_seed/train/miou": 0.4,
        "training/seconds": 12.5,
        "training/loss/cls": 0.1,
        "class/cam_seed/train/background/iou": 0.4,
        "class/cam_seed/train/background/precision": 0.5,
        "class/cam_seed/train/background/recall": 0.6,
        "class/cam_seed/train/background/confusion_ratio": math.inf,
        "class/segmentation/crf/val/boat/iou": 0.25,
        "class/segmentation/crf/val/boat/recall": 0.3,
    }


def test_a_row_has_the_mean_of_right_tags_in_each_tenth_of_training(tmp_path):
    points = "".join(f"{step}\t{step / 1000}\n" for step in range(10, 501, 10))
    curves = {"right": f"step\tright\n{points}", "right_1": "step\tright_1\n10\t0.5\n460\t0.25\n"}
    write(tmp_path, REPORTS | {f"{CURVES}/{name}.tsv": text for name, text in curves.items()})
    found = read_row(RUN, tmp_path, commit="")
    tags = {name: value for name, value in found.items() if name.startswith("tags/")}
    assert len(tags) == 10 + 2
    assert tags["tags/all/1"] == pytest.approx(0.03)  # of steps 10 to 50
    assert tags["tags/all/10"] == pytest.approx(0.48)
    assert (tags["tags/boat/1"], tags["tags/boat/10"]) == (0.5, 0.25)  # the class of id 1


def test_reports_that_are_missing_are_named(tmp_path):
    write(tmp_path, {name: text for name, text in REPORTS.items() if "metrics" not in name})
    with pytest.raises(SecoError, match=r"it wrote no reports/metrics.json, reports/train/metrics.json"):
        read_row(RUN, tmp_path, commit="")


def test_a_run_is_done_where_code_and_settings_are_the_same_whatever_else_was_committed(project):
    kept = row("bare", 0, changes="weight=0.0 seed=0", commit=Repository(project).head[:7])
    write(project, {"docs/results.md": "new\n"})
    commit(project)
    assert find_done([RUN], [kept], Repository(project)) == {RUN.name}
    for other in ({"variant": "whole"}, {"seed": 1}, {"changes": "weight=1.0 seed=0"}, {"common": "4567cdef"}):
        assert find_done([RUN], [kept | other], Repository(project)) == set()
    write(project, {"seco/a.py": "a = 2\n"})
    commit(project)
    assert find_done([RUN], [kept], Repository(project)) == set()


def test_rows_come_back_from_the_disk(tmp_path):
    path = tmp_path / "results/ablation.csv"
    assert read_rows(path) == []
    rows = [row("bare", 0, miou=0.123456), row("whole", 1, boat=math.inf, line="ToCo", value="0.5", changes="a=1 b=2")]
    add_rows(path, [rows[0], rows[1] | {"more": 3.0}])
    found = read_rows(path)
    assert found[0] == pytest.approx(rows[0] | {"more": math.nan}, nan_ok=True)
    assert found[1] == pytest.approx(rows[1] | {"more": 3.0}, nan_ok=True)
    before = path.read_text()
    add_rows(path, found)
    assert path.read_text() == before


def test_new_rows_take_the_place_of_old_ones_of_the_same_variant_and_seed(tmp_path):
    path = tmp_path / "ablation.csv"
    add_rows(path, [row("bare", 0, miou=0.1), row("bare", 1, miou=0.2), row("gone", 0)])
    add_rows(path, [row("bare", 0, miou=0.7), row("whole", 0)])
    found = [(item["variant"], item["seed"], item["segmentation/val/crf/miou"]) for item in read_rows(path)]
    assert found == [("bare", 1, 0.2), ("gone", 0, 0.5), ("bare", 0, 0.7), ("whole", 0, 0.5)]


@pytest.mark.parametrize(
    "text",
    ["a,b\n1,2\n", "", "study,variant,line,value,reference,seed,commit,changes,common\na,b,,,c,zero,d,e,1\n"],
)
def test_a_damaged_file_is_named(tmp_path, text):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(SecoError, match=r"bad.csv holds no results of a study .* restore it from git, or delete it"):
        read_rows(tmp_path / "bad.csv")
