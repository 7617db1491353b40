"""Words that describe a phase or a device: ``KIND,OPTION=N,…``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from qmp_iothreadd.lab.device import DEVICES, KINDS, Device
from qmp_iothreadd.lab.load import Load
from qmp_iothreadd.lab.traces import Trace

ARRIVAL_OPTIONS: dict[str, type[int] | type[float]] = {
    "interval_ns": int,
    "sigma": float,
    "on_ns": int,
    "off_ns": int,
    "slow_ns": int,
    "slow_share": float,
    "shape": float,
}
_PHASE_OPTIONS = {**ARRIVAL_OPTIONS, "lasts_ns": int}
_DEVICE_OPTIONS: dict[str, Callable[[str], Any]] = {
    "latency_ns": int,
    "sigma": float,
    "slow_ns": int,
    "slow_share": float,
    "shape": float,
    "file": lambda path: Trace.load(path).intervals,
}


def _spec(text: str, options: Mapping[str, Callable[[str], Any]]) -> tuple[str, dict[str, Any]]:
    kind, *words = text.split(",")
    values = {}
    for word in words:
        name, _, value = word.partition("=")
        read = options.get(name.replace("-", "_"))
        if read is None:
            known = ", ".join(f"{name.replace('_', '-')}=N" for name in options)
            raise argparse.ArgumentTypeError(f"{word!r} is none of {known}")
        try:
            values[name.replace("-", "_")] = read(value)
        except (ValueError, OSError) as error:
            raise argparse.ArgumentTypeError(f"{word}: {error}") from None
    return kind, values


def phase(text: str) -> tuple[Load, int]:
    """``ARRIVAL,OPTION=N,…,lasts-ns=N``: a load, and how long it lasts.

    Raises:
        ArgumentTypeError: it is something else.
    """
    kind, values = _spec(text, _PHASE_OPTIONS)
    lasts_ns = values.pop("lasts_ns", None)
    if lasts_ns is None:
        raise argparse.ArgumentTypeError(f"{text!r} lacks lasts-ns=N")
    try:
        return Load(kind, **values), lasts_ns
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def device(text: str) -> Device:
    """One of DEVICES by its name, or a distribution: ``KIND,OPTION=N,…``, ``table,file=FILE``.

    Raises:
        ArgumentTypeError: it is something else.
    """
    if text in DEVICES:
        return DEVICES[text]
    kind, values = _spec(text, _DEVICE_OPTIONS)
    if kind not in KINDS:
        message = f"{kind!r} is no device: choose of {', '.join((*DEVICES, *KINDS))}"
        raise argparse.ArgumentTypeError(message)
    table = values.pop("file", None)
    try:
        return Device(kind=kind, table=table, **values)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
