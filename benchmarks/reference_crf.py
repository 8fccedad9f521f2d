"""The dense CRF of pydensecrf, the library that the field uses: benchmarks and tests compare ours with it."""

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from seco.refinement.crf import SMALLEST_PROBABILITY


def has_pydensecrf() -> bool:
    """Return whether the library is installed: `make test` builds it where there is a C++ compiler."""
    return find_spec("pydensecrf") is not None


def by_pydensecrf(
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
    """Return the marginals ``[C, H, W]``; arguments as of `dense_crf` and `mean_field`."""
    import pydensecrf.densecrf as crf  # pyright: ignore[reportMissingImports]

    classes, height, width = probabilities.shape
    energy = -np.log(np.clip(probabilities, SMALLEST_PROBABILITY, 1.0))
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
