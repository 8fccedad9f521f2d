"""Fully connected CRF with Gaussian edges (Krähenbühl and Koltun 2011), by pydensecrf."""

import numpy as np
from numpy.typing import NDArray

from seco.errors import SecoError

SMALLEST_PROBABILITY = 1e-5


def dense_crf(
    image: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    *,
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
        iterations: steps of mean-field inference.
        gaussian_sigma: width of the smoothness kernel, pixels.
        gaussian_weight: its weight.
        bilateral_sigma_xy: width of the appearance kernel in space, pixels.
        bilateral_sigma_rgb: its width in colour, grey levels.
        bilateral_weight: its weight.

    Raises:
        SecoError: image and probabilities have the wrong type or do not fit each other.
    """
    import pydensecrf.densecrf as crf

    _check(image, probabilities)
    classes, height, width = probabilities.shape
    field = crf.DenseCRF2D(width, height, classes)
    field.setUnaryEnergy(_unary_energy(probabilities))
    field.addPairwiseGaussian(sxy=gaussian_sigma, compat=gaussian_weight)
    field.addPairwiseBilateral(
        sxy=bilateral_sigma_xy,
        srgb=bilateral_sigma_rgb,
        rgbim=np.require(image, requirements=["C", "W"]),  # the library refuses read-only arrays
        compat=bilateral_weight,
    )
    marginals = np.array(field.inference(iterations), dtype=np.float32)
    return marginals.reshape(classes, height, width)


def _unary_energy(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``-log p`` as the contiguous float32 ``[C, H * W]`` that the library reads without checking."""
    energy = -np.log(np.clip(probabilities, SMALLEST_PROBABILITY, 1.0))
    return np.ascontiguousarray(energy.reshape(len(probabilities), -1), dtype=np.float32)


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
