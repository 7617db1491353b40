"""Character devices and monitors on the command line."""

from __future__ import annotations

from typing import Any

import pytest

from qmp_iothreadd import cli
from qmp_iothreadd.daemon.config import Config


def parse(*arguments: str) -> Config:
    config, _ = cli.parse(["prog", "-nodefaults", *arguments])
    assert config.backend_error is None
    return config


def said(*arguments: str) -> str:
    try:
        config, warnings = cli.parse(["prog", "-nodefaults", *arguments])
    except cli.CommandLineError as error:
        return error.text
    assert config.backend_error is not None
    return warnings + config.reporter.format_error(config.backend_error)


COMMON = {"logappend": False, "logtimestamp": False}


def devices(config: Config) -> dict[str, dict[str, Any]]:
    """The character devices that a command line asks for: their backends, by id."""
    return {chardev.id: chardev.backend for chardev in config.chardevs}


def unix(path: str, **data: Any) -> dict[str, Any]:
    address = {"path": path, "abstract": False, "tight": True}
    return {"addr": {"type": "unix", "data": address}, **data}


def inet(host: str, port: str, **data: Any) -> dict[str, Any]:
    return {"addr": {"type": "inet", "data": {"host": host, "port": port}}, **data}


def fd(number: str, **data: Any) -> dict[str, Any]:
    return {"addr": {"type": "fd", "data": {"str": number}}, **data}


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("unix:/s,server=on,wait=off", unix("/s", server=True, wait=False)),
        ("unix:/s,server,nowait", unix("/s", server=True, wait=False)),
        ("unix:/s,server=on", unix("/s", server=True, wait=True)),
        ("unix:/s,server,wait=on", unix("/s", server=True, wait=True)),
        ("unix:/s", unix("/s", server=False)),
        ("unix:/a,,b", unix("/a,b", server=False)),
        ("unix:/s,path=/t", unix("/t", server=False)),
        ("unix:/s,reconnect-ms=30", unix("/s", server=False) | {"reconnect-ms": 30}),
        ("tcp:127.0.0.1:4444", inet("127.0.0.1", "4444", server=False)),
        ("tcp::0,server=on,wait=off", inet("", "0", server=True, wait=False)),
        ("stdio", {"signal": True}),
        ("null", {}),
    ],
)
def test_qmp_makes_a_chardev_and_a_monitor(text: str, data: dict[str, Any]) -> None:
    config = parse("-qmp", text)
    [chardev] = config.chardevs
    assert chardev.id == "compat_monitor0"
    assert chardev.backend["data"] == data | COMMON
    assert chardev.location == f"-qmp {text}"
    [monitor] = config.monitors
    assert (monitor.id, monitor.chardev) == ("compat_monitor0", "compat_monitor0")
    assert (monitor.mode, monitor.pretty) == ("control", False)


@pytest.mark.parametrize(
    ("text", "kind", "data"),
    [
        ("socket,id=c,path=/s,server=on,wait=off", "socket", unix("/s", server=True, wait=False)),
        ("socket,id=c,fd=7,server=on,wait=off", "socket", fd("7", server=True, wait=False)),
        ("socket,id=c,fd=7", "socket", fd("7", server=False)),
        ("socket,id=c,host=::1,port=9,port=http", "socket", inet("::1", "http", server=False)),
        ("backend=null,id=c", "null", {}),
        ("stdio,id=c,signal=off", "stdio", {"signal": False}),
        # What does not go together is found when the device opens.
        ("socket,id=c,path=/s,wait=off", "socket", unix("/s", server=False, wait=False)),
    ],
)
def test_chardev(text: str, kind: str, data: dict[str, Any]) -> None:
    assert devices(parse("-chardev", text)) == {"c": {"type": kind, "data": data | COMMON}}


def test_a_mux_is_a_second_device() -> None:
    config = parse("-monitor", "mon:stdio")
    assert [chardev.id for chardev in config.chardevs] == [
        "compat_monitor0-base",
        "compat_monitor0",
    ]
    base, mux = devices(config).values()
    assert base == {"type": "stdio", "data": {"signal": False, **COMMON}}
    assert mux == {"type": "mux", "data": {"chardev": "compat_monitor0-base"}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("-chardev foo", "chardev: no id specified"),
        ("-chardev id=c", 'chardev: "c" missing backend'),
        ("-chardev foo,id=c", "'foo' is not a valid char driver name"),
        ("-chardev null,id=9", None),
        (
            "-chardev socket,id=c,path=/x,host=h",
            "None or one of 'path', 'fd' or 'host' option required.",
        ),
        ("-chardev socket,id=c,host=h", "chardev: socket: no port given"),
        ("-chardev socket,id=c,path=/x,reconnect=1", "Invalid parameter 'reconnect'"),
        (
            "-chardev socket,id=c,path=/x,reconnect-ms=x",
            "Parameter 'reconnect-ms' expects a number",
        ),
        ("-chardev socket,id=c,path=/x,server=x", "Parameter 'server' expects 'on' or 'off'"),
        ("-chardev socket,id=c,path=/x,foo=x", "Invalid parameter 'foo'"),
        ("-chardev null,id=c,cols=80", "chardev 'c' does not support size options"),
    ],
)
def test_refusals_name_the_option(arguments: str, message: str | None) -> None:
    wanted = message or (
        "Parameter 'id' expects an identifier\n"
        "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter."
    )
    assert said(*arguments.split(" ", 1)) == f"prog: {arguments}: {wanted}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("-chardev null,id=c", "-chardev null,id=c: Duplicate ID 'c' for chardev"),
    ],
)
def test_refusals_where_chardev_c_exists(arguments: str, message: str) -> None:
    assert said("-chardev", "null,id=c", *arguments.split()) == f"prog: {message}\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("foo", "'foo' is not a valid char driver"),
        ("unix", "'unix' is not a valid char driver"),
        ("mon:foo", "'foo' is not a valid char driver"),
        ("unix:/x,foo=1", "Invalid parameter 'foo'"),
        ("unix:/x,server=x", "Parameter 'server' expects 'on' or 'off'"),
        ("tcp:h:1,bar=2", "Invalid parameter 'bar'"),
    ],
)
def test_a_malformed_device_is_said_twice(text: str, reason: str) -> None:
    assert (
        said("-qmp", text)
        == f"prog: -qmp {text}: {reason}\nprog: -qmp {text}: parse error: {text}\n"
    )


@pytest.mark.parametrize("text", ["tcp:", "tcp:foo"])
def test_a_tcp_address_without_a_port_is_a_parse_error(text: str) -> None:
    assert said("-qmp", text) == f"prog: -qmp {text}: parse error: {text}\n"


def test_short_forms_are_warned_of_only_in_chardev() -> None:
    _, warnings = cli.parse(["prog", "-qmp", "unix:/x,server,nowait"])
    assert warnings == ""
    _, warnings = cli.parse(["prog", "-chardev", "socket,id=c,path=/x,server,nowait"])
    assert warnings.count("deprecated") == 2
    assert "\nPlease use wait=off instead\n" in warnings
