import re

import pytest
import yaml

from seco.config.settings import check_settings
from seco.errors import SecoError
from seco.studies.plan import plan_runs
from seco.studies.studies import Studies, Study, Variant
from tests.imports import ROOT

SETTINGS = {"seed": 0, "weight": 1.0, "training": {"steps": 5}}
STUDY = Study(
    "ablation",
    "About",
    ("scores",),
    (Variant("without LiG", {"weight": 0.0}, "whole"), Variant("whole", {}, "whole")),
)


def test_every_variant_runs_with_every_seed():
    runs = plan_runs(STUDY, SETTINGS, seeds=[0, 3], extra={"train.steps": 9}, check=lambda values: None)
    assert [run.name for run in runs] == [
        *("ablation-without-lig-s0", "ablation-whole-s0", "ablation-without-lig-s3", "ablation-whole-s3"),
    ]
    assert runs[2].changes == {"train.steps": 9, "weight": 0.0, "seed": 3}
    assert runs[2].settings == {"seed": 3, "weight": 0.0, "training": {"steps": 9}}
    assert (runs[2].variant, runs[2].seed, runs[2].study) == (STUDY.variants[0], 3, "ablation")


def test_what_a_variant_says_goes_before_what_all_runs_have():
    (run, _) = plan_runs(STUDY, SETTINGS, seeds=[0], extra={"weight": 7.0}, check=lambda values: None)
    assert run.settings["weight"] == 0.0


def test_runs_of_a_study_have_in_common_what_neither_seed_nor_variant_nor_place_of_the_data_changes():
    def common(settings, **extra):
        runs = plan_runs(STUDY, settings, seeds=[0, 3], extra=extra, check=lambda values: None)
        (only,) = {run.common for run in runs}
        return only

    settings = {**SETTINGS, "dataset": {"root": "a"}}
    assert common(settings) == common({**settings, "seed": 7}) == common(settings, **{"prepare.root": "b"})
    assert common({**settings, "weight": 2.0}) == common(settings, weight=2.0) != common(settings)


def test_an_impossible_run_is_refused_before_any_begins():
    def check(values):
        if values["weight"] == 0.0:
            raise SecoError("weight: must be positive")

    with pytest.raises(SecoError, match=r"the run ablation-without-lig-s0 cannot be: weight: must be positive"):
        plan_runs(STUDY, SETTINGS, seeds=[0], extra={}, check=check)


def test_every_run_of_the_projects_studies_can_be_and_has_a_name_of_its_own_that_git_takes():
    studies, settings = Studies(ROOT / "experiments/studies.yaml"), yaml.safe_load((ROOT / "params.yaml").read_text())
    every = [studies.fixed("ablation"), studies.fixed("rivals"), *(studies.sweep(n, settings) for n in studies.sweeps)]

    def check(values):
        check_settings(values, source="params.yaml")

    names = [run.name for study in every for run in plan_runs(study, settings, seeds=[0, 1], extra={}, check=check)]
    assert len(names) == len(set(names)) > 100
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)
