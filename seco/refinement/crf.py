"""Fully connected CRF with Gaussian edges (Krähenbühl and Koltun 2011), on numpy arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seco.errors import SecoError

SMALLEST_PROBABILITY = 1e-5


def dense_crf(image: NDArray[np.uint8], probabilities: NDArray[np.float32], **kernels: Any) -> NDArray[np.float32]:
    """Return the marginals ``[C, H, W]`` of a dense CRF over ``probabilities``; the classes sum to 1.

    It runs in torch: on the GPU where there is one, and else with one thread.

    Args:
        image: ``uint8 [H, W, 3]``, 0..255.
        probabilities: ``[C, H, W]``, 0..1; zeros are raised to 1e-5, so that no class becomes impossible.
        kernels: number of iterations, widths and weights, as of `mean_field`.

    Raises:
        SecoError: image and probabilities have the wrong type or do not fit each other; as `mean_field`.
    """
    import torch  # here, so that workers without a CRF start at once

    from seco.compute.device import one_thread, pick_device
    from seco.refinement.mean_field import mean_field

    _check(image, probabilities)
    device = pick_device()
    energy = -np.log(np.clip(probabilities, SMALLEST_PROBABILITY, 1.0))
    with torch.inference_mode(), one_thread():  # workers take an image each, and two threads are no faster than one
        colours, unary = (torch.tensor(array, device=device) for array in (image, energy))
        return mean_field(colours, unary, **kernels).cpu().numpy()


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
