"""Libraries that are used where they are installed, and not missed where they are not."""

from importlib.util import find_spec

from seco.errors import SecoError


def require_onnx() -> None:
    """Check that the libraries are there that write and run ONNX files.

    Raises:
        SecoError: one is not.
    """
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise SecoError(f"{' and '.join(missing)} {verb} not installed here: run `pip install {' '.join(missing)}`")
