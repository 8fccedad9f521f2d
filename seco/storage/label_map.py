"""The values of a mask's pixels: class ids and two reserved values; and their colours.

0 is background, 1..K are the foreground classes in the order of their list, 255 is "ignore" (in a ground-truth mask)
or "uncertain" (in a pseudo label).
"""

from functools import cache

BACKGROUND = 0
IGNORE = 255


def packed(red: int, green: int, blue: int) -> int:
    """Return a colour as one number."""
    return red << 16 | green << 8 | blue


def unpacked(colour: int) -> tuple[int, int, int]:
    """Return (red, green, blue), 0..255."""
    return colour >> 16, colour >> 8 & 255, colour & 255


@cache
def palette() -> tuple[int, ...]:
    """Return VOC's colour map as 256 RGB triples in one flat row of 768 values (0-255).

    Each class id spreads its bits over the three channels, most significant bits first (the VOC devkit's rule).
    """
    colours: list[int] = []
    for class_id in range(256):
        rgb = [0, 0, 0]
        for bit in range(8):
            for channel in range(3):
                rgb[channel] |= ((class_id >> (3 * bit + channel)) & 1) << (7 - bit)
        colours.extend(rgb)
    return tuple(colours)
