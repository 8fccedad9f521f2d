"""ONNX files against the network that they were written from, at sizes and batches that the exporter has not seen."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from seco.compute.pixels import normalise
from seco.deployment.graph import DeployedNetwork, GraphOutputs
from seco.deployment.onnx_file import export_onnx
from seco.errors import SecoError
from seco.inference.predictor import Predictor
from seco.models.encoder import build_encoder
from seco.models.heads import PooledClassifier
from seco.models.network import SeCoNetwork
from seco.storage.masks import read_mask
from tests.imports import ROOT

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

CLASSES = ("Katze", "dög", "a, b")
ENCODERS = {
    "averaged positions": {"name": "vit_tiny_patch16_224", "depth": 2},
    "picked positions": {"name": "vit_tiny_patch16_224", "depth": 1, "antialias": False},
    "the model's own normalisation": {"name": "vit_tiny_patch16_224", "depth": 1, "normalisation": "model"},
    "patches of 14 and registers": {"name": "vit_small_patch14_reg4_dinov2", "depth": 1, "antialias": False},
}
SIZES = (1, 5, 7), (3, 2, 20), (2, 14, 14), (1, 1, 1), (4, 16, 3)  # images, rows and columns of patches


def make_predictor(*, sharpness: float | None = None, **encoder: Any) -> Predictor:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        built = build_encoder(pretrained=False, **encoder)
        network = SeCoNetwork(built, num_classes=len(CLASSES), pool_sharpness=sharpness)
        assert built.vit.pos_embed is not None
        torch.nn.init.normal_(built.vit.pos_embed)  # a wrong interpolation must show
        torch.nn.init.normal_(network.classifier.weight, std=0.02)
    return Predictor(network, CLASSES, precision="fp32")


def noise(*shape: int) -> torch.Tensor:
    return torch.randint(256, shape, generator=torch.Generator().manual_seed(1), dtype=torch.uint8)


def run(path: Path, image: torch.Tensor) -> GraphOutputs:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    assert names == ["mask", "probabilities", "logits", "cams"], "the order of the fields"
    values = session.run(names, {"image": image.numpy()})
    return GraphOutputs(*map(torch.from_numpy, values))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("written") / "model.onnx"
    export_onnx(make_predictor(**ENCODERS["averaged positions"]), path)
    return path


@pytest.mark.parametrize(("encoder", "sharpness"), zip(ENCODERS.values(), (None, 0.5) * 2, strict=True), ids=ENCODERS)
def test_onnxruntime_computes_what_the_network_computes(tmp_path: Path, encoder: dict[str, Any], sharpness) -> None:
    predictor = make_predictor(sharpness=sharpness, **encoder)
    export_onnx(predictor, tmp_path / "model.onnx")
    patch = predictor.network.encoder.patch_size
    for count, rows, columns in SIZES:
        colours = noise(count, 3, rows * patch, columns * patch)
        found = run(tmp_path / "model.onnx", colours.float())
        with torch.inference_mode():
            plain = predictor.network(normalise(colours))
            scores = torch.nn.functional.interpolate(plain.segmentation, colours.shape[-2:], mode="bilinear")
            maps = (plain.tokens.final @ predictor.network.classifier.weight.T).relu().transpose(1, 2)  # [B, K, N]
        torch.testing.assert_close(found.logits, plain.logits, atol=1e-4, rtol=0)
        torch.testing.assert_close(found.probabilities, scores.softmax(dim=1), atol=1e-4, rtol=0)
        highest = scores.topk(2, dim=1).values
        clear = highest[:, 0] - highest[:, 1] > 1e-4  # where rounding does not decide
        assert clear.float().mean() > 0.99
        assert found.mask.dtype == torch.uint8
        assert torch.equal(found.mask[clear], scores.argmax(dim=1).to(torch.uint8)[clear])
        lowest = maps - maps.amin(dim=2, keepdim=True)
        cams = lowest / (lowest.amax(dim=2, keepdim=True) + 1e-5)
        torch.testing.assert_close(found.cams, cams.unflatten(2, (rows, columns)), atol=1e-4, rtol=0)


def test_the_file_says_what_it_is_and_nothing_of_this_machine(written: Path) -> None:
    session = onnxruntime.InferenceSession(written, providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    assert json.loads(facts.pop("class_names")) == list(CLASSES)
    assert facts == {"patch_size": "16", "size_rule": "height and width are multiples of 16"}
    (image,), (mask, probabilities, logits, cams) = session.get_inputs(), session.get_outputs()
    assert image.shape == ["batch", 3, "16*rows", "16*columns"]
    assert mask.shape == ["batch", "16*rows", "16*columns"]
    assert probabilities.shape == ["batch", 4, "16*rows", "16*columns"]
    assert logits.shape == ["batch", 3]
    assert cams.shape == ["batch", 3, "rows", "columns"]
    content = written.read_bytes()
    assert str(ROOT).encode() not in content
    assert b".py" not in content


def test_a_graph_that_fixed_a_size_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forward(self: PooledClassifier, tokens: torch.Tensor) -> torch.Tensor:
        return (tokens @ self.weight.T).logsumexp(dim=1) - math.log(tokens.shape[1])  # torch takes it for a constant

    monkeypatch.setattr(PooledClassifier, "forward", forward)
    with pytest.raises(SecoError, match=r"^onnxruntime .* computes other logits than torch .*, by up to 1\.1: "):
        export_onnx(make_predictor(**ENCODERS["picked positions"]), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_torch_cannot_export_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forward: Callable[..., Any] = DeployedNetwork.forward

    def depending_on_values(self: DeployedNetwork, image: torch.Tensor) -> Any:
        return forward(self, image if image.sum() > 0 else -image)

    monkeypatch.setattr(DeployedNetwork, "forward", depending_on_values)
    with pytest.raises(SecoError, match=r"^torch .* cannot export this model \(.+\): try another release of torch$"):
        export_onnx(make_predictor(**ENCODERS["picked positions"]), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_weights_that_one_file_cannot_hold_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seco.deployment.onnx_file.MOST_BYTES", 2**20)
    with pytest.raises(SecoError, match="GiB of weights, an ONNX file holds 2: train a smaller ViT"):
        export_onnx(make_predictor(**ENCODERS["picked positions"]), tmp_path / "model.onnx")


def test_the_example_writes_the_mask_of_a_photograph(written: Path, tmp_path: Path) -> None:
    coarse = Image.fromarray(noise(5, 6, 3).numpy())
    coarse.resize((70, 45), Image.Resampling.BICUBIC).save(tmp_path / "photograph.png")
    example = ROOT / "docs/examples/onnx_segment.py"
    (tmp_path / "torch.py").write_text("raise ImportError('the example needs no torch')\n")
    command = [sys.executable, str(example), str(written), "photograph.png", "mask.png"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, encoding="utf-8", check=False
    )
    assert done.stderr == ""
    resized = Image.open(tmp_path / "photograph.png").resize((64, 48), Image.Resampling.BILINEAR)
    found = run(written, torch.from_numpy(np.array(resized)).permute(2, 0, 1)[None].float())
    wanted = Image.fromarray(found.mask[0].numpy()).resize((70, 45), Image.Resampling.NEAREST)
    mask = read_mask(tmp_path / "mask.png", num_classes=3, size=(70, 45))
    assert np.array_equal(mask, np.asarray(wanted))
    shown = [("background", *CLASSES)[index] for index in np.unique(mask)]
    assert done.stdout.splitlines()[1] == f"mask: {', '.join(shown)}"
