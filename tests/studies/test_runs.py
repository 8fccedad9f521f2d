import re
from functools import partial

import pytest
import yaml

from seco.config.settings import check_settings
from seco.errors import SecoError
from seco.studies.definitions import Studies, Study, Variant
from seco.studies.runs import plan_runs
from tests.imports import ROOT

SETTINGS = {"seed": 0, "weight": 1.0, "train": {"steps": 5}}
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
    assert runs[2].settings == {"seed": 3, "weight": 0.0, "train": {"steps": 9}}
    assert (runs[2].variant, runs[2].seed, runs[2].study) == (STUDY.variants[0], 3, "ablation")


def test_a_change_of_a_variant_overrides_one_for_all_runs():
    (run, _) = plan_runs(STUDY, SETTINGS, seeds=[0], extra={"weight": 7.0}, check=lambda values: None)
    assert run.settings["weight"] == 0.0


def test_the_common_digest_depends_on_neither_seed_nor_variant_nor_folder_of_the_data():
    def common(settings, **extra):
        runs = plan_runs(STUDY, settings, seeds=[0, 3], extra=extra, check=lambda values: None)
        (only,) = {run.common for run in runs}
        return only

    settings = {**SETTINGS, "prepare": {"root": "a"}}
    assert common(settings) == common({**settings, "seed": 7}) == common(settings, **{"prepare.root": "b"})
    assert common({**settings, "weight": 2.0}) == common(settings, weight=2.0) != common(settings)


def test_an_impossible_run_is_refused():
    def check(values):
        if values["weight"] == 0.0:
            raise SecoError("weight: must be positive")

    with pytest.raises(SecoError, match=r"the run ablation-without-lig-s0 is impossible: weight: must be positive"):
        plan_runs(STUDY, SETTINGS, seeds=[0], extra={}, check=check)


def test_every_run_of_the_projects_studies_is_valid_and_has_a_unique_name_that_git_takes():
    studies, settings = Studies(ROOT / "experiments/studies.yaml"), yaml.safe_load((ROOT / "params.yaml").read_text())
    check, every = partial(check_settings, source="params.yaml"), studies.every(settings)
    names = [run.name for study in every for run in plan_runs(study, settings, seeds=[0, 1], extra={}, check=check)]
    assert len(names) == len(set(names)) > 100
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)
