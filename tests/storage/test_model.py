"""The trained model on disk: exact, plain data, whole or not there."""

import errno
import json
import os
from pathlib import Path

import pytest
import torch

from seco.errors import SecoError
from seco.storage.model import CONFIG_FILE, WEIGHTS_FILE, StoredModel, read_model, write_model, write_weights

SETTINGS = {"patch_size": 64, "backbone": {"name": "vit", "depth": None}, "cam": {"scales": [1.0, 0.5]}}


def model() -> StoredModel:
    weights = {
        "wide": torch.arange(6.0).view(2, 3),
        "transposed": torch.arange(6.0).view(2, 3).T,
        "half": torch.tensor([0.1, -1.0], dtype=torch.float16),
        "count": torch.tensor(3),
        "learnt": torch.ones(2, requires_grad=True),
    }
    return StoredModel(weights, ("cat", "dög"), SETTINGS)


def test_a_model_comes_back_as_it_was(tmp_path: Path) -> None:
    write_model(tmp_path / "model", model())
    stored = read_model(tmp_path / "model")
    assert stored.class_names == ("cat", "dög")
    assert stored.settings == SETTINGS
    assert stored.weights.keys() == model().weights.keys()
    for name, weight in model().weights.items():
        assert stored.weights[name].dtype == weight.dtype
        assert torch.equal(stored.weights[name], weight)


def test_nothing_but_two_files_is_written_and_the_config_is_for_people(tmp_path: Path) -> None:
    write_model(tmp_path, model())
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "model.safetensors"}
    text = (tmp_path / CONFIG_FILE).read_text(encoding="utf-8")
    assert "dög" in text
    assert json.loads(text) == {"class_names": ["cat", "dög"], "settings": SETTINGS}


@pytest.mark.parametrize("missing", [CONFIG_FILE, WEIGHTS_FILE])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    write_model(tmp_path, model())
    (tmp_path / missing).unlink()
    with pytest.raises(SecoError, match=rf"holds no trained model \({missing} is missing\): run `seco train`"):
        read_model(tmp_path)


@pytest.mark.parametrize("damaged", [CONFIG_FILE, WEIGHTS_FILE])
def test_a_file_cut_anywhere_is_a_sentence(tmp_path: Path, damaged: str) -> None:
    write_model(tmp_path, model())
    whole = (tmp_path / damaged).read_bytes()
    for length in range(0, len(whole) - 2, 7):
        (tmp_path / damaged).write_bytes(whole[:length])
        with pytest.raises(SecoError, match="cannot be read"):
            read_model(tmp_path)


@pytest.mark.parametrize("content", ["[]", "{}", '{"class_names": 3, "settings": {}}', '{"class_names": ["a"]}', "3"])
def test_a_config_of_something_else_is_a_sentence(tmp_path: Path, content: str) -> None:
    write_model(tmp_path, model())
    (tmp_path / CONFIG_FILE).write_text(content)
    with pytest.raises(SecoError, match="cannot be read"):
        read_model(tmp_path)


def test_an_older_model_survives_a_full_disk_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_model(tmp_path, model())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SecoError, match=r"cannot write .*model\.safetensors: No space left on device"):
        write_model(tmp_path, StoredModel({"new": torch.zeros(3)}, ("cat",), {}))
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_weights_alone_are_written_with_their_folder(tmp_path: Path) -> None:
    write_weights(tmp_path / "assets" / "weights.safetensors", {"a": torch.ones(2)})
    assert [path.name for path in (tmp_path / "assets").iterdir()] == ["weights.safetensors"]
