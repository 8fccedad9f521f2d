"""Every problem of params.yaml is told in one run: a line each, with key, value and what is allowed."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from seco.config.rules import vit_patch
from seco.config.settings import load_settings
from seco.data.formats import FORMATS
from seco.errors import SecoError
from seco.studies.settings import changed
from tests.imports import ROOT
from tests.settings import small_settings

TEXT = (ROOT / "params.yaml").read_text(encoding="utf-8")

SIDES = ("train.crop_size", "train.second_view_size", "export.image_size", "predict.image_size")
SOUND = {
    "patch_size": 64,
    "backbone.name": "vit_tiny_patch16_224",
    "train.steps": 600,
    "train.crop_size": 224,
    "cam.low": 0.25,
    "cam.high": 0.7,
}


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "params.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems(folder: Path, text: str | bytes) -> list[str]:
    """Return the lines of the refusal, without the file's name."""
    path = write(folder, text)
    with pytest.raises(SecoError) as told:
        load_settings(path)
    first, *lines = str(told.value).splitlines()
    assert first.startswith(f"{path} ")
    if not lines:
        return [first.removeprefix(f"{path} ")]
    assert first == f"{path} has {len(lines)} problem{'s' * (len(lines) > 1)}:"
    return [line.removeprefix("  ") for line in lines]


def faults_of(folder: Path, **changes) -> list[str]:
    return problems(folder, yaml.safe_dump(changed(yaml.safe_load(TEXT), SOUND | changes)))


def test_the_settings_of_the_project_are_valid_and_frozen():
    settings = load_settings(ROOT / "params.yaml")
    assert settings.model_dump(mode="json") == yaml.safe_load(TEXT)
    with pytest.raises(ValidationError, match="frozen"):
        settings.patch_size = 96
    with pytest.raises(ValidationError, match="frozen"):
        settings.train.steps = 1


def test_a_missing_file_is_one_sentence_with_the_remedy(tmp_path):
    with pytest.raises(SecoError, match=r"params\.yaml does not exist: run from the project's folder or give --params"):
        load_settings(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("a: [", "is not valid YAML: "),
        ("a: 1\nb:\n  c: 2\n  c: 3", r"is not valid YAML: .*key \"c\".*, line 4"),
        ("seed: 2024-13-45", "is not valid YAML: "),
        ("a: !!python/object/apply:os.getcwd []", "is not valid YAML: "),
        ("? {a: 1}\n: 1", "is not valid YAML: "),
        ("a: 1\n---\nb: 2", "is not valid YAML: "),
        (b"\xff\xfe\x00a", "cannot be read as text"),
        ("", "holds no keys: it must be a mapping of keys to values"),
        ("- seed: 1", "holds no keys"),
        ("seed", "holds no keys"),
    ],
)
def test_a_file_that_is_no_mapping_is_one_sentence(tmp_path, content, sentence):
    (line,) = problems(tmp_path, content)
    assert re.match(sentence, line)


def test_a_folder_is_no_settings_file(tmp_path):
    with pytest.raises(SecoError, match="cannot be read as text"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("patch_size", 64.0, "a valid integer"),
        ("num_patches", True, "a valid integer"),
        ("seed", None, "a valid integer"),
        ("seed", 2**32, "less than 4294967296"),
        ("use_rectification", "yes", "a valid boolean"),
        ("tau_global", "0.1", "a valid number"),
        ("tau_global", 0.0, "greater than 0"),
        ("weight_seg", float("inf"), "a finite number"),
        ("prototype_momentum", 1.5, "less than or equal to 1"),
        ("prototype_update", "both", "'adaptive', 'single' or 'patches'"),
        ("prepare.root", 5, "a valid string"),
        ("prepare.format", "tfrecord", ", ".join(map(repr, [*FORMATS][:-1])) + f" or {[*FORMATS][-1]!r}"),
        ("train", 3, "a section with keys"),
        ("evaluate", None, "a section with keys"),
        ("prepare.lists", "train", "a section with keys"),
        ("prepare.classes", "cocos", "'voc' or 'coco' or a list"),
        ("backbone.pretrained", 3, "a valid boolean or a valid string"),
        ("cam.scales", 1.0, "a list"),
        ("cam.scales", [], "a list of 1 or more"),
        ("crf.iterations", 0, "greater than or equal to 1"),
        ("generate.image_size", 9, "greater than or equal to 64"),
        ("generate.bias", float("nan"), "a finite number"),
        ("cam.low", 0.9, "must not exceed cam.high (0.7)"),
        ("patch_size", 240, "a patch must fit into train.crop_size (224)"),
        ("train.warmup_steps", 600, "less than train.steps (600)"),
        ("train.scale_range", [2.0, 0.5], "the smaller scale comes first"),
        *((key, 100, "a multiple of the ViT's patch (vit_tiny_patch16_224)") for key in SIDES),
        ("prepare.classes", ["cat", "dog", "cat"], "names must differ"),
        *(
            ("prepare.classes", ["cat", name], "leave out background, which has the value 0 without a name")
            for name in ("cat;dog", " ", "background", "Background", "_BACKGROUND_", "back ground")
        ),
        *(
            (
                "prepare.lists",
                {name: "val", "train": "train", "val": "val", "val_unbiased": "val"},
                "name a split train, val or another of letters, digits, - and _",
            )
            for name in ("..", ".", "", "a/b", ".hidden", "a b", "a" * 61, "[red]", "a\nb")
        ),
        ("prepare.classes", None, "format voc needs the class set or names, as its masks hold numbers"),
        ("prepare.lists", None, "format voc needs the image set of each split"),
        ("prepare.source", "a.csv", "format voc has no source, write null"),
        ("prepare.difficult", None, "format voc needs true or false"),
        ("refine.splits", ["train", "test"], "every split must be a key of prepare.lists ("),
        ("predict.splits", ["train", "test"], "every split must be a key of prepare.lists ("),
    ],
)
def test_a_wrong_value_is_one_line_with_key_value_and_reason(tmp_path, key, value, reason):
    (line,) = faults_of(tmp_path, **{key: value})
    start = f"{key}: {value!r} is not allowed: "
    assert line.startswith((f"{start}must be {reason}", f"{start}{reason}"))


def test_all_wrong_entries_of_a_list_are_in_its_line(tmp_path):
    (line,) = faults_of(tmp_path, **{"cam.scales": [1, 0, "a"]})
    assert line == ("cam.scales: 0 is not allowed: must be greater than 0; 'a' is not allowed: must be a valid number")


OWN = {
    "prepare.format": "csv",
    "prepare.classes": None,
    "prepare.lists": None,
    "prepare.source": "images.csv",
    "prepare.difficult": None,
    "prepare.validation_share": 0.2,
    "predict.splits": ["val"],
    "train.evaluate_every": 0,
}


def test_own_images_need_no_lists_and_may_have_any_splits(tmp_path):
    text = yaml.safe_dump(changed(yaml.safe_load(TEXT), {**OWN, "refine.splits": ["train", "holidays"]}))
    assert load_settings(write(tmp_path, text)).prepare.classes is None


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"source": None}, "source: None is not allowed: format csv takes either a source or a file a split in"),
        ({"lists": {"train": "a.csv"}, "validation_share": None},
         "source: 'images.csv' is not allowed: format csv takes either a source or a file a split in"),
        ({"source": None, "lists": {"train": "a.csv"}},
         "validation_share: 0.2 is not allowed: prepare.lists names the splits ({'train': 'a.csv'}), write null"),
        ({"difficult": True}, "difficult: True is not allowed: format csv marks no object as difficult, write null"),
        ({"format": "folders"}, "source: 'images.csv' is not allowed: format folders has no source, write null"),
        ({"validation_share": 1.0}, "validation_share: 1.0 is not allowed: must be less than 1"),
        ({"source": None, "validation_share": None, "lists": {"val": "a.csv"}},
         "lists: {'val': 'a.csv'} is not allowed: one of the splits must be named train"),
    ],
)  # fmt: skip
def test_keys_of_the_data_set_must_suit_its_format(tmp_path, changes, line):
    changes = {f"prepare.{key}": value for key, value in changes.items()}
    splits = list(changes.get("prepare.lists", {"train": ""}))
    (found,) = faults_of(tmp_path, **OWN | changes | {"refine.splits": splits, "predict.splits": splits})
    assert found.startswith(f"prepare.{line}")


def test_unknown_keys_get_a_hint_and_missing_keys_are_named(tmp_path):
    text = TEXT.replace("\npatch_size:", "\npatchsize:").replace("  steps:", "  stepps:")
    assert sorted(problems(tmp_path, text)) == [
        "patch_size: this key is missing: add it",
        "patchsize: this key is unknown: did you mean patch_size?",
        "train.stepps: this key is unknown: did you mean train.steps?",
        "train.steps: this key is missing: add it",
    ]
    for written in ("", "\n  sharpness: null"):
        text = re.sub(r"\n  sharpness: 1\.0 .*", written, TEXT)
        assert problems(tmp_path, text) == ["crf.sharpness: this key is missing: add it"]
    assert problems(tmp_path, TEXT + "\n3: 1\n") == ["3: this key is unknown: remove it"]
    assert problems(tmp_path, TEXT[: TEXT.index("evaluate:")]) == ["evaluate: this key is missing: add it"]


def test_all_problems_of_a_file_are_told_in_one_go(tmp_path):
    lines = faults_of(
        tmp_path,
        **{
            "patch_size": 240,
            "tau_global": -1.0,
            "prepare.lists": {"train": "train", "val": 3},
            "backbone.pretrained": [],
            "cam.low": 0.9,
            "predict.splits": ["nowhere"],
        },
    )
    assert [line.split(": ")[0] for line in lines] == [
        "tau_global",
        "backbone.pretrained",
        "prepare.lists.val",
        "patch_size",
        "cam.low",
    ], "rules on keys that are of the wrong type themselves are left out"


@pytest.mark.parametrize(
    ("written", "value"),
    [("6e-5", 6e-5), ("6E-5", 6e-5), ("6.e-5", 6e-5), (".6e-4", 6e-5), ("6.0e-5", 6e-5), ("+1e0", 1.0), ("1", 1.0)],
)
def test_numbers_are_read_as_dvc_reads_them(tmp_path, written, value):
    text = re.sub(r"learning_rate: \S+", f"learning_rate: {written}", TEXT)
    assert load_settings(write(tmp_path, text)).train.learning_rate == value


def test_a_number_in_quotes_is_text(tmp_path):
    text = re.sub(r"learning_rate: \S+", "learning_rate: '6e-5'", TEXT)
    assert problems(tmp_path, text) == ["train.learning_rate: '6e-5' is not allowed: must be a valid number"]


def test_yaml_merge_keys_work(tmp_path):
    text = TEXT.replace("\ncrf:", "\ncrf: &crf").replace("crf: {}", "crf: {<<: *crf, sharpness: 2.0}")
    settings = load_settings(write(tmp_path, text))
    assert settings.predict.crf.sharpness == 2.0
    assert settings.predict.crf.iterations == settings.crf.iterations


def test_the_patch_of_a_vit_is_read_from_its_name():
    assert vit_patch("vit_base_patch16_224") == 16
    assert vit_patch("vit_small_patch14_reg4_dinov2") == 14
    assert vit_patch("eva_giant") == 1


def test_a_stage_changes_some_arguments_of_the_crf_or_switches_it_off():
    settings = small_settings(**{"crf.iterations": 3, "predict.crf": {"enabled": False}})
    crf = {name: value for name, value in settings.crf if name != "enabled"}
    assert crf["iterations"] == 3
    assert settings.crf_of(settings.refine.crf) == crf | {"sharpness": settings.refine.crf.sharpness}
    assert settings.crf_of(settings.predict.crf) is None
    assert small_settings(**{"crf.enabled": False}).crf_of(settings.refine.crf) is None
