"""A sky → SVG or pixels: two drawings of one scene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from doesnotexist import Picture

if TYPE_CHECKING:
    from .sky import Sky, Star

SIDE = 512  # pixels
NIGHT = ((0.020, 0.027, 0.075), (0.062, 0.082, 0.190))  # red, green, blue at the top and at the horizon
LINE = (0.62, 0.72, 0.95)
ACROSS = 0.006  # radius of the brightest star, of the picture's side
GREEK = "αβγδεζηθικλμνξ"


def svg(sky: Sky, size: int) -> str:
    """The sky as an SVG of 1000 units a side, shown `size` pixels wide."""
    top, horizon = map(_hex, NIGHT)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 1000 1000">',
        f"<title>{sky.name}, a constellation that does not exist</title>",
        f'<defs><linearGradient id="night" x2="0" y2="1"><stop stop-color="{top}"/>'
        f'<stop offset="1" stop-color="{horizon}"/></linearGradient>',
        *(_halo(colour) for colour in sorted({star.colour for star in sky.figure})),
        "</defs>",
        '<rect width="1000" height="1000" fill="url(#night)"/>',
        *(_dot(star, 1000 * ACROSS * (0.15 + star.light)) for star in sky.others),
    ]
    if sky.lines:
        parts.append(f'<g stroke="{_hex(LINE)}" stroke-width="1.6" stroke-opacity="0.55">')
        parts += [_line(sky.figure[a], sky.figure[b]) for a, b in sky.edges]
        parts.append("</g>")
    parts += [_glow(star) for star in sky.figure]
    parts.append(f'<g fill="{_hex(LINE)}" font-family="Georgia, serif" font-style="italic">')
    parts += [
        f'<text x="{1000 * star.x + 14:.1f}" y="{1000 * star.y - 10:.1f}" font-size="20">{letter}</text>'
        for star, letter in zip(sky.figure, GREEK, strict=False)
    ]
    parts.append(f'<text x="500" y="955" text-anchor="middle" font-size="40">{sky.name}</text></g></svg>')
    return "\n".join(parts)


def picture(sky: Sky) -> Picture:
    """The sky as (SIDE, SIDE, 3) uint8 pixels."""
    down = np.linspace(0, 1, SIDE)[:, None, None]
    light = np.broadcast_to(
        np.array(NIGHT[0]) * (1 - down) + np.array(NIGHT[1]) * down, (SIDE, SIDE, 3)
    ).copy()
    if sky.lines:
        light += _lines(sky)[..., None] * np.array(LINE)
    for star in (*sky.others, *sky.figure):
        _shine(light, star)
    image = Image.fromarray((light.clip(0, 1) * 255).round().astype(np.uint8))
    font = ImageFont.load_default(size=20)
    ImageDraw.Draw(image).text((SIDE / 2, SIDE * 0.945), sky.name, fill=_hex(LINE), font=font, anchor="mm")
    return Picture(np.asarray(image))


def _shine(light: NDArray[np.float64], star: Star) -> None:
    """Add a star: a bright core and a wide faint halo, both bells (Gauss)."""
    for width, strength in ((ACROSS * 0.55, 1.3), (ACROSS * 2.4, 0.16)):
        spread = width * SIDE * (0.35 + 0.65 * star.light)
        x, y, reach = star.x * SIDE, star.y * SIDE, int(4 * spread) + 1
        left, right = max(0, int(x) - reach), min(SIDE, int(x) + reach + 1)
        top, bottom = max(0, int(y) - reach), min(SIDE, int(y) + reach + 1)
        across, down = np.arange(left, right) + 0.5 - x, np.arange(top, bottom) + 0.5 - y
        bell = np.exp(-(across[None, :] ** 2 + down[:, None] ** 2) / (2 * spread**2))
        glow = strength * (0.25 + star.light) * bell[..., None] * np.array(star.colour)
        light[top:bottom, left:right] += glow


def _lines(sky: Sky) -> NDArray[np.float64]:
    """(SIDE, SIDE) from 0 to 1: the figure's lines, drawn large and made smaller for smooth edges."""
    scale = 3
    image = Image.new("L", (SIDE * scale, SIDE * scale))
    draw = ImageDraw.Draw(image)
    for a, b in sky.edges:
        ends = [(star.x * SIDE * scale, star.y * SIDE * scale) for star in (sky.figure[a], sky.figure[b])]
        draw.line(ends, fill=110, width=scale)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX)) / 255


def _halo(colour: tuple[float, float, float]) -> str:
    """How the light around a star of this colour fades."""
    name, paint = _hex(colour)[1:], _hex(colour)
    stops = ((0, 0.5), (0.3, 0.16), (1, 0))
    inside = "".join(f'<stop offset="{at}" stop-color="{paint}" stop-opacity="{a}"/>' for at, a in stops)
    return f'<radialGradient id="halo-{name}">{inside}</radialGradient>'


def _glow(star: Star) -> str:
    radius = 1000 * ACROSS * (0.5 + star.light)
    where = f'cx="{1000 * star.x:.1f}" cy="{1000 * star.y:.1f}" r="{4 * radius:.2f}"'
    return f'<circle {where} fill="url(#halo-{_hex(star.colour)[1:]})"/>{_dot(star, 0.8 * radius)}'


def _dot(star: Star, radius: float) -> str:
    where = f'cx="{1000 * star.x:.1f}" cy="{1000 * star.y:.1f}" r="{radius:.2f}"'
    return f'<circle {where} fill="{_hex(star.colour)}"/>'


def _line(a: Star, b: Star) -> str:
    start = f'x1="{1000 * a.x:.1f}" y1="{1000 * a.y:.1f}"'
    return f'<line {start} x2="{1000 * b.x:.1f}" y2="{1000 * b.y:.1f}"/>'


def _hex(colour: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)
