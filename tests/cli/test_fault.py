"""--fault: the words of x-fault-add on the command line."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.cli import parse
from qmp_iothreadd.cli.command_line import Finished
from qmp_iothreadd.errors import Error
from qmp_iothreadd.scripting.fault_kinds import KINDS


def read(*faults: str) -> list[dict[str, Any]]:
    options = [option for fault in faults for option in ("--fault", fault)]
    config, _ = parse(["qmp", "-nodefaults", *options])
    return [fault.words for fault in config.faults]


def test_a_fault_is_described_by_words_or_in_json() -> None:
    drop, delay = read(
        "drop,command=query-status,nth=2,at=5", '{"kind": "delay", "seconds": 2, "on": "event"}'
    )
    assert drop == {
        "kind": "drop",
        "command": "query-status",
        "nth": 2,
        "at": 5,
        "on": "reply",
        "when": "after",
    }
    assert delay == {"kind": "delay", "seconds": 2.0, "on": "event", "when": "after"}


def test_nested_words_and_commas() -> None:
    (fault,) = read("unknown-event,name=X_A,data.a=1,,2,probability=0.5,count=3")
    assert fault["data"] == {"a": "1,2"}
    assert (fault["probability"], fault["count"]) == (0.5, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nope", "There is no fault 'nope'; there are drop, lose, "),
        ("", "Parameter 'kind' is missing"),
        ("drop,nth=x", "Parameter 'nth' expects integer"),
        ("drop,seconds=1", "Parameter 'seconds' is unexpected"),
        ("delay,seconds=-1", "Parameter 'seconds' expects a number from 0 to 3600"),
        ('{"kind": "drop", "at": "1"}', "expects uint64"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, message: str) -> None:
    with pytest.raises(Error, match=message):
        read(text)


def test_help_has_all_kinds_and_their_words() -> None:
    with pytest.raises(Finished) as told:
        read("help")
    lines = told.value.text.splitlines()
    for kind in KINDS:
        assert any(line.startswith(f"  {kind}: ") for line in lines)
    assert any(
        line.startswith("      distribution=constant|uniform|exponential|lognormal - ")
        for line in lines
    )
    assert any(line.startswith("      monitor=<str> - only on the monitor") for line in lines)
