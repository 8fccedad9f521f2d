"""The run lengths of Label Studio's brush, which are those of the JavaScript package `rle-pack`.

A stream of bits: the number of values (32 bits), the bits of a value less one (5), and the bits of each of four sizes
less one (4 each); then runs. A run is a 1, the number of its size (2 bits), its length less one in that size, and its
value. (A 0 would begin a list of single values; none is written here.) The values are those of an RGBA picture, row by
row.
"""

import numpy as np
import numpy.typing as npt

_SIZES = np.array([3, 4, 8, 16])  # bits of a run's length, as Label Studio's own converter has them
_LONGEST = 1 << 16
_CHANNELS = 4
_VALUE_BITS = 8
_BLOCK = 1 << 16  # runs turned into bits at a time, so that ragged masks do not fill the memory
_WIDEST = 1 + 2 + 16 + _VALUE_BITS  # bits of a run


def encode_brush(pixels: npt.NDArray[np.bool_]) -> list[int]:
    """Return the bytes of a picture in which the pixels `[H, W]` are white and opaque, the others black and clear."""
    flat = pixels.ravel()
    starts = np.concatenate(([0], np.flatnonzero(flat[1:] != flat[:-1]) + 1))
    lengths = _CHANNELS * np.diff(np.append(starts, flat.size))
    values = np.where(flat[starts], 255, 0)
    # A run that is too long for the largest size becomes several, of which all but the last are the longest possible.
    parts = -(-lengths // _LONGEST)
    rests = lengths - (parts - 1) * _LONGEST
    lengths, values = np.full(parts.sum(), _LONGEST), np.repeat(values, parts)
    lengths[np.cumsum(parts) - 1] = rests
    sizes = np.searchsorted(1 << _SIZES, lengths)  # the smallest that holds length - 1
    widths = _SIZES[sizes]
    codes = ((1 << 2 | sizes) << widths | (lengths - 1)) << _VALUE_BITS | values
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(codes), _BLOCK)]
    stream = [_bits(codes[block], 1 + 2 + widths[block] + _VALUE_BITS) for block in blocks]
    return np.packbits(np.concatenate((_header(_CHANNELS * flat.size), *stream))).tolist()


def _bits(codes: npt.NDArray[np.int64], widths: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Return the lowest bits of each code, as many as its width says, the highest of them first."""
    shifts = widths[:, None] - 1 - np.arange(_WIDEST)
    return ((codes[:, None] >> np.maximum(shifts, 0)) & 1)[shifts >= 0].astype(np.uint8)


def _header(count: int) -> npt.NDArray[np.uint8]:
    text = f"{count:032b}{_VALUE_BITS - 1:05b}" + "".join(f"{size - 1:04b}" for size in _SIZES.tolist())
    return np.array([int(bit) for bit in text], np.uint8)
