import pytest
from dvc.utils.hydra import apply_overrides

from seco.errors import SecoError
from seco.storage.yaml_file import read_yaml
from seco.studies.settings import change_text, changed, look_up, override, read_changes, read_seeds

SETTINGS = {"seed": 0, "train": {"steps": 5, "scale": [0.5, 2.0]}}


def test_values_are_found_and_changed_by_dotted_key():
    assert look_up(SETTINGS, "train.steps") == 5
    assert changed(SETTINGS, {"train.steps": 6, "seed": 1}) == {"seed": 1, "train": {"steps": 6, "scale": [0.5, 2.0]}}
    assert SETTINGS["train"] == {"steps": 5, "scale": [0.5, 2.0]}, "the settings themselves stay"


@pytest.mark.parametrize(
    ("key", "hint"), [("train.step", "did you mean steps"), ("sed", "did you mean seed"), ("seed.x", "params.yaml")]
)
def test_a_key_that_is_not_there_is_refused(key, hint):
    for ask in (lambda: look_up(SETTINGS, key), lambda: changed(SETTINGS, {key: 1})):
        with pytest.raises(SecoError, match=f"has no key {key}") as error:
            ask()
        assert hint in str(error.value)


@pytest.mark.parametrize("value", [3, 0.5, True, None, [1.0, 0.5], "adaptive", "a b", "assets/x.safetensors", 1e-05])
def test_dvc_reads_an_override_as_the_value_it_is(tmp_path, value):
    path = tmp_path / "params.yaml"
    path.write_text("section:\n  key: 0\n")
    apply_overrides(str(path), [override("section.key", value)])
    assert read_yaml(path) == {"section": {"key": value}}


def test_changes_change_text():
    changes = {"method": "toco", "cam.scales": [1.0, 0.5], "use_rectification": False, "weight": 0.1}
    assert change_text(changes) == "method=toco cam.scales=[1.0,0.5] use_rectification=false weight=0.1"


def test_changes_are_read_as_yaml():
    words = ["a.b=3", "rate=2.0e-4", "rate2=2e-4", "flag=false", "scales=[1, 0.5]", "name=x=y", "nothing=null"]
    assert read_changes(words) == {
        "a.b": 3,
        "rate": 2e-4,
        "rate2": 2e-4,
        "flag": False,
        "scales": [1, 0.5],
        "name": "x=y",
        "nothing": None,
    }


@pytest.mark.parametrize("word", ["steps", "=3", "steps:3"])
def test_words_that_are_not_changes_are_refused(word):
    with pytest.raises(SecoError, match="is not a change: write KEY=VALUE"):
        read_changes([word])


def test_seeds_are_numbers_each_once():
    assert read_seeds("0, 2,1,2") == [0, 2, 1]
    for text in ("", "a", "0,,1", "-1", "0;1"):
        with pytest.raises(SecoError, match="is not a list of seeds"):
            read_seeds(text)
