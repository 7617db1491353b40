"""--fleet: one command line for many machines, each with its number in it."""

from __future__ import annotations

import os

import pytest

from qmp_iothreadd.daemon.config import Config, FleetConfig
from qmp_iothreadd.errors import LocatedError
from tests.cli.lines import parse, said

THREE = ("--fleet", "3", "--socket-dir", "/run/x")
UUID = "ffffffff-ffff-ffff-ffff-fffffffffffe"


def fleet_of(*arguments: str) -> FleetConfig:
    fleet = parse(*THREE, *arguments).fleet
    assert fleet is not None
    return fleet


def machines(*arguments: str) -> list[Config]:
    fleet = fleet_of(*arguments)
    return [fleet.machine(number) for number in range(fleet.count)]


def test_each_machine_has_a_monitor_of_its_own() -> None:
    found = machines("-qmp", "null")
    assert [each.monitors[0].id for each in found] == ["compat_monitor0"] * 3
    assert [len(each.monitors) for each in found] == [2] * 3
    assert [each.chardevs[0].backend["data"]["addr"]["data"]["path"] for each in found] == [
        f"/run/x/{number}.sock" for number in range(3)
    ]


def test_a_folder_may_have_a_comma() -> None:
    fleet = parse("--fleet", "2", "--socket-dir", "/a,b").fleet
    assert fleet is not None
    [monitor] = fleet.machine(1).chardevs
    assert monitor.backend["data"]["addr"]["data"]["path"] == "/a,b/1.sock"


def test_its_number_stands_where_the_option_has_a_place_for_it() -> None:
    found = machines("-object", "iothread,id=io{n},poll-max-ns={n}", "--guest-delay", "1{n}")
    assert [each.objects[0].values for each in found] == [
        {"qom-type": "iothread", "id": f"io{number}", "poll-max-ns": number} for number in range(3)
    ]
    assert [each.guest_delay_ms for each in found] == [10, 11, 12]


def test_machines_share_no_state_but_the_schema() -> None:
    first, second, _ = machines("-object", "iothread,id=io0")
    assert first.objects[0].values is not second.objects[0].values
    assert first.schema.models() is second.schema.models()


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ((), ["vm0", "vm1", "vm2"]),
        (("-name", "web"), ["web-0", "web-1", "web-2"]),
        (("-name", "guest=a{n}b"), ["a0b", "a1b", "a2b"]),
    ],
)
def test_names(arguments: tuple[str, ...], names: list[str]) -> None:
    assert [each.name for each in machines(*arguments)] == names


def test_uuids_are_the_same_at_each_start_and_no_two_are() -> None:
    found = [each.uuid for each in machines()]
    assert len({*found}) == 3
    assert found == [each.uuid for each in machines()]
    assert found != [each.uuid for each in machines("-name", "other")]


def test_uuids_count_from_the_one_that_is_asked_for() -> None:
    assert [each.uuid for each in machines("-uuid", UUID)] == [
        UUID,
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "00000000-0000-0000-0000-000000000000",
    ]
    numbered = "00000000-0000-0000-0000-00000000000{n}"
    assert [each.uuid for each in machines("-uuid", numbered)] == [
        numbered.replace("{n}", str(number)) for number in range(3)
    ]


def test_the_process_is_what_the_first_machine_asks_for() -> None:
    config = parse(*THREE, "-pidfile", "/run/{n}.pid")
    assert config.pidfile == "/run/0.pid"


@pytest.mark.parametrize("address", ["unix:/run/y,server=on,wait=off", "stdio"])
def test_a_monitor_that_has_no_number_is_the_first_ones(address: str) -> None:
    first, second, third = machines("-qmp", address, "-qmp", "null")
    assert [len(each.monitors) for each in (first, second, third)] == [3, 2, 2]
    assert [len(each.chardevs) for each in (first, second, third)] == [3, 2, 2]


# -- Refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["0", "-1", "x", "", "100001", "1.5"])
def test_no_number_of_machines(text: str) -> None:
    assert said("--fleet", text, "--socket-dir", "/x") == (
        f"prog: --fleet {text}: expected a number of machines from 1 to 100000, not '{text}'\n"
    )


def test_the_options_need_each_other() -> None:
    assert said("--fleet", "2") == (
        "prog: --fleet needs --socket-dir DIR\nMachine N is then on the socket DIR/N.sock.\n"
    )
    assert said("--socket-dir", "/x") == (
        "prog: --socket-dir needs --fleet N\nOne machine's socket is named by -qmp unix:PATH,...\n"
    )
    assert said("--fleet-event", "RTC_CHANGE,every=1,data.offset=1,data.qom-path=/x") == (
        "prog: --fleet-event needs --fleet N\n"
    )


@pytest.mark.parametrize(
    "option",
    [
        ("-chardev", "file,id=log,path=/tmp/log"),
        ("-chardev", "pipe,id=p,path=/tmp/pipe"),
        ("-chardev", "socket,id=s,host=localhost,port=7000,server=on"),
        ("--transcript", "/tmp/said"),
    ],
)
def test_what_two_machines_cannot_have(option: tuple[str, str]) -> None:
    assert said(*THREE, *option) == (
        f"prog: '{' '.join(option)}' would be the same for all machines of the fleet\n"
        "Put {n} where its name is to have the machine's number.\n"
    )


@pytest.mark.parametrize(
    "option",
    [
        ("-qmp", "unix:/run/y{n},server=on,wait=off"),
        ("-qmp", "tcp:localhost:700{n},server=on,wait=off"),
        ("-chardev", "socket,id=s,path=/run/collector,server=off"),
        ("-chardev", "null,id=n"),
        ("-chardev", "pty,id=p"),
        ("-chardev", "ringbuf,id=r"),
        ("--transcript", "/tmp/said-{n}"),
    ],
)
def test_what_they_can_have(option: tuple[str, str]) -> None:
    assert len(machines(*option)) == 3


def test_ports_of_boards_are_looked_at_too() -> None:
    text = said("-machine", "q35", *THREE, "-serial", "file:/tmp/log")
    assert "'-serial file:/tmp/log' would be the same for all machines" in text


def test_descriptors_are_for_one_machine() -> None:
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)
    try:
        assert said(*THREE, "-add-fd", f"fd={reading},set=1") == (
            "prog: -add-fd is for one machine, and cannot be used with --fleet\n"
        )
    finally:
        os.close(reading)
        os.close(writing)


def test_what_is_wrong_with_one_machine_is_said_of_its_option() -> None:
    assert said(*THREE, "-object", "iothread,id=io0,poll-max-ns={n}x") == (
        "prog: -object iothread,id=io0,poll-max-ns=0x: "
        "Parameter 'poll-max-ns' expects an int64 value\n"
    )
    fleet = fleet_of("-object", "iothread,id=io{n},poll-weight=1{n}")
    assert fleet.machine(2).objects
    with pytest.raises(LocatedError) as raised:
        fleet.machine(1 << 70)
    assert raised.value.location.startswith("-object iothread,id=io1180591620717411303424,")
