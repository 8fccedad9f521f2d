from pathlib import Path

import pytest

from scenes.drawing.bias import CLASSES as DEMO
from scenes.drawing.bias import HOME, PARTNER
from seco.data.class_sets import COCO, VOC
from seco.errors import SecoError
from seco.studies.definitions import Studies
from tests.imports import ROOT

OWN = ROOT / "experiments/studies.yaml"
SETTINGS = {"size": 64, "rule": "adaptive", "rho": 0.6, "steps": 500, "switch": 200, "method": "seco"}
TEXT = """\
.rival: &rival {method: toco, weight: 0.2}
ablation:
  about: Parts
  reference: whole
  tables: [scores]
  variants: {bare: {method: baseline}, whole: {method: seco}}
rivals:
  about: Others
  reference: whole
  tables: [scores, cost]
  variants: {rival: *rival, whole: {}}
sweeps:
  size: {about: Sizes, key: size, values: [96, 32]}
  rule: {about: Rules, key: rule, values: [single, adaptive]}
  switch: {about: Steps, key: switch, share_of: steps, values: [0.0, 0.5, 1.0]}
  rho: {about: Bias, key: rho, values: [0.0, 0.9], reference: whole, lines: {rival: *rival, whole: {}}}
"""


@pytest.fixture
def studies(tmp_path: Path) -> Studies:
    (tmp_path / "studies.yaml").write_text(TEXT)
    return Studies(tmp_path / "studies.yaml")


def test_a_fixed_study_has_its_variants_in_order_and_one_reference(studies):
    study = studies.fixed("rivals")
    assert (study.name, study.about, study.tables, study.key) == ("rivals", "Others", ("scores", "cost"), None)
    assert [(variant.name, variant.changes, variant.reference) for variant in study.variants] == [
        ("rival", {"method": "toco", "weight": 0.2}, "whole"),
        ("whole", {}, "whole"),
    ]


def test_a_sweep_has_the_settings_own_value_too_and_that_as_its_reference(studies):
    study = studies.sweep("size", SETTINGS)
    assert (study.name, study.command, study.key) == ("sweep-size", "sweep size", "size")
    assert [(variant.name, variant.changes, variant.value) for variant in study.variants] == [
        ("size=32", {"size": 32}, 32),
        ("size=64", {"size": 64}, 64),
        ("size=96", {"size": 96}, 96),
    ]
    assert {variant.reference for variant in study.variants} == {"size=64"}


def test_a_sweep_of_words_keeps_their_order(studies):
    study = studies.sweep("rule", SETTINGS)
    assert [variant.value for variant in study.variants] == ["single", "adaptive"]
    assert study.variants[0].reference == "rule=adaptive"


def test_a_sweep_of_shares_is_one_of_the_values_they_are(studies):
    assert [variant.value for variant in studies.sweep("switch", SETTINGS).variants] == [0, 200, 250, 500]


def test_a_sweep_with_lines_compares_them_at_each_value(studies):
    variants = studies.sweep("rho", SETTINGS).variants
    assert [(variant.line, variant.value) for variant in variants] == [
        (line, value) for value in (0.0, 0.6, 0.9) for line in ("rival", "whole")
    ]
    assert variants[0].name == "rival, rho=0.0"
    assert variants[0].changes == {"method": "toco", "weight": 0.2, "rho": 0.0}
    assert variants[0].reference == variants[1].name == variants[1].reference == "whole, rho=0.0"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("reference: whole\n  tables: [scores]", "reference: hole\n  tables: [scores]", "did you mean whole"),
        ("about: Parts", "abut: Parts", "ablation.abut: this key is unknown: did you mean ablation.about?"),
        ("tables: [scores]", "tables: [score]", "ablation.tables: 'score' is not allowed"),
        ("key: size, values: [96, 32]", "key: size, values: []", "sweeps.size.values"),
    ],
)
def test_errors_of_the_file_are_named(tmp_path, old, new, message):
    assert old in TEXT
    (tmp_path / "studies.yaml").write_text(TEXT.replace(old, new))
    with pytest.raises(SecoError) as error:
        Studies(tmp_path / "studies.yaml").fixed("ablation")
    assert message in str(error.value)


def test_unknown_sweeps_and_keys_are_named(studies):
    with pytest.raises(SecoError, match="there is no sweep 'siz': did you mean size"):
        studies.sweep("siz", SETTINGS)
    with pytest.raises(SecoError, match=r"params\.yaml has no key size"):
        studies.sweep("size", {"rule": "single"})


def test_the_biased_classes_are_those_of_the_data_set_that_was_scored():
    studies = Studies(OWN)
    assert set(studies.biased_classes(DEMO)) == {*HOME, *PARTNER}
    assert studies.biased_classes(VOC) == ("train", "boat", "aeroplane", "chair", "sofa", "horse")  # Table 3
    assert studies.biased_classes(COCO) == studies.biased_classes([]) == ()
