"""Option lists of character devices, as values of the schema's ChardevBackend."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.chardev.options import (
    BACKENDS,
    OPTION_KINDS,
    chardev_options,
    list_backends,
    parse_backend,
    parse_devices,
)
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.qapi.cache import load_schema_cached
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qom.option_lists import BOOL, NUMBER, SIZE

COMMON = {"logappend": False, "logtimestamp": False}


def parse(text: str) -> dict[str, Any]:
    options = chardev_options().parse(text, f"-chardev {text}", lambda _warning: None)
    assert options is not None
    return parse_backend(options)


def data_of(text: str) -> dict[str, Any]:
    """What a list says of its kind alone."""
    data = parse(text)["data"]
    assert COMMON.items() <= data.items()
    return {name: value for name, value in data.items() if name not in COMMON}


def refusal(text: str) -> str:
    with pytest.raises(QmpError) as caught:
        parse(text)
    return caught.value.desc


def inet(host: str, port: str, **more: Any) -> dict[str, Any]:
    return {"type": "inet", "data": {"host": host, "port": port, **more}}


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("null,id=c", {}),
        ("file,id=c,path=f", {"out": "f", "append": False}),
        ("file,id=c,path=f,input-path=g,append=on", {"in": "g", "out": "f", "append": True}),
        ("pipe,id=c,path=p", {"device": "p"}),
        ("serial,id=c,path=/dev/ttyS0", {"device": "/dev/ttyS0"}),
        ("pty,id=c", {}),
        ("pty,id=c,path=link", {"path": "link"}),
        ("stdio,id=c", {"signal": True}),
        ("stdio,id=c,signal=off", {"signal": False}),
        ("mux,id=c,chardev=b", {"chardev": "b"}),
        ("hub,id=c", {"chardevs": []}),
        ("hub,id=c,chardevs.0=a,chardevs.1=b,chardevs.3=d", {"chardevs": ["a", "b"]}),
        ("vc,id=c,width=640,height=0,rows=25", {"width": 640, "rows": 25}),
        ("vc,id=c,encoding=utf8", {"encoding": "utf8"}),
        ("ringbuf,id=c", {}),
        ("memory,id=c,size=4k", {"size": 4096}),
        ("ringbuf,id=c,size=4G", {}),  # in a C int nothing is left of it
        ("ringbuf,id=c,size=2G", {"size": -(2**31)}),
        ("qemu-vdagent,id=c,mouse=off", {"mouse": False}),
        ("spicevmc,id=c,name=vdagent", {"type": "vdagent"}),
        ("udp,id=c,port=9", {"remote": inet("localhost", "9")}),
        (
            "udp,id=c,host=h,port=9,localport=8,ipv6=off",
            {"remote": inet("h", "9", ipv6=False), "local": inet("", "8")},
        ),
        (
            "udp,id=c,port=9,localaddr=a",
            {"remote": inet("localhost", "9"), "local": inet("a", "0")},
        ),
    ],
)
def test_each_kind_takes_what_concerns_it(text: str, data: dict[str, Any]) -> None:
    assert data_of(text) == data


UNIX = {"type": "unix", "data": {"path": "s", "abstract": False, "tight": True}}


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("path=s", {"addr": UNIX, "server": False}),
        ("path=s,server=on", {"addr": UNIX, "server": True, "wait": True}),
        ("path=s,server=on,wait=off", {"addr": UNIX, "server": True, "wait": False}),
        ("path=s,wait=off", {"addr": UNIX, "server": False, "wait": False}),
        ("path=s,reconnect-ms=5", {"addr": UNIX, "server": False, "reconnect-ms": 5}),
        ("path=s,delay=on", {"addr": UNIX, "server": False, "nodelay": False}),
        ("path=s,delay=off", {"addr": UNIX, "server": False, "nodelay": True}),
        ("path=s,nodelay=on", {"addr": UNIX, "server": False, "nodelay": True}),
        ("path=s,tls-creds=t", {"addr": UNIX, "server": False, "tls-creds": "t"}),
        ("path=s,telnet=off", {"addr": UNIX, "server": False, "telnet": False}),
        ("fd=3", {"addr": {"type": "fd", "data": {"str": "3"}}, "server": False}),
        ("port=3", {"addr": {"type": "fd", "data": {"str": ""}}, "server": False}),
        ("host=h,port=p", {"addr": inet("h", "p"), "server": False}),
        ("host=h,port=1,to=65537", {"addr": inet("h", "1", to=1), "server": False}),
    ],
)
def test_a_socket_has_an_address_and_what_was_given(text: str, data: dict[str, Any]) -> None:
    assert data_of(f"socket,id=c,{text}") == data


def test_what_is_logged_is_asked_for_with_any_kind() -> None:
    text = "null,id=c,logfile=l,logappend=on,logtimestamp=on"
    data = {"logfile": "l", "logappend": True, "logtimestamp": True}
    assert parse(text) == {"type": "null", "data": data}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id=c", 'chardev: "c" missing backend'),
        ("", 'chardev: "(null)" missing backend'),
        ("tty,id=c", "'tty' is not a valid char driver name"),
        ("spiceport,id=c", "'spiceport' is not a valid char driver name"),
        ("spicevmc,id=c", "chardev: spice channel: no name given"),
        ("fd,id=c", "Parameter 'driver' expects a non-abstract device type"),
        ("null,id=c,cols=80", "chardev 'c' does not support size options"),
        ("null,id=c,encoding=utf8", "chardev 'c' does not support encoding option"),
        ("vc,id=c,encoding=latin1", "invalid parameter value: latin1"),
        ("file,id=c", "chardev: file: no filename given"),
        ("pipe,id=c", "chardev: pipe: no device path given"),
        ("serial,id=c", "chardev: serial/tty: no device path given"),
        ("parallel,id=c", "chardev: parallel: no device path given"),
        ("mux,id=c", "chardev: mux: no chardev given"),
        ("udp,id=c,host=h", "chardev: udp: remote port not specified"),
        ("socket,id=c,host=h", "chardev: socket: no port given"),
        ("socket,id=c,path=,fd=3", "None or one of 'path', 'fd' or 'host' option required."),
        (
            "socket,id=c,path=s,delay=on,nodelay=on",
            "'delay' and 'nodelay' are mutually exclusive",
        ),
        ("socket,id=c,path=s,reconnect=1", "Invalid parameter 'reconnect'"),
        ("stdio,id=c,signal=maybe", "Parameter 'signal' expects 'on' or 'off'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_qemus_words(text: str, message: str) -> None:
    assert refusal(text) == message


VALUES = {
    BOOL: st.sampled_from(["on", "off"]),
    NUMBER: st.integers(0, 2**64 - 1).map(str),
    SIZE: st.integers(0, 2**40).map(str),
}


@st.composite
def lists(draw: st.DrawFn) -> str:
    names = draw(st.lists(st.sampled_from(sorted(OPTION_KINDS.keys() - {"backend"}))))
    words = [
        f"{name}={draw(VALUES.get(OPTION_KINDS[name], st.sampled_from(['', 'a', '7'])))}"
        for name in names
    ]
    return ",".join([draw(st.sampled_from(BACKENDS)), "id=c", *words])


@given(lists())
def test_whatever_is_not_refused_is_a_value_of_the_schemas_type(text: str) -> None:
    models = Models(load_schema_cached())
    try:
        backend = parse(text)
    except QmpError:
        return
    type_ = models.schema.types["ChardevBackend"]
    assert models.validate(type_, backend) == backend


def devices_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    options = chardev_options().parse(text, "", lambda _warning: None)
    assert options is not None
    return parse_devices(options)


def test_a_mux_is_a_device_on_the_one_that_is_described() -> None:
    models = Models(load_schema_cached())
    base, mux = devices_of("stdio,id=c,mux=on")
    assert base == ("c-base", {"type": "stdio", "data": {"signal": True, **COMMON}})
    assert mux == ("c", {"type": "mux", "data": {"chardev": "c-base"}})
    assert models.validate(models.schema.types["ChardevBackend"], mux[1]) == mux[1]
    assert devices_of("null,id=c,mux=off") == [("c", {"type": "null", "data": COMMON})]


def test_a_device_has_an_id() -> None:
    with pytest.raises(QmpError, match="chardev: no id specified"):
        devices_of("tty")


def test_help_lists_the_kinds_the_other_way_round() -> None:
    lines = list_backends().splitlines()
    assert lines[0] == "Available chardev backend types: "
    assert [line.strip() for line in lines[:0:-1]] == list(BACKENDS)


def test_kinds_are_those_that_qemus_build_has() -> None:
    models = Models(load_schema_cached())
    kinds = {value.name for value in models.schema.types["ChardevBackendKind"].members}  # type: ignore[attr-defined]
    assert kinds - set(BACKENDS) == {"braille", "dbus", "spicevmc", "spiceport"}
    assert set(BACKENDS) < kinds
