"""Character devices in short: what ``-qmp``, ``-monitor``, ``-serial`` and ``-parallel`` take.

A text like ``tcp:127.0.0.1:4444,server=on`` becomes the option list that it is short for. The part
of QEMU that shows the language is ``qemu_chr_parse_compat`` of chardev/char.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from qmp_iothreadd import errors
from qmp_iothreadd.qom.option_lists import OptionList, Options

WORDS: Final = ("null", "pty", "msmouse", "wctablet", "braille", "testdev", "stdio")
"""The texts that are just a kind's name."""

PREFIXES: Final = ("unix:", "tcp:", "telnet:", "websocket:", "tn3270:", "udp:", "file:", "pipe:")
"""How other texts begin, but for ``pty:``, ``vc``, and paths of devices."""

_HOST, _PORT = r"(?:([^:]{1,64}))?", r":([^,]{1,32})"
_REMOTE_PORT = r":([^@,]{1,32})"
_SIZE_DIGITS = r"[0-9]{1,7}"


class MalformedText(Exception):  # noqa: N818 -- an error is made of it by who knows the whole
    """The text makes no sense; QEMU has no more to say of it than that."""


def read_text(lists: OptionList, label: str, text: str, location: str) -> Options:
    """The option list, kept in ``lists``, of a device ``label`` that ``text`` describes.

    Unlike elsewhere, short-form booleans are not warned of.

    Raises:
        QmpError: what is wrong with it.
        MalformedText: something is.
    """
    options = lists.create(label, location)
    try:
        _read(lists, options, text)
    except (errors.QmpError, MalformedText):
        lists.given.remove(options)
        raise
    return options


def _read(lists: OptionList, options: Options, text: str) -> None:
    def put(name: str, value: str) -> None:
        lists.set(options, name, value)

    if text.startswith("mon:"):
        text = text.removeprefix("mon:")
        put("mux", "on")
        if text == "stdio":
            put("signal", "off")  # the keys that send signals are for who has the mux
    if text in WORDS:
        put("backend", text)
        return
    for prefix, read in _READERS.items():
        if text.startswith(prefix):
            read(lists, options, text.removeprefix(prefix), put)
            return
    for kind, prefixes in _DEVICES.items():
        if text.startswith(prefixes):
            put("backend", kind)
            put("path", text)
            return
    if text == "con:":
        put("backend", "console")
        return
    raise errors.chardev_text_unknown(text)


_Put = Callable[[str, str], None]


def _console(_lists: OptionList, _options: Options, rest: str, put: _Put) -> None:
    put("backend", "vc")
    if not rest.startswith(":"):
        return
    for names, unit in ((("width", "height"), ""), (("cols", "rows"), "C")):
        # What follows the second number is not looked at.
        found = re.match(rf":({_SIZE_DIGITS}){unit}x({_SIZE_DIGITS})", rest)
        if found is not None:
            put(names[0], found[1])
            put(names[1], found[2])
            return
    raise MalformedText


def _path(kind: str) -> Callable[[OptionList, Options, str, _Put], None]:
    def read(_lists: OptionList, _options: Options, rest: str, put: _Put) -> None:
        put("backend", kind)
        put("path", rest)

    return read


def _socket(protocol: str) -> Callable[[OptionList, Options, str, _Put], None]:
    def read(lists: OptionList, options: Options, rest: str, put: _Put) -> None:
        put("backend", "socket")
        end = _host_and_port(rest, _PORT, ("host", "port"), put)
        if rest.startswith(",", end):
            lists.read(options, rest[end + 1 :])
        if protocol:
            put(protocol, "on")

    return read


def _udp(_lists: OptionList, _options: Options, rest: str, put: _Put) -> None:
    put("backend", "udp")
    end = _host_and_port(rest, _REMOTE_PORT, ("host", "port"), put)
    if rest.startswith("@", end):
        _host_and_port(rest[end + 1 :], _PORT, ("localaddr", "localport"), put)


def _unix(lists: OptionList, options: Options, rest: str, put: _Put) -> None:
    put("backend", "socket")
    lists.read(options, rest, implied="path")


def _host_and_port(text: str, port: str, names: tuple[str, str], put: _Put) -> int:
    """Read ``HOST:PORT`` or ``:PORT``; returns where it ends."""
    found = re.match(_HOST + port, text)
    if found is None:
        raise MalformedText
    put(names[0], found[1] or "")
    put(names[1], found[2])
    return found.end()


_READERS: Final = {
    "vc": _console,
    "file:": _path("file"),
    "pipe:": _path("pipe"),
    "pty:": _path("pty"),
    "tcp:": _socket(""),
    "telnet:": _socket("telnet"),
    "tn3270:": _socket("tn3270"),
    "websocket:": _socket("websocket"),
    "udp:": _udp,
    "unix:": _unix,
}
_DEVICES: Final = {
    "parallel": ("/dev/parport", "/dev/ppi"),
    "serial": ("COM", "/dev/"),
}
