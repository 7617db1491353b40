"""Words of the command line that commands share."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
from collections.abc import Callable, Mapping

from qmp_iothreadd.iothread._engine import AT_END
from qmp_iothreadd.lab import corpus, specs
from qmp_iothreadd.lab._lab import ARRIVALS, POLICIES
from qmp_iothreadd.lab.device import DEVICES, KINDS
from qmp_iothreadd.lab.load import PRESETS, Costs, Load
from qmp_iothreadd.lab.params import NUMBERS, Params
from qmp_iothreadd.lab.policies import is_policy
from qmp_iothreadd.lab.specs import ARRIVAL_OPTIONS
from qmp_iothreadd.lab.traces import Trace


def _numbers(text: str) -> list[int]:
    try:
        return [int(each) for each in text.split(",")]
    except ValueError:
        message = f"expected integers with commas between, not {text!r}"
        raise argparse.ArgumentTypeError(message) from None


def _policies(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if not is_policy(name)]:
        known = ", ".join(POLICIES)
        message = f"{unknown[0]!r} is no policy: choose of {known}, or name a C file"
        raise argparse.ArgumentTypeError(message)
    return names


def _presets(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in PRESETS]:
        message = f"{unknown[0]!r} is no preset: choose of {', '.join(PRESETS)}"
        raise argparse.ArgumentTypeError(message)
    return names


def add_sets(parser: argparse.ArgumentParser, lists: Mapping[str, list[int]] | None = None) -> None:
    """The lists of values whose combinations are tried, by default ``lists``; `sets` reads them."""
    group = parser.add_argument_group("parameter sets: every combination of these lists")
    defaults = Params()
    for name in NUMBERS:
        values = (lists or {}).get(name, [getattr(defaults, name)])
        group.add_argument(
            f"--{name.replace('_', '-')}",
            type=_numbers,
            default=values,
            metavar="N,…",
            help=f"values in force (default: {','.join(map(str, values))})",
        )
    group.add_argument(
        "--policy",
        type=_policies,
        default=[defaults.policy],
        metavar="NAME,…",
        help=f"of {', '.join(POLICIES)}, or C files, FILE.c (default: {defaults.policy})",
    )


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Where results go besides the table; `output.write` reads them."""
    group = parser.add_argument_group("results")
    for name in ("json", "csv"):
        group.add_argument(
            f"--{name}", metavar="FILE", help=f"as {name.upper()}; -: standard output"
        )
    group.add_argument("--markdown", action="store_true", help="the table as Markdown")
    group.add_argument(
        "--html", metavar="FILE", help="as a page with plots, and beside it as JSON and CSV"
    )


_SHAPE_OPTIONS = ("queues", "depth", "think_ns", "iothreads")
_SHAPE_HELP = {
    "queues": "of an iothread, with arrivals of their own each",
    "depth": "a closed loop: so many requests of a queue at a time; 0: at the arrival's times",
    "think_ns": "in a closed loop, from the end of a request to the next one",
    "iothreads": "each with such queues, and a CPU of its own",
}


def add_load(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """What is served, and the seed; `load` reads the first, or `loads` several."""
    group = parser.add_argument_group("load: a preset, a trace, or an arrival's own options")
    defaults = Load()
    presets = ", ".join(PRESETS)
    trace = f"intervals between requests: a trace file, or {', '.join(corpus.names())}"
    if several:
        group.add_argument(
            "--preset", type=_presets, default=[], metavar="NAME,…", help=f"of {presets}"
        )
        group.add_argument("--trace", action="append", default=[], metavar="FILE", help=trace)
    else:
        group.add_argument("--preset", choices=PRESETS, help=presets)
        group.add_argument("--trace", metavar="FILE", help=trace)
    group.add_argument(
        "--at-end", choices=AT_END, help=f"of the trace (default: {defaults.at_end})"
    )
    kinds = [name for name in ARRIVALS if name not in ("trace", "phases")]
    group.add_argument("--arrival", choices=kinds, help=", ".join(kinds))
    for name, type_ in ARRIVAL_OPTIONS.items():
        group.add_argument(
            f"--{name.replace('_', '-')}",
            type=type_,
            metavar="N",
            help=f"of the arrival (default: {getattr(defaults, name)})",
        )
    group.add_argument(
        "--phase",
        type=specs.phase,
        action="append",
        metavar="ARRIVAL,OPTION=N,…,lasts-ns=N",
        help="an arrival for so long, then the next phase, over and over; give it again for each",
    )
    _add_shape(parser)
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="(default: 1)")


def add_requests(parser: argparse.ArgumentParser) -> None:
    """How much of a load is simulated."""
    parser.add_argument(
        "--requests", type=int, default=1_000_000, metavar="N", help="(default: 1000000)"
    )


def _add_shape(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what serves the load, whatever it is")
    group.add_argument(
        "--device",
        type=specs.device,
        metavar="NAME|KIND,OPTION=N,…",
        help=f"of {', '.join(DEVICES)}, or latencies (latency-ns=N) of {', '.join(KINDS)}",
    )
    for name in _SHAPE_OPTIONS:
        group.add_argument(
            f"--{name.replace('_', '-')}", type=int, metavar="N", help=_SHAPE_HELP[name]
        )


def add_costs(parser: argparse.ArgumentParser) -> None:
    """What things take in a simulation; `costs` reads it."""
    parser.add_argument(
        "--costs", metavar="FILE", help="what calibrate --json wrote (default: a virtual machine's)"
    )


def costs(options: argparse.Namespace) -> Costs | None:
    """Those that were given.

    Raises:
        ValueError, OSError: the file cannot be read, or has none.
    """
    if options.costs is None:
        return None
    from qmp_iothreadd.lab.calibrating import read_costs  # the engine comes with it

    return read_costs(options.costs)


def add_work(parser: argparse.ArgumentParser) -> None:
    """Where it is simulated."""
    group = parser.add_argument_group("work")
    group.add_argument("--jobs", type=int, metavar="N", help="threads (default: one per CPU)")
    group.add_argument("--dask", metavar="ADDRESS", help="on the workers of this Dask scheduler")


# What a policy looks at, besides max_ns; sets that differ by something else are alike.
_USES: dict[str, tuple[str, ...]] = {"legacy": ("grow", "shrink"), "fixed": (), "clairvoyant": ()}


def sets(options: argparse.Namespace) -> list[Params]:
    """Every combination that is asked for, without those that a policy cannot tell apart.

    Raises:
        ValueError: out of range.
    """
    lists = options.policy, options.max_ns, options.grow, options.shrink, options.weight
    found: dict[tuple[object, ...], Params] = {}
    for policy, max_ns, grow, shrink, weight in itertools.product(*lists):
        params = Params(max_ns, grow, shrink, weight, policy)
        used = _USES.get(policy, ("grow", "shrink", "weight"))
        found.setdefault((policy, max_ns, *(getattr(params, name) for name in used)), params)
    return list(found.values())


def load(options: argparse.Namespace, record: Callable[[], Trace] | None = None) -> Load:
    """The load that is asked for.

    Args:
        record: makes the trace that --monitor asks for, once the other words are known to fit it.

    Raises:
        ValueError: words that exclude each other, or out of range. OSError: of the trace.
    """
    names = ("device", *_SHAPE_OPTIONS)
    shape = {name: value for name in names if (value := getattr(options, name)) is not None}
    return dataclasses.replace(_arrivals(options, record), **shape)


def _arrivals(options: argparse.Namespace, record: Callable[[], Trace] | None) -> Load:
    given = ["monitor"] if record else []
    words = ("preset", "trace", "arrival", "phase")
    given += [name for name in words if getattr(options, name) is not None]
    if len(given) > 1:
        raise ValueError(f"--{given[0]} and --{given[1]} exclude each other")
    values = {
        name: value for name in ARRIVAL_OPTIONS if (value := getattr(options, name)) is not None
    }
    if values and given not in ([], ["arrival"]):
        name = next(iter(values)).replace("_", "-")
        raise ValueError(f"--{name} is for --arrival, not for --{given[0]}")
    is_trace = record or options.trace is not None
    if options.at_end and not is_trace:
        raise ValueError("--at-end is for --trace")
    if is_trace:
        trace = record() if record else Trace.load(options.trace)
        return Load("trace", intervals=trace.intervals, at_end=options.at_end or AT_END[0])
    if options.phase:
        return Load("phases", phases=tuple(options.phase))
    if options.preset:
        return PRESETS[options.preset]
    return Load(options.arrival or Load().arrival, **values)


def loads(options: argparse.Namespace) -> dict[str, Load]:
    """Each preset and each trace that is asked for, by name, or else the arrival.

    Raises:
        ValueError, OSError: as `load`.
    """
    asked = [("preset", name) for name in options.preset]
    asked += [("trace", path) for path in options.trace]
    found: dict[str, Load] = {}
    for word, name in dict.fromkeys(asked) or [("preset", None)]:
        values = {**vars(options), "preset": None, "trace": None, word: name}
        if word == "preset" and options.trace:
            values["at_end"] = None  # it is for the traces
        made = load(argparse.Namespace(**values))
        label = name or str(made)
        found[f"{word} {label}" if label in found else label] = made  # as the corpus has presets'
    return found
