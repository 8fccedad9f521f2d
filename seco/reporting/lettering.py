"""The one place where pictures get their text: any name is drawn as it is, or as the codes of signs without a font."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from matplotlib import rc_context
from matplotlib.font_manager import findfont, fontManager, get_font
from matplotlib.ft2font import FT2Font

from seco.storage.plain_text import one_line

_LONGEST = 40  # signs of a name; a longer one would leave no room for the picture
# The first comes with matplotlib. The others are used where they are installed.
_FONTS = (
    *("DejaVu Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Noto Sans Devanagari"),
    *("Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Thai", "Noto Emoji"),
)


@contextmanager
def lettering() -> Iterator[None]:
    """Within the block, matplotlib draws text as it is: without its own language for formulas, and without TeX."""
    with rc_context({"text.parse_math": False, "text.usetex": False, "font.family": list(_families())}):
        yield


def lettered(name: str) -> str:
    """Return a name as it is drawn: in one line of 40 signs at most, a sign that no font has as its code."""
    shown = one_line(name)
    shown = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
    return "".join(sign if _is_drawable(sign) else f"U+{ord(sign):04X}" for sign in shown)


@cache
def _families() -> tuple[str, ...]:
    installed = set(fontManager.get_font_names())
    return tuple(name for name in _FONTS if name in installed)


@cache
def _fonts() -> tuple[FT2Font, ...]:
    return tuple(get_font(findfont(name)) for name in _families())


def _is_drawable(sign: str) -> bool:
    return any(font.get_char_index(ord(sign)) for font in _fonts())
