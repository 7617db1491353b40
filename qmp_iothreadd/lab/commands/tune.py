"""``iothread-lab tune``: the parameters for a load, what they gain and cost, how sure that is."""

from __future__ import annotations

import argparse
from typing import Any

from qmp_iothreadd.lab import monitors, output, result_files, run_words, words
from qmp_iothreadd.lab.choosing import GOALS
from qmp_iothreadd.lab.confirming import confirm_tuned
from qmp_iothreadd.lab.load import Load
from qmp_iothreadd.lab.params import Params
from qmp_iothreadd.lab.progress import progress
from qmp_iothreadd.lab.running import check_runnable
from qmp_iothreadd.lab.sweeping import Swept
from qmp_iothreadd.lab.tuning import CANDIDATES, Change, Tuned, tune

EXAMPLES = """\
examples:
  iothread-lab tune --preset lognormal
  iothread-lab tune --trace run.lab --max-p99-ns 20000        the least CPU with that p99
  iothread-lab tune --trace run.lab --apply qmp.sock --iothread io0
  iothread-lab tune --preset lognormal --confirm
  iothread-lab tune --monitor qmp.sock --seconds 10 --apply qmp.sock

The table has the Pareto front of CPU and p99, and what there is now. With --monitor or --apply that
is what is in force there, otherwise QEMU's defaults.
"""

_LEGACY_SHRINKS = [0, 2, 4]  # 0, which was the default, stands for itself there


def add(parser: argparse.ArgumentParser) -> None:
    """Its words."""
    words.add_load(parser)
    words.add_requests(parser)
    group = parser.add_argument_group("a live iothread: recorded, or set")
    group.add_argument("--monitor", metavar="ADDRESS", help="record what an iothread decides there")
    group.add_argument(
        "--seconds", type=float, default=5.0, metavar="S", help="for so long (default: 5)"
    )
    group.add_argument("--apply", metavar="ADDRESS", help="set the recommendation by this monitor")
    group.add_argument("--iothread", metavar="ID", help="which (default: the only one)")
    words.add_sets(parser, CANDIDATES)
    parser.set_defaults(policy=None, shrink=None)  # both depend on the server's
    group = parser.add_argument_group("what is wanted")
    group.add_argument(
        "--goal",
        choices=GOALS,
        help="; ".join(f"{name}: {what}" for name, what in GOALS.items())
        + " (default: balanced; with one of the limits, the other figure)",
    )
    for figure, what in (("cpu", "CPU a request"), ("p99", "p99")):
        group.add_argument(
            f"--max-{figure}-ns", type=float, metavar="NS", help=f"the longest {what} that will do"
        )
    words.add_costs(parser)
    words.add_work(parser)
    run_words.add_confirm(parser, "what is recommended and what there is now")
    words.add_outputs(parser)


def run(options: argparse.Namespace) -> None:
    """Tune, write the results, and set them where that is asked for.

    Raises:
        ValueError, OSError: what is asked for does not fit, or a file or a monitor cannot be used.
    """
    address = options.apply or options.monitor
    now = monitors.in_force(address, options.iothread) if address else None
    options.policy = options.policy or [now.params.policy if now else Params().policy]
    baseline = now.params if now else _default(options.policy[0])
    if options.apply and now:
        for policy in options.policy:
            check_runnable(Params(policy=policy))
            monitors.check_policy(now, policy)
    sets = _sets(options)
    load = _load(options, now)
    found = _tuned(load, sets, baseline, options)
    try:
        confirmed = _confirmed(found, load, options) if options.confirm else found
    except (ValueError, OSError):
        _write(found, load, options)  # it has been simulated all the same
        raise
    _write(confirmed, load, options)
    if options.apply:
        before = monitors.apply(options.apply, found.params, options.iothread)
        if not result_files.is_standard_output(options):
            print(f"{before.iothread}: set, from {before.params}")


def _default(policy: str) -> Params:
    """What QEMU has without being told: before 11.1, 0 to shrink by, which stands for itself."""
    return Params(policy=policy, shrink=0) if policy == "legacy" else Params(policy=policy)


def _sets(options: argparse.Namespace) -> list[Params]:
    found: list[Params] = []
    for policy in options.policy:
        shrinks = _LEGACY_SHRINKS if policy == "legacy" else CANDIDATES["shrink"]
        values = {"policy": [policy], "shrink": options.shrink or shrinks}
        found += words.sets(argparse.Namespace(**{**vars(options), **values}))
    return found


def _load(options: argparse.Namespace, now: monitors.InForce | None) -> Load:
    if not options.monitor or now is None:
        return words.load(options)
    from qmp_iothreadd.lab.recording import record

    return words.load(options, lambda: record(options.monitor, now.iothread, options.seconds))


def _tuned(load: Load, sets: list[Params], baseline: Params, options: argparse.Namespace) -> Tuned:
    with progress(2 * len(sets) * options.requests, "requests x sets, at most") as bar:
        return tune(
            load,
            sets,
            baseline=baseline,
            goal=options.goal,
            max_cpu_ns=options.max_cpu_ns,
            max_p99_ns=options.max_p99_ns,
            costs=words.costs(options),
            requests=options.requests,
            seed=options.seed,
            jobs=options.jobs,
            dask=options.dask,
            progress=bar,
        )


def _confirmed(found: Tuned, load: Load, options: argparse.Namespace) -> Tuned:
    with progress(2 * options.runs, "runs, at most") as bar:
        return confirm_tuned(found, load, run_words.runs(options), progress=bar)


def _write(found: Tuned, load: Load, options: argparse.Namespace) -> None:
    about: dict[str, Any] = {
        "command": "tune",
        "load": str(options.trace or options.monitor or load),
        "requests": options.requests,
        "seed": options.seed,
        **found.to_json(),
    }
    rows = [_row(each, found) for each in found.results]
    output.write(output.TUNED, rows, about, options)
    if not result_files.is_standard_output(options):
        print(_sentences(found))


def _row(result: Swept, found: Tuned) -> dict[str, Any]:
    """All are of one load, which is told once."""
    values = result.to_json()
    del values["load"]
    return {**values, "role": _role(result.params, found)}


def _role(params: Params, found: Tuned) -> str:
    roles = {found.baseline: "now", found.params: "recommended"}
    return roles.get(params, "")


def _sentences(found: Tuned) -> str:
    lines = [""]
    if found.params == found.baseline:
        lines.append(f"keep {found.params}: of {found.tried} sets none is 1 % better")
    else:
        lines.append(f"recommended: {found.params}")
        lines.append(f"instead of:  {found.baseline}")
        for name, change in found.changes._asdict().items():
            what = {"cpu": "CPU a request"}.get(name, name)
            lines.append(f"  {what:<14}{_percent(change)}")
    lines += _measured(found)
    lines.append(f"goal: {found.goal}, {GOALS[found.goal]}; of {found.tried} sets")
    lines.append(f"no other set is 1 % better in {found.confidence:.0%} of resamples")
    over = found.result(found.params)
    lines.append(
        f"who knows the future needs {_less(over.cpu_over_clairvoyant)} less CPU for the same mean"
        f" latency, or has {_less(over.latency_over_clairvoyant)} less latency for the same CPU"
    )
    return "\n".join([*lines, *(f"warning: {each}" for each in found.warnings)])


_MEASURED = {"CPU a request": "cpu_ns_per_request", "p50": "p50_ns", "p99": "p99_ns"}


def _measured(found: Tuned) -> list[str]:
    """What real iothreads say, where they were asked: the figures, and how they differ."""
    then, now = (found.result(each).measured for each in (found.params, found.baseline))
    if then is None or now is None or then is now:
        return []
    before, after = now.to_json(), then.to_json()
    flag = f", {flagged}" if (flagged := after["flagged"]) else ""
    lines = [f"  measured{flag}, in µs, with the interval of the difference:"]
    for what, name in _MEASURED.items():
        difference = then.differences[name]
        lines.append(
            f"  {what:<14}{before[name] / 1e3:.2f} to {after[name] / 1e3:.2f}"
            f" ({difference.low / 1e3:+.2f} to {difference.high / 1e3:+.2f})"
        )
    return lines


def _percent(change: Change) -> str:
    value, interval = change.value, change.interval
    return f"{value:+.1%} ({interval.low:+.1%} to {interval.high:+.1%})"


def _less(over: float | None) -> str:
    """How much less the limit is: of something that is so much over it."""
    over = max(over or 0.0, 0.0)
    return f"{over / (1 + over):.0%}"
