"""Plots as SVG: axes, points, lines and maps."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from qmp_iothreadd.lab.axes import Axis, number_text, scale, share_text, time_text
from qmp_iothreadd.lab.plots import MOST_SERIES, Series, heat_map, plot

LINEAR, LOG = Axis("x <&>"), Axis("y", time_text, log=True)


def parsed(drawing: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<div>{drawing}</div>")


def texts(drawing: str) -> list[str]:
    return [each.text or "" for each in parsed(drawing).iter("text")]


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (8000, "8 µs"),
        (1.5e6, "1.5 ms"),
        (2e9, "2 s"),
        (-2e3, "-2 µs"),
    ],
)
def test_times_have_the_unit_that_fits(ns: float, text: str) -> None:
    assert time_text(ns) == text


def test_shares_and_numbers_are_short() -> None:
    assert [share_text(each) for each in (0, 0.5, 0.99999)] == ["0 %", "50 %", "100 %"]
    assert [number_text(each) for each in (0.12345, 12, 123456)] == ["0.123", "12", "123,456"]


@pytest.mark.parametrize(
    ("axis", "values", "ticks"),
    [
        (LINEAR, [0, 10], [0, 2, 4, 6, 8, 10]),
        (LINEAR, [3.0, 3.0], [2.85, 2.9, 2.95, 3.0, 3.05, 3.1, 3.15]),
        (LINEAR, [0.0], [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (LINEAR, [-5, math.inf, 5], [-4, -2, 0, 2, 4]),
        (LINEAR, [], [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (LOG, [100, 1000], [100, 200, 500, 1000]),
        (LOG, [100, 20_000], [100, 300, 1000, 3000, 10_000]),
        (LOG, [1, 1e5], [1, 10, 100, 1000, 1e4, 1e5]),
        (LOG, [1, 1e8], [1, 100, 1e4, 1e6, 1e8]),
        (LOG, [23_000, 24_000], [21_000, 22_000, 23_000, 24_000, 25_000, 26_000]),
        (LOG, [0, 0], [0.95, 1, 1.05, 1.1]),
    ],
)
def test_ticks_are_round_and_few(axis: Axis, values: list[float], ticks: list[float]) -> None:
    found = scale(axis, values, 0, 100).ticks()
    assert 2 <= len(found) <= 7
    assert found == pytest.approx(ticks)


def test_values_stand_between_the_ends_of_their_axis() -> None:
    linear, log = scale(LINEAR, [0, 10], 100, 0), scale(LOG, [10, 1000], 0, 100)
    assert linear.place(0) == 100
    assert linear.place(99) == 0
    assert log.place(100) == pytest.approx(50)
    assert log.place(0) == 0


def test_a_plot_has_its_axes_and_what_is_drawn() -> None:
    line = Series("a <b>", [(0, 10), (5, 100), (10, 1000)])
    marks = Series("m", [(1, 20), (2, 30)], ["first & best", ""], marks=True)
    drawing = plot('say "it"', LINEAR, LOG, [line, marks])
    tree = parsed(drawing)
    [svg] = tree.iter("svg")
    assert svg.get("aria-label") == 'say "it"'
    assert {"x <&>", "y", "10 ns", "1 µs", "0", "10"} <= set(texts(drawing))
    circles = list(tree.iter("circle"))
    assert [circle.findtext("title") for circle in circles] == ["first & best", None]
    [path] = [each for each in tree.iter("path") if each.get("class") == "line"]
    assert path.findtext("title") == "a <b>"
    places = [float(x) for x in re.findall(r"[ML]([\d.]+) ", path.get("d", ""))]
    assert places == sorted(places)
    legend = ["".join(each.itertext()) for each in tree.iter("li")]
    assert legend == ["a <b>", "m"]


def test_one_series_has_no_legend_and_an_empty_one_no_line() -> None:
    drawing = plot("none", LINEAR, LOG, [Series("a", [])])
    assert "<ul" not in drawing
    assert 'class="line"' not in drawing


def test_there_are_as_many_series_as_colours() -> None:
    many = [Series(str(i), [(i, 1)], marks=True) for i in range(MOST_SERIES + 3)]
    tree = parsed(plot("many", LINEAR, LOG, many))
    assert len(list(tree.iter("circle"))) == len(list(tree.iter("li"))) == MOST_SERIES


def test_a_map_is_darker_where_there_is_more() -> None:
    cells = [[1000.0, 2000.0], [4000.0, math.nan]]
    drawing = heat_map("map", ("weight", ["1", "2"]), ("max", ["8", "9"]), cells, LOG)
    shades = [float(each.get("fill-opacity", "")) for each in parsed(drawing).iter("rect")]
    assert shades == sorted(shades)
    assert len(set(shades)) == 3
    assert texts(drawing) == [
        *("weight", "max", "1", "2", "8", "1 µs", "2 µs", "9", "4 µs", "y: 1 µs to 4 µs")
    ]


def test_cells_too_narrow_for_words_have_none() -> None:
    names = [str(1000 + i) for i in range(24)]
    drawing = heat_map("map", ("a", names), ("b", ["0"]), [[1e3 * i for i in range(24)]], LINEAR)
    assert len(list(parsed(drawing).iter("rect"))) == 24
    words = ["a", "b", "1000", "1003", "1006", "1009", "1012", "1015", "1018", "1021", "0"]
    assert texts(drawing) == [*words, "x <&>: 0 to 23,000"]


def test_a_map_may_know_nothing() -> None:
    drawing = heat_map("map", ("a", ["1"]), ("b", ["2"]), [[math.nan]], LINEAR)
    assert texts(drawing) == ["a", "b", "1", "2", "x <&>"]
