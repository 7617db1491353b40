"""Plots as SVG that stands in a page of HTML: points, lines, and maps of two parameters.

Colours are the page's (``STYLE``), so that a plot follows its light or dark.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from html import escape

from qmp_iothreadd.lab.axes import Axis, Scale, scale

Point = tuple[float, float]

# How many series a plot shows at most: as many as there are colours to tell apart.
MOST_SERIES = 8

# Sizes are of the drawing, which a page makes as wide as it has room: letters of 14 stay readable
# on a telephone.
_WIDTH, _HEIGHT = 480, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 16, 12, 52

_LIGHT = ["#1f6fd0", "#d9541e", "#16895c", "#b07a00", "#c2408c", "#5b4bb7", "#52704a", "#c42f2f"]
_DARK = ["#5aa2f5", "#f58a5b", "#3fc795", "#e8b63c", "#ee86bf", "#a295f5", "#9cc48f", "#f47c7c"]


def _palette(colours: list[str]) -> str:
    return "".join(f"--s{i}:{colour};" for i, colour in enumerate(colours))


STYLE = f"""\
:root{{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--faint:#5b6470;--rule:#d9dee4;\
{_palette(_LIGHT)}}}
@media(prefers-color-scheme:dark){{:root{{--paper:#14181d;--ink:#e6e9ed;--faint:#a3adb8;\
--rule:#323a44;{_palette(_DARK)}}}}}
svg.plot{{display:block;width:100%;height:auto}}
svg.plot text{{font:14px system-ui,sans-serif;fill:var(--ink)}}
svg.plot .rule{{stroke:var(--rule);stroke-width:1}}
svg.plot path.line{{fill:none;stroke-width:1.6;stroke-linejoin:round}}
ul.legend{{display:flex;flex-wrap:wrap;gap:.2em 1.2em;list-style:none;margin:.4em 0 0;padding:0}}
ul.legend i{{display:inline-block;width:1.4em;height:.25em;margin-right:.4em;vertical-align:middle}}
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Series:
    """What is drawn in one colour.

    Attributes:
        name: for the legend.
        points: where they are, in values of the axes.
        titles: what each point is, shown where a pointer rests on it; as many as points, or none.
        marks: whether points are drawn, or a line through them.
    """

    name: str
    points: Sequence[Point]
    titles: Sequence[str] = ()
    marks: bool = False


def plot(title: str, x: Axis, y: Axis, series: Sequence[Series]) -> str:
    """Series over two axes, and a legend where there are several; at most MOST_SERIES."""
    shown = series[:MOST_SERIES]
    points = [point for each in shown for point in each.points]
    across = scale(x, [point[0] for point in points], _LEFT, _WIDTH - _RIGHT)
    up = scale(y, [point[1] for point in points], _HEIGHT - _BOTTOM, _TOP)
    drawn = [*_axes(across, up)]
    for number, each in enumerate(shown):
        draw = _marks if each.marks else _line
        drawn += draw(each, f"var(--s{number})", across, up)
    return _svg(title, _HEIGHT, drawn) + _legend([each.name for each in shown])


def _svg(title: str, height: float, drawn: Sequence[str]) -> str:
    inner = "\n".join(drawn)
    return (
        f'<svg class="plot" role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {_WIDTH} {height:g}">\n{inner}\n</svg>\n'
    )


def _legend(names: Sequence[str]) -> str:
    if len(names) < 2:
        return ""
    items = "".join(
        f'<li><i style="background:var(--s{number})"></i>{escape(name)}</li>'
        for number, name in enumerate(names)
    )
    return f'<ul class="legend">{items}</ul>\n'


def _axes(across: Scale, up: Scale) -> Iterator[str]:
    for value in across.ticks():
        at = f"{across.place(value):.1f}"
        yield f'<path class="rule" d="M{at} {up.end:g}V{up.start:g}"/>'
        yield _text(at, up.start + 21, across.axis.text(value), "middle")
    for value in up.ticks():
        place = up.place(value)
        yield f'<path class="rule" d="M{across.start:g} {place:.1f}H{across.end:g}"/>'
        yield _text(f"{across.start - 6:g}", place + 4, up.axis.text(value), "end")
    yield _text(f"{(across.start + across.end) / 2:g}", up.start + 43, across.axis.title, "middle")
    middle = (up.start + up.end) / 2
    yield (
        f'<text transform="translate(13 {middle:g}) rotate(-90)" text-anchor="middle">'
        f"{escape(up.axis.title)}</text>"
    )


def _text(x: str, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _marks(series: Series, colour: str, across: Scale, up: Scale) -> Iterator[str]:
    titles = series.titles or [""] * len(series.points)
    for (x, y), title in zip(series.points, titles, strict=True):
        told = f"<title>{escape(title)}</title>" if title else ""
        yield (
            f'<circle cx="{across.place(x):.1f}" cy="{up.place(y):.1f}" r="4" '
            f'fill="{colour}" fill-opacity=".75">{told}</circle>'
        )


def _line(series: Series, colour: str, across: Scale, up: Scale) -> Iterator[str]:
    places = [f"{across.place(x):.1f} {up.place(y):.1f}" for x, y in series.points]
    if places:
        told = f"<title>{escape(series.name)}</title>"
        yield f'<path class="line" stroke="{colour}" d="M{"L".join(places)}">{told}</path>'


def heat_map(
    title: str,
    columns: tuple[str, Sequence[str]],
    rows: tuple[str, Sequence[str]],
    cells: Sequence[Sequence[float]],
    axis: Axis,
) -> str:
    """A cell for each pair of values, the darker the higher; what a cell holds is written in it.

    Args:
        columns, rows: what stands at the top and at the left: what it is, and its values.
        cells: a list for each row; NaN where nothing is known.
        axis: what the cells hold.
    """
    finite = [value for line in cells for value in line if math.isfinite(value)]
    shade = scale(axis, finite, 0.06, 0.62)
    width = (_WIDTH - _LEFT - _RIGHT) / len(columns[1])
    height, top = 26, 40
    below = top + height * len(rows[1])
    every = math.ceil(max(map(_wide, columns[1])) / width)
    texts = [axis.text(min(finite)), axis.text(max(finite))] if finite else []
    middle = f"{(_LEFT + _WIDTH) / 2:g}"
    drawn = [_text(middle, 13, columns[0], "middle"), _text("4", top - 7, rows[0], "start")]
    for i, name in list(enumerate(columns[1]))[::every]:
        drawn.append(_text(f"{_LEFT + width * (i + 0.5):.1f}", top - 7, name, "middle"))
    for j, name in enumerate(rows[1]):
        drawn.append(_text(f"{_LEFT - 6}", top + height * (j + 0.5) + 4, name, "end"))
        drawn += _cells(cells[j], shade, (width, height), top + height * j)
    words = f"{axis.title}: {' to '.join(texts)}" if texts else axis.title
    drawn.append(_text(middle, below + 20, words, "middle"))
    return _svg(title, below + 28, drawn)


def _wide(words: str) -> int:
    """How wide a text is at most, with the room around it."""
    return 9 * len(words) + 4


# Room for what `time_text` says in any cell: all have their number, or none.
_NUMBER = _wide("99.9 µs")


def _cells(
    values: Sequence[float], shade: Scale, size: tuple[float, float], y: float
) -> Iterator[str]:
    width, height = size
    for i, value in enumerate(values):
        if not math.isfinite(value):
            continue
        x, told = _LEFT + width * i, shade.axis.text(value)
        yield (
            f'<rect x="{x:.1f}" y="{y:g}" width="{width - 1:.1f}" height="{height - 1:g}" '
            f'fill="var(--s0)" fill-opacity="{shade.place(value):.2f}"><title>{told}</title></rect>'
        )
        if width >= _NUMBER:
            yield _text(f"{x + width / 2:.1f}", y + height / 2 + 4, told, "middle")
