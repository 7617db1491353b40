"""The command line of ``iothread-lab``."""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence
from typing import Any

from qmp_iothreadd.lab import output
from qmp_iothreadd.lab._lab import ARRIVALS, POLICIES
from qmp_iothreadd.lab.load import PRESETS, Load
from qmp_iothreadd.lab.params import NUMBERS, Params
from qmp_iothreadd.lab.replaying import replay
from qmp_iothreadd.lab.simulating import simulate
from qmp_iothreadd.lab.traces import Trace

_EXAMPLES = """\
examples:
  iothread-lab simulate --preset lognormal --weight 1,2,3,4 --policy weighted,clairvoyant
  iothread-lab simulate --arrival exponential --interval-ns 50000 --max-ns 8000,32768 --json -
  iothread-lab import trace.log run.lab        a log of x_aio_adjust, kept small
  iothread-lab replay --trace run.lab --weight 1,2,3
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 1 with a message where something does not fit."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, OSError) as error:
        print(f"iothread-lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="iothread-lab",
        description="Which parameters of adaptive polling for which load.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, run, add, help_ in (
        ("simulate", _simulate, _add_load, "a load under parameter sets, in virtual time"),
        ("replay", _replay, _add_trace, "recorded iterations under other parameters"),
    ):
        command = commands.add_parser(name, help=help_, description=help_)
        command.set_defaults(run=run, command=name)
        add(command)
        _add_sets(command)
        _add_outputs(command)
    command = commands.add_parser("import", help="a log or a list of intervals as a trace file")
    command.add_argument("source", help="a log with x_aio_adjust, or a number of ns per line")
    command.add_argument("target", help="the trace file to write")
    command.set_defaults(run=_import)
    return parser


# -- Words that commands share ---------------------------------------------------------------------


def _numbers(text: str) -> list[int]:
    try:
        return [int(each) for each in text.split(",")]
    except ValueError:
        message = f"expected integers with commas between, not {text!r}"
        raise argparse.ArgumentTypeError(message) from None


def _policies(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in POLICIES]:
        message = f"{unknown[0]!r} is no policy: choose of {', '.join(POLICIES)}"
        raise argparse.ArgumentTypeError(message)
    return names


def _add_sets(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("parameter sets: every combination of these lists")
    defaults = Params()
    for name in NUMBERS:
        value = getattr(defaults, name)
        group.add_argument(
            f"--{name.replace('_', '-')}",
            type=_numbers,
            default=[value],
            metavar="N,…",
            help=f"values in force (default: {value})",
        )
    group.add_argument(
        "--policy",
        type=_policies,
        default=[defaults.policy],
        metavar="NAME,…",
        help=f"of {', '.join(POLICIES)} (default: {defaults.policy})",
    )


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("results")
    for name in ("json", "csv"):
        group.add_argument(
            f"--{name}", metavar="FILE", help=f"as {name.upper()}; -: standard output"
        )


_ARRIVAL_OPTIONS = {"interval_ns": int, "sigma": float, "on_ns": int, "off_ns": int}


def _add_load(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("load: a preset, a trace, or an arrival's own options")
    defaults = Load()
    group.add_argument("--preset", choices=PRESETS, help=", ".join(PRESETS))
    group.add_argument("--trace", metavar="FILE", help="intervals between requests, over and over")
    kinds = [name for name in ARRIVALS if name != "trace"]
    group.add_argument("--arrival", choices=kinds, help=", ".join(kinds))
    for name, type_ in _ARRIVAL_OPTIONS.items():
        group.add_argument(
            f"--{name.replace('_', '-')}",
            type=type_,
            metavar="N",
            help=f"of the arrival (default: {getattr(defaults, name)})",
        )
    parser.add_argument(
        "--requests", type=int, default=1_000_000, metavar="N", help="(default: 1000000)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="(default: 1)")


def _add_trace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--trace", metavar="FILE", required=True, help="a trace file, or a log of x_aio_adjust"
    )


# What a policy looks at, besides max_ns; sets that differ by something else are alike.
_USES: dict[str, tuple[str, ...]] = {"legacy": ("grow", "shrink"), "fixed": (), "clairvoyant": ()}


def _sets(options: argparse.Namespace) -> list[Params]:
    lists = options.policy, options.max_ns, options.grow, options.shrink, options.weight
    sets: dict[tuple[object, ...], Params] = {}
    for policy, max_ns, grow, shrink, weight in itertools.product(*lists):
        params = Params(max_ns, grow, shrink, weight, policy)
        used = _USES.get(policy, ("grow", "shrink", "weight"))
        sets.setdefault((policy, max_ns, *(getattr(params, name) for name in used)), params)
    return list(sets.values())


def _load(options: argparse.Namespace) -> Load:
    given = [name for name in ("preset", "trace", "arrival") if getattr(options, name)]
    if len(given) > 1:
        raise ValueError(f"--{given[0]} and --{given[1]} exclude each other")
    values = {
        name: value for name in _ARRIVAL_OPTIONS if (value := getattr(options, name)) is not None
    }
    if values and given not in ([], ["arrival"]):
        name = next(iter(values)).replace("_", "-")
        raise ValueError(f"--{name} is for --arrival, not for --{given[0]}")
    if options.trace:
        return Load("trace", intervals=Trace.load(options.trace).intervals)
    if options.preset:
        return PRESETS[options.preset]
    return Load(options.arrival or Load().arrival, **values)


# -- Commands --------------------------------------------------------------------------------------


def _simulate(options: argparse.Namespace) -> None:
    load = _load(options)
    found = simulate(load, _sets(options), requests=options.requests, seed=options.seed)
    about: dict[str, Any] = {
        "command": "simulate",
        "load": str(options.trace or load),
        "requests": options.requests,
        "seed": options.seed,
    }
    output.write(output.SIMULATED, [each.to_json() for each in found], about, options)


def _replay(options: argparse.Namespace) -> None:
    trace = Trace.load(options.trace)
    found = replay(trace.intervals, trace.events, _sets(options), handlers=trace.handlers)
    about = {"command": "replay", "trace": options.trace, "handlers": trace.handlers}
    output.write(output.REPLAYED, [each.to_json() for each in found], about, options)


def _import(options: argparse.Namespace) -> None:
    trace = Trace.load(options.source)
    trace.save(options.target)
    print(f"{options.target}: {len(trace)} steps of {trace.handlers} handlers")
