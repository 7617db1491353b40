"""--fleet-event: which event, with which data, how often."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qmp_iothreadd.daemon.fleet_events import FleetEvent
from tests.cli.lines import parse, said

FLEET = ("--fleet", "2", "--socket-dir", "/run/x", "--fleet-event")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RESUME,every=10", FleetEvent("RESUME", None, 10.0)),
        ("every=0.5,event=STOP", FleetEvent("STOP", None, 0.5)),
        ("BALLOON_CHANGE,every=1,data.actual=7", FleetEvent("BALLOON_CHANGE", {"actual": 7}, 1.0)),
        ({"event": "STOP", "every": 2}, FleetEvent("STOP", None, 2.0)),
        (
            {"event": "BALLOON_CHANGE", "every": 2.5, "data": {"actual": 7}},
            FleetEvent("BALLOON_CHANGE", {"actual": 7}, 2.5),
        ),
    ],
)
def test_read(text: Any, expected: FleetEvent) -> None:
    fleet = parse(*FLEET, text if isinstance(text, str) else json.dumps(text)).fleet
    assert fleet is not None
    assert fleet.events == [expected]


SECONDS = "Parameter 'every' expects seconds from 0.1 to 86400"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("every=1", "Parameter 'event' is missing"),
        ("NOPE,every=1", "the schema has no event 'NOPE'"),
        ('{"event": 5, "every": 1}', "the schema has no event '5'"),
        ("STOP", "Parameter 'every' is missing"),
        ("STOP,every=x", SECONDS),
        ("STOP,every=0", SECONDS),
        ("STOP,every=nan", SECONDS),
        ("STOP,every=86401", SECONDS),
        ('{"event": "STOP", "every": true}', SECONDS),
        ('{"event": "STOP", "every": "1x"}', SECONDS),
        ("STOP,every=1,data.x=1", "Parameter 'data' is unexpected"),
        ("STOP,every=1,often=on", "Parameter 'often' is unexpected"),
        ("BALLOON_CHANGE,every=1", "Parameter 'actual' is missing"),
        ("BALLOON_CHANGE,every=1,data.actual=x", "Parameter 'actual' expects integer"),
        ('{"event": "BALLOON_CHANGE", "every": 1}', "Parameter 'data.actual' is missing"),
        ("help", "Help is not available for this option"),
        ('{"event":', "1:10: JSON parse error, premature end of input"),
    ],
)
def test_refusals(text: str, reason: str) -> None:
    assert said(*FLEET, text) == f"prog: --fleet-event {text}: {reason}\n"
