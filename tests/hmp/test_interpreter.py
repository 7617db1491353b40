"""human-monitor-command, as a QMP client sees it. What is expected was recorded from QEMU."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.qapi.load import load
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.schema import Schema
from qmp_iothreadd.qmp.dispatch import Dispatcher
from qmp_iothreadd.qmp.session import Session
from qmp_iothreadd.qmp.session_protocol import IDLE

SCHEMA = Path(__file__).parents[2] / "schema" / "qapi-schema.json"


class Client:
    """A QMP client without a socket, past negotiation."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.session = Session(Dispatcher(machine))
        self.call("qmp_capabilities")

    def call(self, execute: str, **arguments: Any) -> list[dict[str, Any]]:
        """All messages that follow a request."""
        self.session.data_to_send()
        request = {"execute": execute, "arguments": arguments}
        self.session.receive_data(json.dumps(request).encode())
        while self.session.step() is not IDLE:
            pass
        return [json.loads(line) for line in self.session.data_to_send().splitlines()]

    def hmp(self, line: str) -> str:
        """What the human monitor prints."""
        text: str = self.call("human-monitor-command", **{"command-line": line})[-1]["return"]
        return text

    def close(self) -> None:
        self.session.close()
        self.machine.close()


@pytest.fixture(scope="module")
def schema() -> Schema:
    return load(str(SCHEMA))


@pytest.fixture
def client(schema: Schema) -> Iterator[Client]:
    client = Client(Machine(schema, Models(schema), name="guest1"))
    client.call("object-add", **{"qom-type": "iothread", "id": "io0"})
    yield client
    client.close()


def lines(*texts: str) -> str:
    return "".join([text + "\r\n" for text in texts])


# -- Lines that run no command --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("", ""),
        (" \t\n", ""),
        ("nosuch", "unknown command: 'nosuch'"),
        ("  nosuch x y", "unknown command: '  nosuch'"),
        ("info nosuch", "unknown command: 'info nosuch'"),
        ("  info   nosuch  x", "unknown command: '  info   nosuch'"),
        ("info/x", "unknown command: 'info'"),
        ("info /x", "unknown command: 'info '"),
        ("/", "unknown command: ''"),
        ("STOP", "unknown command: 'STOP'"),
        ("p(3)", "unknown command: 'p(3)'"),
        ("é x", "unknown command: 'é'"),
        ("a\nb", "unknown command: 'a'"),
    ],
)
def test_unknown_command_is_named_with_all_that_stands_before_it(
    client: Client, line: str, printed: str
) -> None:
    assert client.hmp(line) == (lines(printed) if printed else "")


@pytest.mark.parametrize(
    ("line", "said", "topic"),
    [
        ("object_add", "object_add: string expected", "object_add"),
        (" object_add", "object_add: string expected", " object_add"),
        ("object_del", "object_del: string expected", "object_del"),
        ('object_del "io', "object_del: string expected", "object_del"),
        (r'object_del "i\o0"', "object_del: string expected", "object_del"),
        ("object_del a b", "object_del: extraneous characters at the end of line", "object_del"),
        ("info iothreads x", "iothreads: extraneous characters at the end of line",
         "info iothreads"),
        ("s x", "stop|s: extraneous characters at the end of line", "s"),
        ("qom-get /objects/io0", "qom-get: string expected", "qom-get"),
        ("qom-set io0 poll-grow", "qom-set: string expected", "qom-set"),
        ("qom-set -x io0 poll-grow 3", "qom-set: unsupported option -x", "qom-set"),
        ("qom-set - io0", "qom-set: unsupported option - ", "qom-set"),
        ("print", "unexpected end of expression", "print"),
        ("p 1/0", "division by zero", "p"),
        ("p 1 2", "print|p: extraneous characters at the end of line", "p"),
        ("p /xz 1", "invalid char in format: 'z'", "p"),
        ("p/x0", "invalid char in format: '0'", "p"),
    ],
)  # fmt: skip
def test_refused_arguments_point_to_the_help(
    client: Client, line: str, said: str, topic: str
) -> None:
    assert client.hmp(line) == lines(said, f'Try "help {topic}" for more information')


def test_a_message_about_the_end_of_the_line_is_cut_off_there(client: Client) -> None:
    assert client.hmp("qom-set -") == (
        'qom-set: unsupported option -Try "help qom-set" for more information\r\n'
    )


def test_half_a_character_is_shown_as_a_replacement(client: Client) -> None:
    assert client.hmp("p/xé 1").startswith("invalid char in format: '\ufffd'\r\n")
    path = client.hmp("qom-list " + "é" * 600)
    assert path == lines(f"Error: Device '{'é' * 511}\ufffd' not found")


def test_nul_is_a_character_like_any_other(client: Client) -> None:
    assert client.hmp("qom-list \0x") == lines("Error: Device '\0x' not found")


@pytest.mark.parametrize("index", [0, -1, 7])
def test_there_is_no_cpu_to_choose(client: Client, index: int) -> None:
    [reply] = client.call(
        "human-monitor-command", **{"command-line": "info name", "cpu-index": index}
    )
    assert reply == {
        "error": {
            "class": "GenericError",
            "desc": "Parameter 'cpu-index' expects a CPU number",
        }
    }


# -- help -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("help object_add",
         "object_add [qom-type=]type,id=str[,prop=value][,...] -- create QOM object"),
        ("? ?", "help|? [cmd] -- show the help"),
        ("help q", "quit|q  -- quit the emulator"),
        ("help   stop  ", "stop|s  -- stop emulation"),
        ('help "stop"x', "stop|s  -- stop emulation"),
        ("help info iothreads", "info iothreads  -- show iothreads"),
        ("help nosuch", "unknown command: 'nosuch'"),
        ("help info nosuch", "unknown command: 'info nosuch'"),
        ('help info ""', "unknown command: 'info '"),
        ("info help", "unknown command: 'info help'"),
    ],
)  # fmt: skip
def test_help_about_a_command(client: Client, line: str, printed: str) -> None:
    assert client.hmp(line) == lines(printed)


def test_help_of_a_topic_that_has_no_end_or_too_many_words_is_silent(client: Client) -> None:
    assert client.hmp('help "stop') == ""
    assert client.hmp("help stop" + " x" * 15) == lines("stop|s  -- stop emulation")
    assert client.hmp("help stop" + " x" * 16) == ""


def test_help_lists_every_command_in_order_and_info_every_one_of_its_own(client: Client) -> None:
    every = client.hmp("help").split("\r\n")[:-1]
    commands = [line for line in every if not line.startswith("\t")]
    assert commands == sorted(commands)
    assert "cont|c  -- resume emulation" in commands
    assert all(" -- " in line for line in commands)
    assert client.hmp("info") == client.hmp("help info")
    assert client.hmp("info").startswith("info block ")


# -- info -----------------------------------------------------------------------------------------


def test_info_iothreads_shows_what_is_in_force(client: Client) -> None:
    client.call("qom-set", path="io0", property="poll-weight", value=0)
    reply = client.call("query-iothreads")
    thread_id = reply[0]["return"][0]["thread-id"]
    assert client.hmp("info iothreads") == lines(
        "io0:",
        f"  thread_id={thread_id}",
        "  poll-max-ns=32768",
        "  poll-grow=2",
        "  poll-shrink=2",
        "  poll-weight=3",
        "  aio-max-batch=0",
    )
    assert client.call("query-iothreads") == reply


def test_info_status_says_why_the_machine_is_paused(client: Client) -> None:
    assert client.hmp("info status") == lines("VM status: running")
    client.hmp("stop")
    assert client.hmp("info status") == lines("VM status: paused")
    client.hmp("system_reset")
    assert client.hmp("info status") == lines("VM status: paused (prelaunch)")


def test_info_about_the_guest_and_the_emulator(client: Client) -> None:
    client.machine.package = " (ours)"
    assert client.hmp("info version") == lines("11.1.3 (ours)")
    assert client.hmp("info name") == lines("guest1")
    assert client.hmp("info uuid") == lines("00000000-0000-0000-0000-000000000000")
    assert client.hmp("info kvm") == lines("kvm support: disabled")
    assert client.hmp("info block -v") == ""
    assert client.hmp("info cpus") == ""
    assert client.hmp("info block-jobs") == lines("No active jobs")
    assert client.hmp("info history") == ""
    client.machine.name = None
    assert client.hmp("info name") == ""


def test_info_chardev_lists_addresses(client: Client) -> None:
    from qmp_iothreadd.machine.chardevs import ChardevNull

    client.machine.tree.chardevs.add_child("c0", ChardevNull(client.machine.types["chardev-null"]))
    assert client.hmp("info chardev") == lines("c0: filename=null")


def test_info_qom_tree_sorts_children(client: Client) -> None:
    client.hmp("object_add iothread,id=a")
    assert client.hmp("info qom-tree /objects") == lines(
        "/objects (container)", "  /a (iothread)", "  /io0 (iothread)"
    )
    assert client.hmp("info qom-tree io0") == lines("/io0 (iothread)")
    assert client.hmp("info qom-tree").startswith("/ (container)\r\n  /chardevs (container)\r\n")
    assert client.hmp("info qom-tree nope") == lines("Path 'nope' could not be resolved.")
    assert client.hmp('info qom-tree ""') == lines("Path '' could not be resolved.")


# -- What changes something -----------------------------------------------------------------------


def names(messages: list[dict[str, Any]]) -> list[str]:
    return [message.get("event", "return") for message in messages]


@pytest.mark.parametrize(
    ("setup", "line", "events"),
    [
        ("cont", "stop", ["STOP"]),
        ("stop", "s", []),
        ("stop", "cont", ["RESUME"]),
        ("cont", "c", []),
        ("cont", "system_reset", ["RESET"]),
        ("cont", "system_powerdown", ["POWERDOWN"]),
        ("cont", "quit", ["SHUTDOWN"]),
        ("cont", "q", ["SHUTDOWN"]),
    ],
)
def test_events_come_before_the_return(
    client: Client, setup: str, line: str, events: list[str]
) -> None:
    client.hmp(setup)
    messages = client.call("human-monitor-command", **{"command-line": line})
    assert names(messages) == [*events, "return"]
    assert messages[-1]["return"] == ""


def test_quit_is_a_shutdown_by_the_host(client: Client) -> None:
    event, _ = client.call("human-monitor-command", **{"command-line": "quit"})
    assert event["data"] == {"guest": False, "reason": "host-qmp-quit"}


def test_wakeup_is_refused(client: Client) -> None:
    assert client.hmp("system_wakeup") == lines(
        "Error: wake-up from suspend is not supported by this guest"
    )


HINT = "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter."


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("iothread", ["Parameter 'id' is missing"]),
        ("iothread,id=io0",
         ["attempt to add duplicate property 'io0' to object (type 'container')"]),
        ("iothread,id=1x", ["Parameter 'id' expects an identifier", HINT]),
        ("iothread,id=x ", ["Parameter 'id' expects an identifier", HINT]),
        ("iothread,id=x,poll-weight=64", ["poll-weight value must be in range [0, 63]"]),
        ("iothread,id=x,poll-weight=5x", ["Parameter 'poll-weight' expects integer"]),
        ("iothread,id=x,poll-weight=", ["Parameter 'poll-weight' expects integer"]),
        ("iothread,id=x,poll-max-ns=1k", ["Parameter 'poll-max-ns' expects integer"]),
        ("iothread,id=x,foo=1", ["Parameter 'foo' is unexpected"]),
        ("iothread,id", ["Expected '=' after parameter 'id'"]),
        ("iothread,id=x,poll-grow.a=1", ["Parameters 'poll-grow.*' are unexpected"]),
        ("nope,id=x", ["Parameter 'qom-type' does not accept value 'nope'"]),
        (",", ["Invalid parameter ''"]),
        ('{"qom-type": "iothread", "id": 2}',
         ["Invalid parameter type for 'id', expected: string"]),
        ('{"qom-type": "iothread", "id": "x"} y', ["Expecting at most one JSON value"]),
    ],
)  # fmt: skip
def test_object_add_refuses(client: Client, options: str, said: list[str]) -> None:
    assert client.hmp(f"object_add {options}") == lines(f"Error: {said[0]}", *said[1:])
    assert [thread.name for thread in client.machine.iothreads()] == ["io0"]


@pytest.mark.parametrize(
    "options",
    [
        "iothread,id=x,poll-grow=010",
        "id=x,qom-type=iothread,poll-grow=7,poll-grow=0x8",
        "iothread,id=x,poll-grow= 8",
        '{"qom-type": "iothread", "id": "x", "poll-grow": 8}',
    ],
)
def test_object_add_and_object_del(client: Client, options: str) -> None:
    assert client.hmp(f"object_add {options}") == ""
    assert client.hmp("qom-get /objects/x poll-grow") == lines("8")
    assert client.hmp('object_del "x"') == ""
    assert client.hmp("object_del x") == lines("Error: object 'x' not found")


def test_object_add_lists_types_and_their_properties(client: Client) -> None:
    types = client.hmp("object_add help").split("\r\n")
    assert types[:3] == ["List of user creatable objects:", "  iothread", "  main-loop"]
    assert types[1:-1] == sorted(types[1:-1])
    for options in ("?", "nope,help", "id=x,help"):
        assert client.hmp(f"object_add {options}").split("\r\n") == types
    properties = client.hmp("object_add iothread,help").split("\r\n")
    assert properties[0] == "iothread options:"
    assert properties[1:-1] == sorted(properties[1:-1])
    assert "  poll-weight=<int>" in properties


def test_object_del_keeps_what_must_stay(client: Client) -> None:
    from qmp_iothreadd.machine.monitors import MonitorHMP, MonitorQMP

    for name, cls in (("compat_monitor0", MonitorQMP), ("compat_monitor1", MonitorHMP)):
        client.machine.tree.objects.add_child(name, cls(client.machine.types[cls.qom_name]))
    assert client.hmp("object_del compat_monitor0") == lines(
        "Error: Cannot delete the current QMP monitor"
    )
    assert client.hmp("object_del compat_monitor1") == lines(
        "Error: Deleting HMP monitors is not supported"
    )


# -- qom-* ----------------------------------------------------------------------------------------


def test_qom_list(client: Client) -> None:
    assert client.hmp("qom-list") == lines("/")
    assert client.hmp("qom-list /objects") == lines("type (string)", "io0 (child<iothread>)")
    assert client.hmp("qom-list /nope") == lines("Error: Device '/nope' not found")
    assert client.hmp('qom-list ""') == lines("Error: Path '' is ambiguous")


def test_qom_get_prints_json(client: Client) -> None:
    assert client.hmp("qom-get io0 poll-weight") == lines("3")
    assert client.hmp("qom-get\tio0\ttype") == lines('"iothread"')
    assert client.hmp('qom-get "/objects""io0"') == lines('"/objects/io0"')
    assert client.hmp("qom-get io0 nope") == lines("Error: Property 'iothread.nope' not found")
    assert client.hmp("qom-get nope x") == lines("Error: Device 'nope' not found")


def test_qom_get_spreads_dictionaries_over_lines(client: Client) -> None:
    from qmp_iothreadd.machine.chardevs import ChardevSocket

    made = ChardevSocket(client.machine.types["chardev-socket"])
    made.address = {"type": "unix", "path": "/run/a b"}
    client.machine.tree.chardevs.add_child("c0", made)
    assert client.hmp("qom-get c0 addr") == lines(
        "{", '    "path": "/run/a b",', '    "type": "unix"', "}"
    )


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ("io0 poll-grow 3", 3),
        ("io0 poll-grow 0x10", 16),
        ("io0 poll-grow 010", 8),
        ("-j io0 poll-grow 5", 5),
        ("-jio0 poll-grow 5", 5),
        ("-j io0 poll-grow  6 ", 6),
        ("io0 poll-grow +9223372036854775807", 2**63 - 1),
    ],
)
def test_qom_set(client: Client, arguments: str, value: int) -> None:
    assert client.hmp(f"qom-set {arguments}") == ""
    assert client.hmp("qom-get io0 poll-grow") == lines(str(value))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("io0 poll-grow x", "Parameter 'poll-grow' expects int64"),
        ('io0 poll-grow "3"', "Parameter 'poll-grow' expects int64"),
        ("io0 poll-grow 3 ", "Parameter 'poll-grow' expects int64"),
        ("io0 poll-grow 9223372036854775808", "Parameter 'poll-grow' expects int64"),
        ("io0 poll-grow -1", "poll-grow value must be in range [0, 9223372036854775807]"),
        ("io0 type x", "Property 'iothread.type' is not writable"),
        ("io0 nope x", "Property 'iothread.nope' not found"),
        ("nope nope x", "Device 'nope' not found"),
        ('-j io0 poll-grow "9"', "Invalid parameter type for 'poll-grow', expected: integer"),
        ("-j io0 poll-grow true", "Invalid parameter type for 'poll-grow', expected: integer"),
        ("-j io0 poll-grow 3 4", "Expecting at most one JSON value"),
        ("-j io0 poll-grow x", "1:1: JSON parse error, invalid keyword 'x'"),
    ],
)
def test_qom_set_refuses(client: Client, arguments: str, said: str) -> None:
    assert client.hmp(f"qom-set {arguments}") == lines(f"Error: {said}")
    assert client.hmp("qom-get io0 poll-grow") == lines("2")


# -- print ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("print 1+2", "0x3"),
        ("p 0x10*3", "0x30"),
        ("p -1", "0xffffffffffffffff"),
        ("p/x 0", "0"),
        ("p/o 10", "012"),
        ("p/o 0", "0"),
        ("p/u -1", "18446744073709551615"),
        ("p/d -1", "-1"),
        ("p/i 65", "65"),
        ("p/c 65", "'A'"),
        ("p/c 10", r"'\n'"),
        ("p/c 39", r"'\''"),
        ("p/c 92", r"'\\'"),
        ("p/c 0", r"'\x00'"),
        ("p/c 200", r"'\xc8'"),
        ("p/c -1", r"'\xffffffff'"),
        ("p/5bx 7", "0x7"),
        ("p /xd 12", "12"),
        ("print/99999999999999999999x 7", "0x7"),
    ],
)
def test_print(client: Client, line: str, printed: str) -> None:
    assert client.hmp(line) == lines(printed)


def test_print_keeps_the_format_that_was_asked_for_last(client: Client) -> None:
    assert client.hmp("p 10") == lines("0xa")
    client.hmp("p/d +")  # the expression is refused, the format stays
    assert client.hmp("p 10") == lines("10")
    assert client.hmp("p/ 10") == lines("10")
    assert client.hmp("p/w 10") == lines("10")
