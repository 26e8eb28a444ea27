"""Contrast of colours: only such as everybody can read (WCAG 2.1, 1.4.3)."""

import re
from collections.abc import Callable
from functools import cache

from budkavle.config.field_types import Wrong

ACCENT, ACCENT_DARK = "#0b5a66", "#8ed3dd"
LIGHT_PAPERS, DARK_PAPERS = ("#ffffff", "#f2f0eb"), ("#1a2126", "#12171b")
"""What text in the accent's colour stands on, in light and in dark: --paper and --ground of style.css."""
LEAST = 4.5
_WHITE, _DEEP = "#ffffff", "#0d2227"


def on_light(text: str) -> str:
    """A colour for text on the light papers."""
    return _readable(text, LIGHT_PAPERS, _darker)


def on_dark(text: str) -> str:
    """A colour for text on the dark papers."""
    return _readable(text, DARK_PAPERS, _lighter)


def text_on(accent: str) -> str:
    """White or a deep ink: what can be read best on a surface of this colour."""
    return max((_WHITE, _DEEP), key=lambda ink: contrast(ink, accent))


def contrast(colour: str, other: str) -> float:
    """The contrast of two colours such as `#0b5a66`, from 1 to 21 (WCAG 2.1, "contrast ratio")."""
    dark, light = sorted((_luminance(colour), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _readable(text: str, papers: tuple[str, ...], better: Callable[[float, float], float]) -> str:
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        raise Wrong("is no colour", f'write it with six hexadecimal digits, such as "{ACCENT}"')
    colour = text.lower()
    least = min(contrast(colour, paper) for paper in papers)
    if least < LEAST:
        near = _nearest(colour, papers, better)
        raise Wrong(f"has a contrast of {least:.1f} to the page, and text needs {LEAST}", f'write "{near}"')
    return colour


def _nearest(colour: str, papers: tuple[str, ...], better: Callable[[float, float], float]) -> str:
    """The nearest shade of the same hue that can be read."""
    for step in range(1, 101):
        shade = "#" + "".join(f"{round(better(part, step / 100)):02x}" for part in _parts(colour))
        if min(contrast(shade, paper) for paper in papers) >= LEAST:
            return shade
    return ACCENT  # never: black and white can be read


def _darker(part: float, share: float) -> float:
    return part * (1 - share)


def _lighter(part: float, share: float) -> float:
    return part + (255 - part) * share


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


@cache
def _luminance(colour: str) -> float:
    """The relative luminance, as WCAG 2.1 defines it."""
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - as sRGB has it
