"""Which plots show which results."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.lab.figures import figures, labels, on_front

Row = dict[str, Any]


def row(cpu_ns: float | None, p99_ns: float | None, **more: Any) -> Row:
    params = {"policy": "weighted", "max_ns": 8000, "weight": 3, **more.pop("params", {})}
    values = {"cpu_ns_per_request": cpu_ns, "p99_ns": p99_ns, **more}
    return {"params": params, **{k: v for k, v in values.items() if v is not None}}


def kinds(rows: list[Row]) -> list[str]:
    return [each.caption.split(":")[0] for each in figures(rows)]


def test_the_front_has_what_nothing_cheaper_is_as_fast_as() -> None:
    rows = [
        row(10, 90),
        row(20, 95),
        row(30, 50),
        row(None, 1),
        row(5, 5, params={"policy": "clairvoyant"}),
        row(40, 50),
    ]
    assert on_front(rows) == [True, False, True, False, False, False]


def test_loads_are_not_compared() -> None:
    assert on_front([row(10, 90, load="a"), row(20, 95, load="b")]) == [True, True]


def test_a_run_that_knows_its_front_is_believed() -> None:
    assert on_front([row(10, 90, on_front=False), row(20, 95, on_front=True)]) == [False, True]


def test_sets_are_told_apart_by_what_differs() -> None:
    rows = [row(1, 1), row(1, 1, params={"policy": "legacy", "weight": 4})]
    assert labels(rows) == ["weighted, weight=3", "legacy, weight=4"]
    assert labels([row(1, 1), row(1, 1, params={"weight": 4})]) == ["weight=3", "weight=4"]
    assert labels([row(1, 1)]) == ["weighted"]


def test_there_is_a_plot_for_what_there_are_numbers_for() -> None:
    assert kinds([]) == []
    assert kinds([row(1, None)]) == []
    assert kinds([row(1, 2)]) == ["What latency costs"]
    histogram = [[100, 3], [200, 1]]
    assert kinds([row(1, None, latency_histogram=histogram)]) == ["How long requests waited"]
    over_time = [[1000, 5.0], [2000, 6.0]]
    [figure] = figures([row(None, None, poll_ns_over_time=over_time)])
    assert figure.caption.startswith("How long is polled")


def test_what_is_recommended_is_seen() -> None:
    rows = [row(10, 90, role="now"), row(20, 50, role="recommended"), row(30, 20, role="")]
    assert labels(rows)[:2] == ["now, weighted", "recommended, weighted"]
    [figure] = figures(rows)
    assert figure.drawing.count("<li>") == 4
    assert "</i>recommended</li>" in figure.drawing


def test_what_was_simulated_is_beside_what_was_measured() -> None:
    beside = {"cpu_ns_per_request": 9, "p99_ns": 80, "latency_histogram": [[100, 1]]}
    rows = [row(10, 90, simulated=beside, latency_histogram=[[100, 1]])]
    pareto, cdf = figures(rows)
    assert "</i>weighted</li>" in pareto.drawing
    assert "</i>simulated</li>" in pareto.drawing
    assert "</i>front</li>" not in pareto.drawing
    assert "</i>simulated, weighted</li>" in cdf.drawing


def test_the_distribution_ends_with_all_requests() -> None:
    [figure] = figures([row(None, None, latency_histogram=[[0, 3], [200, 1]])])
    path = figure.drawing.split('class="line"')[1].split("/>")[0]
    places = [float(each.split()[1]) for each in path.split('d="M')[1].split('"')[0].split("L")]
    assert places == sorted(places, reverse=True)
    assert places[0] - places[1] == pytest.approx(3 * (places[1] - places[2]), rel=0.01)


def test_two_parameters_make_maps_of_the_best() -> None:
    sets = [(m, w, g) for m in (8000, 16000) for w in (1, 2, 3) for g in (2, 4)]
    rows = [row(m + w + g, w, params={"max_ns": m, "weight": w, "grow": g}) for m, w, g in sets]
    cpu, p99 = [each for each in figures(rows) if " by " in each.caption]
    assert cpu.caption == (
        "CPU per request by max_ns and weight, the best of any grow: lighter is better."
    )
    assert "8 µs" in cpu.drawing
    assert p99.caption.startswith("p99 latency by max_ns and weight")
    assert cpu.drawing.count("<rect") == 6


def test_one_parameter_makes_no_map_and_nor_does_who_knows_the_future() -> None:
    rows = [row(1, 1, params={"weight": w}) for w in range(4)]
    rows += [row(1, 1, params={"policy": "clairvoyant", "max_ns": m}) for m in range(4)]
    assert kinds(rows) == ["What latency costs"]


def test_each_load_has_its_plots_and_of_many_sets_some_are_chosen() -> None:
    histogram = [[100, 1]]
    rows = [
        row(
            i,
            100 - i if i % 2 else 200,
            load=load,
            params={"weight": i},
            latency_histogram=histogram,
        )
        for load in ("a", "b")
        for i in range(40)
    ]
    found = list(figures(rows))
    assert [each.caption.endswith("Load: a.") for each in found] == [True, True, False, False]
    assert found[1].drawing.count("<li>") == 8
    assert "weight=39<" in found[1].drawing  # the far end of the front
    assert "weight=2<" not in found[1].drawing


@pytest.mark.parametrize("pairs", ["x", [], [1], [[1]], [[1, "x"]], {"1": 2}, None])
def test_what_is_no_number_is_left_out(pairs: Any) -> None:
    wrong = row(1, None, latency_histogram=pairs, poll_ns_over_time=pairs)
    wrong["p99_ns"] = "fast"
    other = row(1, None, params={"max_ns": [], "weight": {}})
    assert kinds([wrong, other]) == []
