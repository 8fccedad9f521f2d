"""Libraries that are used where they are installed, and not missed where they are not."""

from importlib.util import find_spec

from seco.errors import SecoError


def has_pydensecrf() -> bool:
    """Return whether pydensecrf can be imported."""
    try:
        import pydensecrf.densecrf  # noqa: F401  # pyright: ignore[reportMissingImports]
    except (ImportError, ValueError):  # ValueError: it was built for another numpy
        return False
    return True


def require_pydensecrf(key: str) -> None:
    """Check that pydensecrf is there, which the setting ``key`` asks for.

    Raises:
        SecoError: it is not.
    """
    if not has_pydensecrf():
        raise SecoError(
            f"{key}: pydensecrf is not installed here: set it to auto or torch, or install a C++ compiler and run "
            "`make -B setup`"
        )


def require_onnx() -> None:
    """Check that the libraries are there that write and run ONNX files.

    Raises:
        SecoError: one is not.
    """
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise SecoError(f"{' and '.join(missing)} {verb} not installed here: run `pip install {' '.join(missing)}`")
