"""The command line of `scripts/bench-fleet`."""

from __future__ import annotations

import argparse
import contextlib
import resource
import sys
import time
from collections.abc import Sequence

from benchlib.figures import Figure
from benchlib.terminal import table

from fleetbench.clients import clients_of
from fleetbench.fleet import FleetProcess, fleet_process
from qmp_iothreadd.testing import Fleet


def row(figure: Figure) -> tuple[str, str, str]:
    """What the table says of it."""
    median, unit = figure.median, figure.unit
    number = f"{median:,.0f}" if median >= 1000 else f"{median:.3g}"
    wanted = figure.wanted(lambda limit: f"{limit:g} {unit}", missed="✗ missed")
    return figure.name, f"{number} {unit}", wanted


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print. Returns the exit status: 1 where a limit is missed, 2 without a fleet."""
    parser = argparse.ArgumentParser(
        "scripts/bench-fleet",
        description="How long many machines in one process take to start, what memory they use, "
        "and how soon a client of each is answered when all ask at once.",
    )
    parser.add_argument("--machines", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--iothreads", type=int, default=2, help="of each (2)")
    parser.add_argument("--runs", type=int, default=3, help="how often (3)")
    parser.add_argument("--rounds", type=int, default=20, help="questions to each in a run (20)")
    parser.add_argument("--idle", type=float, default=2.0, help="seconds in which nobody asks (2)")
    options = parser.parse_args(arguments)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    figures = _figures(options.machines, options.iothreads)
    try:
        for _ in range(options.runs):
            with fleet_process(options.machines, options.iothreads) as fleet:
                _measure(fleet, options.rounds, options.idle, figures)
            figures["in process"].values.append(_start_in_process(options))
    except RuntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    size = f"{options.machines:,} machines with {options.iothreads} iothreads"
    head, rows = (size, f"median of {options.runs}", "wanted"), map(row, figures.values())
    print(table(head, list(rows), markdown=True))
    return int(not all(each.is_met for each in figures.values()))


def _figures(machines: int, iothreads: int) -> dict[str, Figure]:
    """The rows, without values; what is wanted is for the size of the issue, and in proportion."""
    share = machines / 1000
    return {
        "start": Figure("`--fleet`: start until all are served", [], "s", 5 * share),
        "in process": Figure("`with Fleet(n)` in a test: start", [], "s", 5 * share),
        "resident": Figure("resident memory, thread stacks included", [], "MB", 150 * share),
        "share": Figure("… its proportional share (PSS)", [], "MB"),
        "connected": Figure("… with a client of each connected", [], "MB", 150 * share),
        "threads": Figure("threads", [], ""),
        "idle": Figure("CPU while nobody asks", [], "%"),
        "p50": Figure("all ask query-iothreads at once: p50", [], "ms"),
        "p99": Figure("… p99", [], "ms", 50 * share),
        "first": Figure("… p99 of the first question ever", [], "ms", 50 * share),
        "end": Figure("SIGTERM until the process is gone", [], "s"),
    }


def _measure(fleet: FleetProcess, rounds: int, idle_s: float, figures: dict[str, Figure]) -> None:
    def add(name: str, value: float) -> None:
        figures[name].values.append(value)

    add("start", fleet.start_s)
    add("resident", fleet.resident_mb())
    add("share", fleet.share_mb())
    add("threads", fleet.threads())
    time.sleep(idle_s)  # what is loaded later is there
    before, began = fleet.cpu_s(), time.perf_counter()
    time.sleep(idle_s)
    add("idle", (fleet.cpu_s() - before) / (time.perf_counter() - began) * 100)
    with clients_of(fleet.paths) as clients:
        add("first", _percentile(clients.ask("query-iothreads"), 0.99))
        times = sorted(each for _ in range(rounds) for each in clients.ask("query-iothreads"))
        add("p50", _percentile(times, 0.5))
        add("p99", _percentile(times, 0.99))
        add("connected", fleet.resident_mb())
    add("end", fleet.end())


def _percentile(times: list[float], share: float) -> float:
    """Of sorted seconds, in milliseconds."""
    return times[min(int(len(times) * share), len(times) - 1)] * 1e3


def _start_in_process(options: argparse.Namespace) -> float:
    fleet = Fleet(options.machines, iothreads=options.iothreads)
    started = time.perf_counter()
    with contextlib.closing(fleet.start()):
        return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
