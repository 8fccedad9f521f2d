"""The trained model on disk: exact, plain data, complete or absent."""

import json
from pathlib import Path

import pytest
import torch

from seco.errors import SecoError
from seco.storage import model as module
from seco.storage.model import CONFIG_FILE, WEIGHTS_FILE, StoredModel, read_model, write_model, write_weights

SETTINGS = {"patch_size": 64, "backbone": {"name": "vit", "depth": None}, "cam": {"scales": [1.0, 0.5]}}
WEIGHTS = {
    "wide": torch.arange(6.0).view(2, 3),
    "transposed": torch.arange(6.0).view(2, 3).T,
    "half": torch.tensor([0.1, -1.0], dtype=torch.float16),
    "count": torch.tensor(3),
    "learnt": torch.ones(2, requires_grad=True),
}
MODEL = StoredModel(WEIGHTS, ("cat", "dög"), SETTINGS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_model(tmp_path / "model", MODEL)
    return tmp_path / "model"


def test_a_model_survives_the_round_trip(folder: Path) -> None:
    stored = read_model(folder)
    assert stored[1:] == MODEL[1:]
    assert stored.weights.keys() == WEIGHTS.keys()
    for name, weight in WEIGHTS.items():
        assert stored.weights[name].dtype == weight.dtype
        assert torch.equal(stored.weights[name], weight)


def test_a_model_is_two_files_and_the_config_is_readable(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors"}
    text = (folder / CONFIG_FILE).read_text(encoding="utf-8")
    assert "dög" in text
    assert json.loads(text) == {"class_names": ["cat", "dög"], "settings": SETTINGS}


@pytest.mark.parametrize("name", [CONFIG_FILE, WEIGHTS_FILE])
def test_a_missing_or_truncated_file_is_one_sentence(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    for length in range(0, len(whole) - 2, 7):
        (folder / name).write_bytes(whole[:length])
        with pytest.raises(SecoError, match="cannot be read"):
            read_model(folder)
    (folder / name).unlink()
    with pytest.raises(SecoError, match=rf"holds no trained model \({name} is missing\): run `seco train`"):
        read_model(folder)


@pytest.mark.parametrize("content", ["[]", "{}", '{"class_names": 3, "settings": {}}', '{"class_names": ["a"]}', "3"])
def test_a_config_with_other_content_is_one_sentence(folder: Path, content: str) -> None:
    (folder / CONFIG_FILE).write_text(content)
    with pytest.raises(SecoError, match="cannot be read"):
        read_model(folder)


@pytest.mark.parametrize("name", [WEIGHTS_FILE, CONFIG_FILE])
def test_when_a_file_cannot_be_written_the_old_model_stays(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_serialise" if name == WEIGHTS_FILE else "format_json", fail)
    with pytest.raises(SecoError, match=r"cannot write .*model\.safetensors: No space left on device"):
        write_model(folder, StoredModel({"new": torch.zeros(3)}, ("cat",), {}))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_kill_between_the_two_files_leaves_no_model_of_two_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named: list[str] = []

    def publish_one(temporary: Path, path: Path) -> None:
        if named:
            raise KeyboardInterrupt
        named.append(path.name)
        temporary.replace(path)

    monkeypatch.setattr("seco.storage.atomic.publish", publish_one)
    with pytest.raises(KeyboardInterrupt):
        write_model(folder, MODEL._replace(class_names=("dög", "cat")))
    assert named == [WEIGHTS_FILE]
    with pytest.raises(SecoError, match=r"config.json is missing\): run `seco train`"):
        read_model(folder)


def test_weights_alone_are_written_with_their_folder(tmp_path: Path) -> None:
    write_weights(tmp_path / "assets" / "weights.safetensors", {"a": torch.ones(2)})
    assert [path.name for path in (tmp_path / "assets").iterdir()] == ["weights.safetensors"]
