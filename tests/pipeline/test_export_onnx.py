"""`seco export-onnx`: one file from the trained model, or one sentence."""

import json
from importlib.util import find_spec

import pytest

from tests.pipeline.conftest import Project


def test_a_trained_model_becomes_a_file_and_is_replaced_with_force_alone(project: Project) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    before = project.files()
    outcome = project.run("export-onnx", "--out", "deployed/model.onnx")
    assert outcome.status == 0, outcome.err
    assert project.changed_files(before) == {"deployed/model.onnx"}
    session = onnxruntime.InferenceSession(project.root / "deployed/model.onnx", providers=["CPUExecutionProvider"])
    names = json.loads(session.get_modelmeta().custom_metadata_map["class_names"])
    assert names == json.loads((project.root / "data/train/config.json").read_text())["class_names"]
    size = (project.root / "deployed/model.onnx").stat().st_size / 1e6
    assert outcome.out.startswith(f"deployed/model.onnx holds the model of {len(names)} classes: {size:.1f} MB, opset ")
    sentence = project.refusal("export-onnx", "--out", "deployed/model.onnx")
    assert sentence == "deployed/model.onnx exists: choose another name for the file, or replace it with --force"
    (project.root / "deployed/model.onnx").write_bytes(b"old")
    assert project.run("export-onnx", "--out", "deployed/model.onnx", "--force").status == 0
    assert (project.root / "deployed/model.onnx").stat().st_size > 1e6


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--out", "model.pt"), "model.pt is no name for a file of this format: let it end with .onnx"),
        (("--model", "data/prepare"), "data/prepare holds no trained model (config.json is missing): run `seco train`"),
        (
            ("--out", "params.yaml/model.onnx"),
            "cannot write params.yaml: File exists; move what has that name elsewhere",
        ),
    ],
)
def test_what_cannot_be_is_told(project: Project, words: tuple[str, ...], sentence: str) -> None:
    pytest.importorskip("onnxruntime")
    assert project.refusal("export-onnx", *words) == sentence


def test_missing_libraries_are_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = ("onnx", "onnxruntime")
    monkeypatch.setattr(
        "seco.runtime.libraries.find_spec", lambda name: None if name in missing else find_spec("importlib")
    )
    assert project.refusal("export-onnx") == (
        "onnx and onnxruntime are not installed here: run `pip install onnx onnxruntime`"
    )
