"""The command line: what it asks for, and what QEMU says of it."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd import cli
from qmp_iothreadd.cli.options import all_options
from qmp_iothreadd.daemon import daemon
from qmp_iothreadd.daemon.config import ChardevConfig, Config, MonitorConfig
from qmp_iothreadd.daemon.default_socket import default_socket_path
from qmp_iothreadd.daemon.reporter import Reporter
from qmp_iothreadd.errors import LocatedError, QmpError
from tests.cli.lines import BASE, parse, printed, said
from tests.recordings import scenarios

# -- What QEMU 11.1 said ---------------------------------------------------------------------------


def recorded(category: str) -> list[Any]:
    return [
        pytest.param(scenario, id=scenario["name"])
        for scenario in scenarios()
        if scenario["category"] == category
    ]


@pytest.mark.parametrize("scenario", recorded("cli-error"))
def test_refusals_are_the_recorded_ones(scenario: dict[str, Any]) -> None:
    expected = re.sub(r"^qemu-system-x86_64: ", "prog: ", scenario["stderr"])
    if scenario["args"][-1].endswith("poll-weight=64"):
        # Well-formed: it is the iothread that refuses, when it is created.
        assert parse(*scenario["args"]).objects[0].values["poll-weight"] == 64
    else:
        assert said(*scenario["args"]) == expected


@pytest.mark.parametrize("scenario", recorded("cli"))
def test_recorded_command_lines_are_accepted(scenario: dict[str, Any]) -> None:
    parse(*scenario["args"])


# -- Order of complaints ---------------------------------------------------------------------------


def test_unknown_options_and_missing_arguments_come_first() -> None:
    assert said("-uuid", "x", "-foo") == "prog: -foo: invalid option\n"
    assert said("-object", "nope", "-name") == "prog: -name: requires an argument\n"
    assert said("-h", "--foo=3") == "prog: --foo=3: invalid option\n"
    assert said("--") == "prog: --: invalid option\n"
    assert said("-") == "prog: -: invalid option\n"


def test_then_options_complain_in_their_order() -> None:
    assert "-uuid x" in said("-uuid", "x", "-object", "nope")
    assert "-object nope" in said("-object", "nope", "-uuid", "x")


def test_monitors_complain_last_after_objects_were_made() -> None:
    """The error is kept for the daemon, which creates objects before it opens monitors."""
    config, _ = cli.parse(["prog", *BASE, "-chardev", "foo", "-object", "iothread,id=a"])
    assert len(config.objects) == 1
    assert config.backend_error is not None
    assert (
        config.reporter.format_error(config.backend_error)
        == "prog: -chardev foo: chardev: no id specified\n"
    )


def test_a_word_that_is_no_option_is_a_disk(tmp_path: Path) -> None:
    image = str(tmp_path / "disk.img")
    (disk,) = parse(image, "-S").blocks
    (first,) = parse("-hda", image).blocks
    assert disk.pairs == first.pairs
    assert disk.location == image


# -- The machine and the process -------------------------------------------------------------------


def test_plain_options() -> None:
    config = parse(
        *(
            "-S",
            "-daemonize",
            "-pidfile",
            "/run/p",
            "-uuid",
            "12345678-1234-1234-1234-123456789ABC",
        ),
        *("-D", "/tmp/log", "-trace", "poll_grow", "-d", "trace:poll_*,guest_errors"),
        *("-trace", "enable=poll_add,events=/tmp/events,file=/tmp/other"),
    )
    assert config.start_stopped
    assert config.daemonize
    assert config.pidfile == "/run/p"
    assert config.uuid == "12345678-1234-1234-1234-123456789abc"
    assert [trace.text for trace in config.traces] == ["poll_grow", "poll_add", "poll_*"]
    assert config.trace_files == ["/tmp/events"]
    assert config.log_file == "/tmp/other"


def test_own_options_have_effect_wherever_they_stand(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(
        "{ 'enum': 'Type', 'data': ['x-thing'] }"
        "{ 'struct': 'Thing', 'data': { '*n': 'int', "
        "'*m': {'type': 'int', 'if': 'CONFIG_M'} } }"
        "{ 'union': 'ObjectOptions', 'base': {'qom-type': 'Type', 'id': 'str'},"
        " 'discriminator': 'qom-type', 'data': { 'x-thing': 'Thing' } }"
        "{ 'command': 'object-add', 'boxed': true, 'data': 'ObjectOptions' }"
    )
    wanted = ("-object", "x-thing,id=a,n=1,m=2")
    config = parse(*wanted, "--schema", str(schema), "--schema-define", "CONFIG_M")
    assert config.objects[0].values == {"qom-type": "x-thing", "id": "a", "n": 1, "m": 2}
    assert config.schema.path == str(schema)
    assert config.schema.defines == {"CONFIG_M"}
    assert "Invalid parameter 'm'" in said(*wanted, "--schema", str(schema))


def test_a_bad_schema_is_located(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text("{ 'struct': 'Thing' }")
    assert f"{schema}:1: " in said("-object", "x,id=a", "--schema", str(schema))
    missing = tmp_path / "missing.json"
    assert str(missing) in said("-object", "x,id=a", "--schema", str(missing))


def test_own_switches() -> None:
    assert parse().polling
    config = parse(
        *("--stub-missing", "--check-replies", "--multi-client", "--no-polling"),
        *("--metrics", "[::1]:9"),
    )
    assert config.check_replies
    assert (config.stub_missing, config.multi_client, config.polling) == (True, True, False)
    assert config.metrics_address == "[::1]:9"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["-name", "guest1"], "guest1"),
        (["-name", "guest=g2,debug-threads=on"], "g2"),
        (["-name", "a", "-name", "b"], "b"),
        (["-name", "a", "-name", "process=x"], "a"),
        (["-name", "a,,b"], "a,b"),
        (["-name", ""], None),
        (["-name", "guest="], ""),
        (["-name", "help"], "help"),
        ([], None),
    ],
)
def test_name(arguments: list[str], name: str | None) -> None:
    assert parse(*arguments).name == name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-uuid", "x"], "-uuid x: failed to parse UUID string: wrong format"),
        (["-name", "a=b"], "-name a=b: Invalid parameter 'a'"),
        (["-name", "a,id=3"], "-name a,id=3: Invalid parameter 'id'"),
        (["-msg", "foo=1"], "-msg foo=1: Invalid parameter 'foo'"),
        (["-msg", "timestamp=x"], "-msg timestamp=x: Parameter 'timestamp' expects 'on' or 'off'"),
        (["-device", "nope"], "-device nope: 'nope' is not a valid device model name"),
        (
            ["-device", '{"driver":"e1000"}'],
            "-device {\"driver\":\"e1000\"}: No 'PCI' bus found for device 'e1000'",
        ),
        (["-append", "x"], "-append only allowed with -kernel option"),
        (
            ["-kernel", "x"],
            "The -kernel parameter is not supported (use the generic 'loader' device instead).",
        ),
        (["-machine", "none,foo"], "-machine none,foo: Expected '=' after parameter 'foo'"),
        (["-machine", "foo=bar"], "Property 'none-machine.foo' not found"),
        (["-machine", "usb=x"], "Parameter 'usb' expects 'on' or 'off'"),
        (["-smp", "x"], "Parameter 'smp.cpus' expects integer"),
        (["-smp", "2,foo=3"], "Parameter 'smp.foo' is unexpected"),
        (["-smp", "2"], "Invalid SMP CPUs 2. The max CPUs supported by machine 'none' is 1"),
        (["-rtc", "foo=1"], "-rtc foo=1: Invalid parameter 'foo'"),
    ],
)
def test_refusals_are_qemus(arguments: list[str], message: str) -> None:
    assert said(*arguments) == f"prog: {message}\n"


def test_messages_can_carry_the_time_and_the_guests_name() -> None:
    text = said("-name", "gg", "-msg", "timestamp=on,guest-name=on", "-uuid", "x")
    stamp, _, rest = text.partition(" ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", stamp)
    assert rest == "gg prog: -uuid x: failed to parse UUID string: wrong format\n"


def test_a_message_has_its_hint_on_a_line_of_its_own() -> None:
    assert Reporter("prog").format("no", "-x", hint="try yes") == "prog: -x: no\ntry yes\n"


# -- Help and defaults -----------------------------------------------------------------------------


def test_help_lists_every_documented_option() -> None:
    status, text = printed("-h")
    assert status == 0
    assert text.startswith("usage: prog ")
    documented = [name for option in all_options() for name in option.names.split()]
    assert [name for name in documented if not re.search(rf"-{name}\b", text)] == []


def test_version_begins_as_qemus_does() -> None:
    assert printed("--version")[1].startswith("QEMU emulator version 11.1.3 (qmp-iothreadd ")


def test_other_helps() -> None:
    assert printed("-machine", "help")[1].startswith("Supported machines are:\n")
    status, backends = printed("-chardev", "help")
    assert status == 0
    assert backends.startswith("Available chardev backend types: \n  ringbuf\n  serial\n")
    assert printed("-d", "help")[0] == 1
    assert printed("-d", "foo")[0] == 1


def test_without_a_monitor_there_is_a_default_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    config, _ = cli.parse(["prog"])
    path = str(tmp_path / "qmp-iothreadd.sock")
    assert config.default_socket == path
    address = {"type": "unix", "data": {"path": path}}
    backend = {"type": "socket", "data": {"addr": address, "server": True, "wait": False}}
    assert config.chardevs == [ChardevConfig("compat_monitor0", backend)]
    assert config.monitors == [MonitorConfig("compat_monitor0", "compat_monitor0", "control")]


def test_without_a_runtime_folder_the_default_socket_has_a_folder_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TMPDIR", "/var/tmp")
    for missing in ("", "relative", "/nonexistent/folder"):
        monkeypatch.setenv("XDG_RUNTIME_DIR", missing)
        assert re.fullmatch(r"/var/tmp/qmp-iothreadd-\d+/qmp\.sock", default_socket_path())


@pytest.mark.parametrize(
    "arguments",
    [["-nodefaults"], ["-qmp", "null"], ["-monitor", "none"], ["-chardev", "null,id=c"]],
)
def test_with_a_monitor_of_its_own_there_is_no_default(arguments: list[str]) -> None:
    config, _ = cli.parse(["prog", *arguments])
    assert config.default_socket is None


LIBVIRT_PROBE = (
    "-S -no-user-config -nodefaults -nographic -machine none,accel=kvm:mshv:tcg "
    "-qmp unix:/tmp/monitor.sock,server=on,wait=off -pidfile /tmp/pidfile -daemonize"
)
LIBVIRT_DOMAIN = (
    "-name guest=t1,debug-threads=on -S "
    '-object {"qom-type":"secret","id":"masterKey0","format":"raw","file":"/lib/master-key.aes"} '
    "-machine microvm,usb=off,dump-guest-core=off,memory-backend=microvm.ram,acpi=off "
    "-accel tcg -cpu qemu64 -m size=16384k "
    '-object {"qom-type":"memory-backend-ram","id":"microvm.ram","size":16777216} '
    "-overcommit mem-lock=off -smp 1,sockets=1,cores=1,threads=1 "
    '-object {"qom-type":"iothread","id":"iothread1"} '
    '-object {"qom-type":"iothread","id":"iothread2","thread-pool-min":1,"thread-pool-max":4} '
    "-uuid 11111111-2222-3333-4444-555555555555 -display none -no-user-config -nodefaults "
    "-chardev socket,id=charmonitor,fd=22,server=on,wait=off "
    "-mon chardev=charmonitor,id=monitor,mode=control -rtc base=utc -no-shutdown "
    "-boot strict=on -audiodev {'id':'audio1','driver':'none'} -global x.y=z "
    "-watchdog-action reset -sandbox on,obsolete=deny -msg timestamp=on"
)


def test_libvirts_command_lines_are_understood() -> None:
    config, _ = cli.parse(["prog", *LIBVIRT_PROBE.split()])
    assert config.daemonize
    assert config.start_stopped
    assert [monitor.id for monitor in config.monitors] == ["compat_monitor0"]
    config, _ = cli.parse(["prog", *LIBVIRT_DOMAIN.split()])
    assert config.backend_error is None
    ids = ["masterKey0", "microvm.ram", "iothread1", "iothread2"]
    assert [each.values["id"] for each in config.objects] == ids
    [chardev] = config.chardevs
    assert chardev.backend["data"]["addr"] == {"type": "fd", "data": {"str": "22"}}
    assert config.monitors == [
        MonitorConfig(
            "monitor",
            "charmonitor",
            "control",
            location="-mon chardev=charmonitor,id=monitor,mode=control",
        )
    ]
    assert (config.name, config.reporter.timestamp) == ("t1", True)


def test_parsing_imports_little() -> None:
    """The way to the first error, or to the daemon's own imports, is short."""
    code = (
        "import sys; from qmp_iothreadd import cli;"
        "cli.parse(['p', '-qmp', 'null', '-name', 'x']);"
        "heavy = {'pydantic', 'pydantic_core', 'uvloop', 'asyncio', 'argparse'};"
        "print(heavy & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_main_reports_and_returns_the_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["prog", "-foo"]) == 1
    assert capsys.readouterr().err == "prog: -foo: invalid option\n"
    assert cli.main(["prog", "-h"]) == 0
    assert capsys.readouterr().out.startswith("usage: prog")


# -- main ------------------------------------------------------------------------------------------


def test_main_says_warnings_then_serves_what_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[Config] = []

    def run(config: Config) -> int:
        served.append(config)
        return 0

    monkeypatch.setattr(daemon, "run", run)
    monkeypatch.setattr(sys, "argv", ["prog", "-nodefaults", "-object", "iothread,id=a"])
    assert cli.main() == 0
    assert capsys.readouterr().err == ""
    assert cli.main(["prog", "-nodefaults", "-chardev", "null,id=c,mux"]) == 0
    warning = "warning: short-form boolean option 'mux' deprecated\nPlease use mux=on instead\n"
    assert capsys.readouterr().err == f"prog: -chardev null,id=c,mux: {warning}"
    assert [len(config.objects) for config in served] == [1, 0]


def test_main_says_what_the_daemon_cannot_have(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(config: Config) -> int:
        raise LocatedError(QmpError("it is taken", hint="Try another."), "-qmp x")

    monkeypatch.setattr(daemon, "run", run)
    assert cli.main(["prog", "-nodefaults"]) == 1
    assert capsys.readouterr().err == "prog: -qmp x: it is taken\nTry another.\n"


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["-name", "a,?"], 1, "name options:\n  debug-threads=<bool (on/off)>\n"),
        (["-chardev", "null,help"], 1, "chardev options:\n  abstract=<bool (on/off)>\n"),
        (["-trace", "help"], 0, "poll_grow\n"),
        (["-d", "trace:help"], 0, "poll_grow\n"),
    ],
)
def test_lists_have_help(arguments: list[str], status: int, text: str) -> None:
    found = printed(*arguments)
    assert found[0] == status
    assert found[1].startswith(text)


def test_a_version_without_an_installation_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert "(qmp-iothreadd not installed)" in printed("-version")[1]


def test_what_the_system_refuses_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise error

    monkeypatch.setattr(cli, "open_standard_streams", refuse)
    error: Exception = MemoryError()
    assert cli.main(["prog"]) == 1
    assert "Cannot allocate memory" in capsys.readouterr().err
    error = ValueError("a fault of ours")
    with pytest.raises(ValueError, match=r"^a fault of ours$"):
        cli.main(["prog"])
