"""A trained model as an ONNX file, which runtimes of many languages and devices execute."""

import json
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.export import Dim

from seco.deployment.graph import DeployedNetwork, GraphOutputs
from seco.errors import SecoError
from seco.inference.predictor import Predictor
from seco.runtime.libraries import require_onnx
from seco.storage.atomic import atomic_path

if TYPE_CHECKING:
    from torch.onnx import ONNXProgram

INPUT = "image"

MOST_BYTES = 2**31 - 2**24
"""Of the weights: one file of protobuf holds 2 GiB, and the graph itself takes some of it."""

TOLERANCE = 1e-3
"""The largest difference from torch that rounding explains, relative to the largest value where that is above 1."""

_EXAMPLE = 2, 5, 7  # images, rows and columns of patches: numbers that could not be taken for constants of a network
_CHECKED = (1, 4, 3), (3, 6, 17)


class Exported(NamedTuple):
    """What was written."""

    bytes: int
    opset: int
    difference: float
    """The largest difference between onnxruntime and torch, of logits and probabilities at several sizes."""


def export_onnx(predictor: Predictor, path: Path) -> Exported:
    """Write the model as one ONNX file whose input is ``image`` and whose outputs are the fields of ``GraphOutputs``.

    The number of images and their height and width in patches are free. The file's metadata hold ``class_names``
    (JSON), ``patch_size`` and ``size_rule``. The weights are float32, whatever precision the model was trained with.

    Raises:
        SecoError: a library is missing, the weights exceed what one file holds, the model cannot be exported, or
            onnxruntime computes something else than torch; an older file at ``path`` survives.
    """
    require_onnx()
    network = DeployedNetwork(deepcopy(predictor.network).cpu()).eval()  # the predictor stays on its device
    size = sum(weight.nbytes for weight in network.state_dict().values())
    if size > MOST_BYTES:
        raise SecoError(f"the model has {size / 2**30:.1f} GiB of weights, an ONNX file holds 2: train a smaller ViT")
    patch = network.network.encoder.patch_size
    program = _program_of(network, patch)
    program.model.metadata_props.update(
        class_names=json.dumps(predictor.class_names),
        patch_size=str(patch),
        size_rule=f"height and width are multiples of {patch}",
    )
    with atomic_path(path) as temporary:
        program.save(temporary, external_data=False)
        difference = _compare(network, temporary, patch)
        return Exported(temporary.stat().st_size, program.model.opset_imports[""], difference)


def _program_of(network: DeployedNetwork, patch: int) -> "ONNXProgram":
    rows, columns = Dim("rows", min=1), Dim("columns", min=1)
    try:
        with torch.inference_mode():
            program = torch.onnx.export(
                network,
                (_noise(*_EXAMPLE, patch=patch),),
                dynamo=True,
                dynamic_shapes=({0: Dim("batch", min=1), 2: patch * rows, 3: patch * columns},),
                input_names=[INPUT],
                output_names=GraphOutputs._fields,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0][:200]
        raise SecoError(
            f"torch {torch.__version__} cannot export this model ({reason}): try another release of torch"
        ) from error
    assert program is not None, "dynamo=True returns a program"
    graph = program.model.graph
    for described in (graph, *graph.all_nodes()):
        described.metadata_props.clear()  # the lines of our source, with the paths of this machine
    cams = graph.outputs[GraphOutputs._fields.index("cams")]
    assert cams.shape is not None, "the exporter infers all shapes"
    cams.shape[2], cams.shape[3] = rows.__name__, columns.__name__  # torch names only the sizes of inputs
    return program


def _compare(network: DeployedNetwork, path: Path, patch: int) -> float:
    """Return the largest difference of onnxruntime from torch.

    CAMs are left out: bringing a weak map to 0..1 magnifies what is rounded.
    """
    import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = 0.0
    for shape in _CHECKED:
        image = _noise(*shape, patch=patch)
        with torch.inference_mode():
            wanted = network(image)
        found = GraphOutputs(*map(torch.from_numpy, session.run(GraphOutputs._fields, {INPUT: image.numpy()})))
        for name in ("logits", "probabilities"):
            one, other = getattr(found, name), getattr(wanted, name)
            difference = float((one - other).abs().max())
            worst = max(worst, difference)
            if not difference <= TOLERANCE * max(1.0, float(other.abs().max())):
                raise SecoError(
                    f"onnxruntime {onnxruntime.__version__} computes other {name} than torch {torch.__version__}, by "
                    f"up to {difference:.2g}: try other releases of them and of onnxscript"
                )
    return worst


def _noise(count: int, rows: int, columns: int, *, patch: int) -> torch.Tensor:
    """Return images of random colours."""
    generator = torch.Generator().manual_seed(0)
    return torch.rand(count, 3, rows * patch, columns * patch, generator=generator) * 255
