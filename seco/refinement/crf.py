"""Fully connected CRF with Gaussian edges (Krähenbühl and Koltun 2011): one model, two engines."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seco.errors import SecoError
from seco.runtime.libraries import has_pydensecrf, require_pydensecrf

SMALLEST_PROBABILITY = 1e-5


def with_engine(crf: Mapping[str, Any] | None, *, on_gpu: bool) -> dict[str, Any] | None:
    """Return the arguments of a CRF with the engine that runs here: ``torch`` or ``pydensecrf``.

    Args:
        crf: arguments with the ``engine`` wanted: one of them, or ``auto``, which is torch on a GPU and on the CPU
            pydensecrf, the faster one there, if it is installed. None: no CRF.
        on_gpu: whether torch computes on a GPU.

    Raises:
        SecoError: pydensecrf is wanted and not installed.
    """
    if crf is None:
        return None
    engine = crf["engine"]
    if engine == "auto":
        engine = "pydensecrf" if not on_gpu and has_pydensecrf() else "torch"
    elif engine == "pydensecrf":
        require_pydensecrf("crf.engine")
    return {**crf, "engine": engine}


def dense_crf(
    image: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    *,
    engine: str,
    iterations: int,
    gaussian_sigma: float,
    gaussian_weight: float,
    bilateral_sigma_xy: float,
    bilateral_sigma_rgb: float,
    bilateral_weight: float,
) -> NDArray[np.float32]:
    """Return the marginals ``[C, H, W]`` of a dense CRF over ``probabilities``; the classes sum to 1.

    Args:
        image: ``uint8 [H, W, 3]``, 0..255.
        probabilities: ``[C, H, W]``, 0..1; zeros are raised to 1e-5, so that no class becomes impossible.
        engine: ``torch``, on the GPU where there is one and else with one thread, or ``pydensecrf``.
        iterations: steps of mean-field inference.
        gaussian_sigma: width of the smoothness kernel, pixels.
        gaussian_weight: its weight.
        bilateral_sigma_xy: width of the appearance kernel in space, pixels.
        bilateral_sigma_rgb: its width in colour, grey levels.
        bilateral_weight: its weight.

    Raises:
        SecoError: image and probabilities have the wrong type or do not fit each other; as `mean_field`.
    """
    _check(image, probabilities)
    infer = {"torch": _by_torch, "pydensecrf": _by_pydensecrf}[engine]
    return infer(
        image,
        -np.log(np.clip(probabilities, SMALLEST_PROBABILITY, 1.0)),
        iterations=iterations,
        gaussian_sigma=gaussian_sigma,
        gaussian_weight=gaussian_weight,
        bilateral_sigma_xy=bilateral_sigma_xy,
        bilateral_sigma_rgb=bilateral_sigma_rgb,
        bilateral_weight=bilateral_weight,
    )


def _by_torch(image: NDArray[np.uint8], energy: NDArray[np.float32], **settings: Any) -> NDArray[np.float32]:
    import torch

    from seco.compute.device import one_thread, pick_device
    from seco.refinement.mean_field import mean_field

    device = pick_device()
    with torch.inference_mode(), one_thread():  # workers take an image each, and two threads are no faster than one
        colours, unary = (torch.tensor(array, device=device) for array in (image, energy))
        return mean_field(colours, unary, **settings).cpu().numpy()


def _by_pydensecrf(
    image: NDArray[np.uint8],
    energy: NDArray[np.float32],
    *,
    iterations: int,
    gaussian_sigma: float,
    gaussian_weight: float,
    bilateral_sigma_xy: float,
    bilateral_sigma_rgb: float,
    bilateral_weight: float,
) -> NDArray[np.float32]:
    import pydensecrf.densecrf as crf  # pyright: ignore[reportMissingImports]

    classes, height, width = energy.shape
    field = crf.DenseCRF2D(width, height, classes)
    # The library reads contiguous float32 [C, H * W] without checking.
    field.setUnaryEnergy(np.ascontiguousarray(energy.reshape(classes, -1), dtype=np.float32))
    field.addPairwiseGaussian(sxy=gaussian_sigma, compat=gaussian_weight)
    field.addPairwiseBilateral(
        sxy=bilateral_sigma_xy,
        srgb=bilateral_sigma_rgb,
        rgbim=np.require(image, requirements=["C", "W"]),  # the library refuses read-only arrays
        compat=bilateral_weight,
    )
    marginals = np.array(field.inference(iterations), dtype=np.float32)
    return marginals.reshape(classes, height, width)


def _check(image: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise SecoError(
            f"dense CRF: the image is {image.dtype} {list(image.shape)}; give it as uint8 [height, width, 3]"
        )
    if probabilities.ndim != 3 or len(probabilities) == 0 or probabilities.shape[1:] != image.shape[:2]:
        raise SecoError(
            f"dense CRF: probabilities {list(probabilities.shape)} do not fit the image {list(image.shape)}; "
            "give them as [classes, height, width] of the image's own size"
        )
