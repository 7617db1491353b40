"""human-monitor-command, as a QMP client sees it. What is expected was recorded from QEMU."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from qmp_iothreadd.hmp.completion import completions
from qmp_iothreadd.hmp.interpreter import execute
from qmp_iothreadd.hmp.line_context import LineContext
from qmp_iothreadd.testing import MemoryClient
from qmp_iothreadd.testing.memory import make_machine
from tests.monitors import human_monitor


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    machine = make_machine(name="guest1")
    with contextlib.closing(machine), MemoryClient(machine) as client:
        client.negotiate()
        client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
        yield client


def request(line: str) -> dict[str, Any]:
    return {"execute": "human-monitor-command", "arguments": {"command-line": line}}


def hmp(client: MemoryClient, line: str) -> str:
    """What the human monitor prints."""
    text: str = client.exchange(request(line))["return"]
    return text


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
    client: MemoryClient, line: str, printed: str
) -> None:
    assert hmp(client, line) == (lines(printed) if printed else "")


def test_before_the_machine_is_there_few_commands_are(client: MemoryClient) -> None:
    client.machine.preconfig = True

    def said(line: str) -> str:
        return execute(LineContext(client.session), line)

    wanting = "Command '{}' not available until machine initialization has completed.\n"
    assert said("info qtree") == wanting.format("info qtree")
    assert said("cont") == wanting.format("cont")
    assert said("help cont") == "unknown command: 'cont'\n"
    assert "\nquit|q " in said("help")
    assert "\nstop|s " not in said("help")
    assert "\ninfo status " in said("info")
    assert "\ninfo block " not in said("info")
    assert completions(client.machine, "co") == ("co", [])
    assert said("exit_preconfig") == ""
    assert said("info qtree").startswith("bus: main-system-bus\n")
    assert completions(client.machine, "con") == ("con", ["cont"])


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
    client: MemoryClient, line: str, said: str, topic: str
) -> None:
    assert hmp(client, line) == lines(said, f'Try "help {topic}" for more information')


def test_a_message_about_the_end_of_the_line_is_cut_off_there(client: MemoryClient) -> None:
    assert hmp(client, "qom-set -") == (
        'qom-set: unsupported option -Try "help qom-set" for more information\r\n'
    )


def test_half_a_character_is_shown_as_a_replacement(client: MemoryClient) -> None:
    assert hmp(client, "p/xé 1").startswith("invalid char in format: '\ufffd'\r\n")
    path = hmp(client, "qom-list " + "é" * 600)
    assert path == lines(f"Error: Device '{'é' * 511}\ufffd' not found")


def test_nul_is_a_character_like_any_other(client: MemoryClient) -> None:
    assert hmp(client, "qom-list \0x") == lines("Error: Device '\0x' not found")


@pytest.mark.parametrize("index", [0, -1, 7])
def test_there_is_no_cpu_to_choose(client: MemoryClient, index: int) -> None:
    arguments = {"command-line": "info name", "cpu-index": index}
    assert client.request("human-monitor-command", arguments) == {
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
def test_help_about_a_command(client: MemoryClient, line: str, printed: str) -> None:
    assert hmp(client, line) == lines(printed)


def test_help_of_a_topic_that_has_no_end_or_too_many_words_is_silent(client: MemoryClient) -> None:
    assert hmp(client, 'help "stop') == ""
    assert hmp(client, "help stop" + " x" * 15) == lines("stop|s  -- stop emulation")
    assert hmp(client, "help stop" + " x" * 16) == ""


def test_help_lists_every_command_in_order_and_info_every_one_of_its_own(
    client: MemoryClient,
) -> None:
    every = hmp(client, "help").replace("\r\n[", " [").split("\r\n")[:-1]
    commands = [line for line in every if not line.startswith("\t")]
    assert commands == sorted(commands)
    assert "cont|c  -- resume emulation" in commands
    assert all(" -- " in line for line in commands)
    assert hmp(client, "info") == hmp(client, "help info")
    assert hmp(client, "info").startswith("info accel ")


# -- info -----------------------------------------------------------------------------------------


def test_info_iothreads_shows_what_is_in_force(client: MemoryClient) -> None:
    client.execute("qom-set", {"path": "io0", "property": "poll-weight", "value": 0})
    (iothread,) = client.execute("query-iothreads")
    assert hmp(client, "info iothreads") == lines(
        "io0:",
        f"  thread_id={iothread['thread-id']}",
        "  poll-max-ns=32768",
        "  poll-grow=2",
        "  poll-shrink=2",
        "  poll-weight=3",
        "  aio-max-batch=0",
    )
    assert client.execute("query-iothreads") == [iothread]


def test_info_status_says_why_the_machine_is_paused(client: MemoryClient) -> None:
    assert hmp(client, "info status") == lines("VM status: running")
    hmp(client, "stop")
    assert hmp(client, "info status") == lines("VM status: paused")
    hmp(client, "system_reset")
    assert hmp(client, "info status") == lines("VM status: paused (prelaunch)")


def test_info_about_the_guest_and_the_emulator(client: MemoryClient) -> None:
    client.machine.package = " (ours)"
    assert hmp(client, "info version") == lines("11.1.3 (ours)")
    assert hmp(client, "info name") == lines("guest1")
    assert hmp(client, "info uuid") == lines("00000000-0000-0000-0000-000000000000")
    assert hmp(client, "info kvm") == lines("kvm support: disabled")
    assert hmp(client, "info block -v") == ""
    assert hmp(client, "info cpus") == ""
    assert hmp(client, "info block-jobs") == lines("No active jobs")
    assert hmp(client, "info history") == ""
    client.machine.name = None
    assert hmp(client, "info name") == ""


def test_info_chardev_lists_addresses(client: MemoryClient) -> None:
    made = client.machine.chardevs.make("c0", {"type": "null", "data": {}})
    client.machine.tree.chardevs.add_child("c0", made)
    assert hmp(client, "info chardev") == lines(
        "c0: filename=null", "compat_monitor0: filename=disconnected:unix:in memory,server=on"
    )


MACHINE_TREE = [
    "/machine (none-machine)",
    "  /peripheral (container)",
    "  /peripheral-anon (container)",
    "  /unattached (container)",
    "    /io[0] (memory-region)",
    "    /sysbus (System)",
    "    /system[0] (memory-region)",
]


def test_info_qom_tree_sorts_children(client: MemoryClient) -> None:
    hmp(client, "object_add iothread,id=a")
    assert hmp(client, "info qom-tree /objects") == lines(
        "/objects (container)",
        "  /a (iothread)",
        "  /compat_monitor0 (monitor-qmp)",
        "  /io0 (iothread)",
    )
    assert hmp(client, "info qom-tree io0") == lines("/io0 (iothread)")
    assert hmp(client, "info qom-tree /") == lines(
        "/ (container)",
        "  /audiodevs (container)",
        "  /backend (container)",
        "  /chardevs (container)",
        "    /compat_monitor0 (chardev-socket)",
        *(f"  {line}" for line in MACHINE_TREE),
        "  /objects (container)",
        "    /a (iothread)",
        "    /compat_monitor0 (monitor-qmp)",
        "    /io0 (iothread)",
    )
    assert hmp(client, "info qom-tree") == lines(*MACHINE_TREE)
    assert hmp(client, "qom-list /machine/peripheral") == lines("type (string)")
    assert hmp(client, "info qom-tree nope") == lines("Path 'nope' could not be resolved.")
    assert hmp(client, 'info qom-tree ""') == lines("Path '' could not be resolved.")


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
    client: MemoryClient, setup: str, line: str, events: list[str]
) -> None:
    hmp(client, setup)
    messages = client.send(request(line))
    assert names(messages) == [*events, "return"]
    assert messages[-1]["return"] == ""


def test_quit_is_a_shutdown_by_the_host(client: MemoryClient) -> None:
    event, _ = client.send(request("quit"))
    assert event["data"] == {"guest": False, "reason": "host-qmp-quit"}


def test_wakeup_is_refused(client: MemoryClient) -> None:
    assert hmp(client, "system_wakeup") == lines(
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
def test_object_add_refuses(client: MemoryClient, options: str, said: list[str]) -> None:
    assert hmp(client, f"object_add {options}") == lines(f"Error: {said[0]}", *said[1:])
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
def test_object_add_and_object_del(client: MemoryClient, options: str) -> None:
    assert hmp(client, f"object_add {options}") == ""
    assert hmp(client, "qom-get /objects/x poll-grow") == lines("8")
    assert hmp(client, 'object_del "x"') == ""
    assert hmp(client, "object_del x") == lines("Error: object 'x' not found")


def test_object_add_needs_the_command_in_the_served_schema(
    client: MemoryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = client.machine.schema  # which is shared
    lacking = {name: each for name, each in schema.commands.items() if name != "object-add"}
    monkeypatch.setattr(schema, "commands", lacking)
    printed = hmp(client, "object_add iothread,id=io1")
    assert printed == lines("Error: The command object-add has not been found")


def test_object_add_lists_types_and_their_properties(client: MemoryClient) -> None:
    types = hmp(client, "object_add help").split("\r\n")
    assert types[0] == "List of user creatable objects:"
    assert types[1:-1] == sorted(types[1:-1])
    assert {"  iothread", "  main-loop"} < set(types)
    for options in ("?", "nope,help", "id=x,help"):
        assert hmp(client, f"object_add {options}").split("\r\n") == types
    properties = hmp(client, "object_add iothread,help").split("\r\n")
    assert properties[0] == "iothread options:"
    assert properties[1:-1] == sorted(properties[1:-1])
    assert "  poll-weight=<int>" in properties


def test_object_del_keeps_what_must_stay(client: MemoryClient) -> None:
    client.machine.tree.objects.add_child("compat_monitor1", human_monitor(client.machine))
    assert hmp(client, "object_del compat_monitor0") == lines(
        "Error: Cannot delete the current QMP monitor"
    )
    assert hmp(client, "object_del compat_monitor1") == lines(
        "Error: Deleting HMP monitors is not supported"
    )


# -- qom-* ----------------------------------------------------------------------------------------


def test_qom_list(client: MemoryClient) -> None:
    assert hmp(client, "qom-list") == lines("/")
    assert hmp(client, "qom-list /objects") == lines(
        "type (string)", "io0 (child<iothread>)", "compat_monitor0 (child<monitor-qmp>)"
    )
    assert hmp(client, "qom-list /nope") == lines("Error: Device '/nope' not found")
    assert hmp(client, 'qom-list ""') == lines("Error: Path '' is ambiguous")


def test_qom_get_prints_json(client: MemoryClient) -> None:
    assert hmp(client, "qom-get io0 poll-weight") == lines("3")
    assert hmp(client, "qom-get\tio0\ttype") == lines('"iothread"')
    assert hmp(client, 'qom-get "/objects""io0"') == lines('"/objects/io0"')
    assert hmp(client, "qom-get io0 nope") == lines("Error: Property 'iothread.nope' not found")
    assert hmp(client, "qom-get nope x") == lines("Error: Device 'nope' not found")


def test_qom_get_spreads_dictionaries_over_lines(client: MemoryClient) -> None:
    address = {"type": "unix", "data": {"path": "/run/a b"}}
    made = client.machine.chardevs.make("c0", {"type": "socket", "data": {"addr": address}})
    client.machine.tree.chardevs.add_child("c0", made)
    assert hmp(client, "qom-get c0 addr") == lines(
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
def test_qom_set(client: MemoryClient, arguments: str, value: int) -> None:
    assert hmp(client, f"qom-set {arguments}") == ""
    assert hmp(client, "qom-get io0 poll-grow") == lines(str(value))


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
def test_qom_set_refuses(client: MemoryClient, arguments: str, said: str) -> None:
    assert hmp(client, f"qom-set {arguments}") == lines(f"Error: {said}")
    assert hmp(client, "qom-get io0 poll-grow") == lines("2")


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
def test_print(client: MemoryClient, line: str, printed: str) -> None:
    assert hmp(client, line) == lines(printed)


def test_print_keeps_the_format_that_was_asked_for_last(client: MemoryClient) -> None:
    assert hmp(client, "p 10") == lines("0xa")
    hmp(client, "p/d +")  # the expression is refused, the format stays
    assert hmp(client, "p 10") == lines("10")
    assert hmp(client, "p/ 10") == lines("10")
    assert hmp(client, "p/w 10") == lines("10")
