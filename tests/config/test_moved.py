"""A file with the old names of keys: each gets one sentence with its new name."""

import pytest
import yaml

from seco.studies.settings import changed
from tests.config.test_settings import TEXT, problems


def old_values() -> dict:
    """Return settings as they were before sections were named after their stages."""
    values = yaml.safe_load(TEXT)
    crf = values.pop("crf")
    for section in ("refine", "predict"):
        values[section]["crf"] = crf | values[section]["crf"]
    values["cam"] |= values.pop("export")
    return values | {"dataset": values.pop("prepare"), "training": values.pop("train")}


def test_each_key_of_an_old_file_gets_its_new_name(tmp_path):
    values = old_values()
    lines = problems(tmp_path, yaml.safe_dump(values, sort_keys=False))
    renamed = {f"dataset.{key}": f"prepare.{key}" for key in values["dataset"]}
    renamed |= {f"training.{key}": f"train.{key}" for key in values["training"]}
    renamed |= {f"cam.{key}": f"export.{key}" for key in ("background", "image_size", "batch_size")}
    assert lines[:-1] == [f"{old}: this key is now {new}: rename it" for old, new in renamed.items()]
    assert lines[-1].startswith("refine.crf, predict.crf: the CRF's settings are now one section, crf: move them there")


def test_other_problems_of_an_old_file_are_told_too(tmp_path):
    lines = problems(tmp_path, yaml.safe_dump(changed(old_values(), {"training.steps": 0})))
    assert "train.steps: 0 is not allowed: must be greater than or equal to 1" in lines
    assert not [line for line in lines if "unknown" in line or "missing" in line]


@pytest.mark.parametrize("values", [{"dataset": 3}, {"training": None}, {"dataset": {}}])
def test_an_old_section_without_keys_is_unknown(tmp_path, values):
    (name,) = values
    (line,) = problems(tmp_path, TEXT + yaml.safe_dump(values))
    assert line.startswith(f"{name}: this key is unknown")


@pytest.mark.parametrize("section", [(), ("refine",), ("predict",)])
def test_who_chooses_an_engine_for_the_crf_is_told_that_there_is_one(tmp_path, section):
    values = holder = yaml.safe_load(TEXT)
    for name in section:
        holder = holder[name]
    holder["crf"]["engine"] = "pydensecrf"
    (line,) = problems(tmp_path, yaml.safe_dump(values))
    key = ".".join([*section, "crf.engine"])
    assert line == f"{key}: this key is gone, the dense CRF always runs in torch: delete it"
