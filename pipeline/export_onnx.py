"""`seco export-onnx`: a trained model for programs without torch. No stage of the pipeline."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.options import MODEL, Model


def export_onnx(
    model: Model = MODEL,
    out: Annotated[Path, typer.Option("--out", help="File to write.")] = Path("model.onnx"),
    force: Annotated[bool, typer.Option("--force", help="Replace an older file.", show_default="no")] = False,
) -> None:
    """Write the trained model as an ONNX file, for programs without torch."""
    from seco.conversion.output import require_file_name
    from seco.deployment.onnx_file import export_onnx
    from seco.inference.trained import load_predictor
    from seco.runtime.libraries import require_onnx
    from seco.storage.atomic import require_writable

    require_onnx()
    require_file_name(out, suffixes=(".onnx",), force=force)
    require_writable(out.parent)
    predictor = load_predictor(model)
    written = export_onnx(predictor, out)
    typer.echo(
        f"{out} holds the model of {len(predictor.class_names)} classes: {written.bytes / 1e6:.1f} MB, opset "
        f"{written.opset}. onnxruntime and torch differ by {written.difference:.1g} at most."
    )
