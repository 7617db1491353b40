"""``-chardev``, and the texts by which other options name a character device."""

from __future__ import annotations

import re
from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.cli.lists import new_list
from qmp_iothreadd.daemon.config import ChardevConfig
from qmp_iothreadd.errors import LocatedError, located
from qmp_iothreadd.qom.option_lists import Options

BACKENDS = ("null", "socket", "stdio")

DEVICES = ("null", "stdio", "unix:", "tcp:")
"""How the argument of ``-qmp`` begins, where it does not name a character device."""

# -qmp tcp:HOST:PORT, as QEMU's chardev/char.c splits it; what follows are options.
_TCP = r"([^:]{0,64}):([^,]{1,32})"
# Longer times are taken as this one, of more than a century.
_MAX_MS = 2**42


class Backends:
    """The character devices that a command line asks for."""

    def __init__(self) -> None:
        self.chardevs = new_list("chardev")

    def make_chardevs(self, made: dict[str, ChardevConfig]) -> None:
        """Add the character devices that the options describe, by name.

        Raises:
            LocatedError: what QEMU says when it makes them, after those before were made.
        """
        for options in self.chardevs.given:
            with located(options.location):
                chardev = _chardev(options)
                made[chardev.id] = chardev

    def short_chardev(self, label: str, text: str, location: str) -> None:
        """A character device that an option of something else names: ``unix:PATH,server=on``.

        Raises:
            LocatedError: the text names none.
        """
        # An error is made only where there is one: the first loads all texts.
        try:
            options = self.chardevs.create(label, location)
            known = self._read_short(options, text.removeprefix("mon:"))
        except errors.QmpError as error:
            also = errors.chardev_text_malformed(text).desc
            raise LocatedError(error, location, also=also) from None
        if not known:
            raise LocatedError(errors.chardev_text_malformed(text), location)

    def _read_short(self, options: Options, text: str) -> bool:
        """Read ``unix:PATH,…``, ``tcp:HOST:PORT,…`` or a bare back end; False if it makes no sense.

        Unlike elsewhere, short-form booleans are not warned of.
        """
        chardevs = self.chardevs
        if text in ("null", "stdio"):
            chardevs.set(options, "backend", text)
            return True
        kind, _, rest = text.partition(":")
        if kind == "unix" and ":" in text:
            chardevs.set(options, "backend", "socket")
            chardevs.read(options, rest, implied="path")
            return True
        if kind == "tcp" and ":" in text:
            found = re.match(_TCP, rest)
            if found is None:
                return False
            chardevs.set(options, "backend", "socket")
            chardevs.set(options, "host", found[1])
            chardevs.set(options, "port", found[2])
            if rest[found.end() :].startswith(","):
                chardevs.read(options, rest[found.end() + 1 :])
            return True
        raise errors.chardev_text_unknown(text)


def list_backends() -> str:
    """What ``-chardev help`` says."""
    return "\n".join(["Available chardev backend types: ", *(f"  {name}" for name in BACKENDS)])


def _chardev(options: Options) -> ChardevConfig:
    if options.id is None:
        raise errors.chardev_without_id()
    backend = options.get("backend")
    if backend is None:
        raise errors.chardev_without_backend(options.id)
    if backend not in BACKENDS:
        raise errors.chardev_driver_unknown(backend)
    data = _SPECIFIC.get(backend, _nothing)(options)
    return ChardevConfig(options.id, {"type": backend, "data": data}, options.location)


def _nothing(_options: Options) -> dict[str, Any]:
    return {}


def _stdio(options: Options) -> dict[str, Any]:
    signal = options.get_bool("signal", True)
    return {} if options.get("signal") is None else {"signal": signal}


def _socket(options: Options) -> dict[str, Any]:
    host, port, path, fd = (options.get(name) for name in ("host", "port", "path", "fd"))
    if sum(bool(address) for address in (host, path, fd)) > 1:
        raise errors.socket_address_ambiguous()
    if host is not None and not port:
        raise errors.socket_without_port()
    for name in ("telnet", "tn3270", "websocket", "abstract"):
        if options.get_bool(name, False):
            raise errors.option_unsupported(f"'{name}' option is")
    data: dict[str, Any] = {"addr": _address(host, port or "", path, fd or "")}
    data["server"] = options.get_bool("server", False)
    if data["server"] or options.get("wait") is not None:
        data["wait"] = options.get_bool("wait", True)
    milliseconds = _reconnect_ms(options)
    if milliseconds is not None:
        data["reconnect-ms"] = milliseconds
    return data


def _address(host: str | None, port: str, path: str | None, fd: str) -> dict[str, Any]:
    """A SocketAddressLegacy."""
    if path is not None:
        return {"type": "unix", "data": {"path": path}}
    if host is not None:
        return {"type": "inet", "data": {"host": host, "port": port}}
    return {"type": "fd", "data": {"str": fd}}


def _reconnect_ms(options: Options) -> int | None:
    milliseconds = options.get_number("reconnect-ms")
    return None if milliseconds is None else min(milliseconds, _MAX_MS)


_SPECIFIC = {"socket": _socket, "stdio": _stdio}
