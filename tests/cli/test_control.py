"""--control and --respond: a monitor that scripts the others, and what is scripted at once."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd.cli import CommandLineError, parse as parse_line
from qmp_iothreadd.daemon.config import Config
from qmp_iothreadd.errors import LocatedError


def parse(*arguments: str) -> Config:
    return parse_line(["prog", *arguments])[0]


def told(config: Config) -> dict[str, Any]:
    """What the last socket is told, but for its address."""
    data = config.chardevs[-1].backend["data"]
    assert data["addr"]["data"]["path"] == "/c"
    return {name: data[name] for name in ("server", "wait", "reconnect-ms") if name in data}


def test_a_monitor_listens_beside_those_that_are_there() -> None:
    config = parse("-qmp", "null", "--control", "unix:/c")
    assert [(each.id, each.chardev, each.mode) for each in config.monitors] == [
        ("compat_monitor0", "compat_monitor0", "control"),
        ("control", "control", "control"),
    ]
    assert config.control == ["control"]
    assert told(config) == {"server": True, "wait": False}


def test_the_default_monitor_is_there_as_without() -> None:
    config = parse("--control", "unix:/c")
    assert [each.id for each in config.monitors] == ["compat_monitor0", "control"]
    assert config.default_socket is not None
    assert len(config.objects) == 2


def test_a_socket_does_what_it_is_told() -> None:
    config = parse("--control", "unix:/c,server=off,reconnect-ms=1000")
    assert told(config) == {"server": False, "reconnect-ms": 1000}
    config = parse("--control", "unix:/c,wait=on")
    assert told(config) == {"server": True, "wait": True}


def test_other_devices_do_and_there_may_be_several() -> None:
    config = parse("-chardev", "null,id=a", "--control", "chardev:a", "--control", "null")
    assert [(each.id, each.chardev) for each in config.monitors[-2:]] == [
        ("control", "a"),
        ("control1", "control1"),
    ]
    assert config.control == ["control", "control1"]


def test_what_is_no_place_is_refused() -> None:
    config = parse("--control", "nope")
    assert isinstance(config.backend_error, LocatedError)
    assert config.backend_error.location == "--control nope"
    assert config.backend_error.also.startswith("'nope' is no place for a monitor: unix:PATH")


def test_files_of_responses_are_noted_with_their_options() -> None:
    config = parse("--respond", "a", "--respond", "b")
    assert [(each.path, each.location) for each in config.responses] == [
        ("a", "--respond a"),
        ("b", "--respond b"),
    ]


@pytest.mark.parametrize("option", ["--control", "--respond"])
def test_an_argument_is_needed(option: str) -> None:
    with pytest.raises(CommandLineError, match="requires an argument"):
        parse(option)
