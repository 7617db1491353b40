"""Which version of QEMU a command line makes of the daemon."""

from __future__ import annotations

import pytest

from qmp_iothreadd.testing import Client, DaemonProcess
from tests.cli.lines import parse, printed, said


def test_an_older_qemu_says_so_and_lacks_what_came_later() -> None:
    line = ("--qemu", "8.2", "-object", "iothread,id=a")
    with DaemonProcess(*line) as daemon, Client.connect(daemon.path) as client:
        greeting = client.negotiate()["QMP"]
        assert greeting["version"]["qemu"] == {"major": 8, "minor": 2, "micro": 0}
        assert greeting["capabilities"] == ["oob"]
        (info,) = client.execute("query-iothreads")
        assert "poll-weight" not in info
        wanted = {"qom-type": "iothread", "id": "b", "poll-weight": 4}
        reply = client.request("object-add", wanted)
    assert reply["error"]["desc"] == "Parameter 'poll-weight' is unexpected"


def test_what_came_later_is_no_option_either() -> None:
    line = ("--qemu", "8.2", "-object", "iothread,id=a,poll-weight=4")
    assert "Invalid parameter 'poll-weight'" in said(*line)
    assert "Invalid parameter 'poll-weight'" in said(*line[2:], *line[:2])


def test_a_greeting_of_its_own() -> None:
    words = "version=9.2.2,package= (Debian,, 1:9.2),capabilities="
    with DaemonProcess("--greeting", words) as daemon, Client.connect(daemon.path) as client:
        greeting = client.negotiate()["QMP"]
    assert greeting["version"]["qemu"] == {"major": 9, "minor": 2, "micro": 2}
    assert greeting["version"]["package"] == " (Debian, 1:9.2)"
    assert greeting["capabilities"] == []


def test_the_greeting_says_more_than_the_version() -> None:
    assert parse("--qemu", "2.11.1").schema.version == (2, 11, 1)
    config = parse("--greeting", "capabilities=oob:new", "--greeting", "package=x")
    assert config.greeting == {"capabilities": ["oob", "new"], "package": "x"}


def test_the_version_is_that_one() -> None:
    assert printed("--qemu", "8.2", "-version")[1].startswith("QEMU emulator version 8.2.0 (")


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--qemu", "8", "'8' is no version of QEMU: say \"8.2\""),
        ("--qemu", "version=8.2", "'version=8.2' is no version of QEMU: say \"8.2\""),
        ("--qemu", "1.0", "QEMU '1.0' is older than 2.7"),
        (
            "--qemu",
            "12.0",
            "take an older one, or have only the greeting say another version, with "
            "--greeting version=",
        ),
        ("--greeting", "version=x", "'x' is no version of QEMU"),
        ("--greeting", "name=x", "Parameter 'name' is unexpected"),
        ("--greeting", "version.a=x", "Invalid parameter type for 'version', expected: string"),
        ("--greeting", "help", "Help is not available for this option"),
    ],
)
def test_what_is_no_version_or_greeting_is_refused(option: str, text: str, message: str) -> None:
    assert f"{option} {text}: " in said(option, text)
    assert message in said(option, text)
