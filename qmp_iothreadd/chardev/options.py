"""What an option list says of a character device, as values of the schema's ``ChardevBackend``.

``-chardev`` and the human monitor's ``chardev-add`` speak this language, and what is short for them
is read by :mod:`~qmp_iothreadd.chardev.compat`. One function per kind takes what concerns the kind
and passes over the rest, as the functions of that name do in QEMU's chardev/.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.qom.option_lists import (
    BOOL,
    NUMBER,
    SIZE,
    STRING,
    OptionList,
    Options,
)

OPTION_KINDS: Final = {
    name: kind
    for kind, names in (
        (STRING, "backend path input-path host port fd localaddr localport"),
        (NUMBER, "to"),
        (BOOL, "ipv4 ipv6 wait server delay nodelay"),
        (NUMBER, "reconnect-ms"),
        (BOOL, "telnet tn3270"),
        (STRING, "tls-creds tls-authz"),
        (BOOL, "websocket"),
        (NUMBER, "width height cols rows"),
        (STRING, "encoding"),
        (BOOL, "mux signal"),
        (STRING, "name"),
        (NUMBER, "debug"),
        (SIZE, "size"),
        (STRING, "chardev chardevs.0 chardevs.1 chardevs.2 chardevs.3"),
        (BOOL, "append"),
        (STRING, "logfile"),
        (BOOL, "logappend logtimestamp mouse clipboard tight abstract"),
    )
    for name in names.split()
}
"""The options that a list can have, whatever the device's kind, in QEMU's order."""

OPTION_DEFAULTS: Final = {"tight": "on"}
"""What query-command-line-options tells of an option that is not given."""

Backend = dict[str, Any]
"""A ``ChardevBackend``: ``{"type": KIND, "data": {…}}``."""

_Data = dict[str, Any]

_CONSOLE_SIZES = ("width", "height", "cols", "rows")
_ENCODINGS = ("cp437", "utf8")
_HUB_MAX = 4


def chardev_options() -> OptionList:
    """An empty collection of such lists."""
    return OptionList("chardev", implied="backend", description=OPTION_KINDS)


def parse_backend(options: Options) -> Backend:
    """What a list says of a device, or with ``mux=on`` of the one below the mux.

    Raises:
        QmpError: with QEMU's text.
    """
    kind = options.get("backend")
    if kind is None:
        raise errors.chardev_without_backend(options.id)
    parse = _PARSERS.get(kind) or _IN_MODULES.get(kind)
    if parse is None:
        raise errors.not_a_device_type() if kind == "fd" else errors.chardev_driver_unknown(kind)
    if kind != "vc":
        _check_not_console(options)
    data = parse(options)
    return {"type": kind, "data": data | _common(options)}


def parse_devices(options: Options) -> list[tuple[str, Backend]]:
    """The devices that a list asks for, by their ids: with ``mux=on`` a base and a mux on it.

    Raises:
        QmpError: with QEMU's text.
    """
    if options.id is None:
        raise errors.chardev_without_id()
    backend = parse_backend(options)
    if not options.get_bool("mux", False):
        return [(options.id, backend)]
    base = f"{options.id}-base"
    return [(base, backend), (options.id, {"type": "mux", "data": {"chardev": base}})]


def list_backends() -> str:
    """What ``-chardev help`` prints."""
    return "\n".join(
        ["Available chardev backend types: ", *(f"  {name}" for name in reversed(BACKENDS))]
    )


def _check_not_console(options: Options) -> None:
    if any(options.get(name) is not None for name in _CONSOLE_SIZES):
        raise errors.chardev_without_size(options.id)
    if options.get("encoding") is not None:
        raise errors.chardev_without_encoding(options.id)


def _common(options: Options) -> _Data:
    data: _Data = {
        "logappend": options.get_bool("logappend", False),
        "logtimestamp": options.get_bool("logtimestamp", False),
    }
    logfile = options.get("logfile")
    return data if logfile is None else {"logfile": logfile} | data


def _plain(_options: Options) -> _Data:
    return {}


def _file(options: Options) -> _Data:
    path = options.get("path")
    if path is None:
        raise errors.file_without_name()
    data: _Data = {"out": path, "append": options.get_bool("append", False)}
    input_path = options.get("input-path")
    return data if input_path is None else {"in": input_path} | data


def _path_of(what: str) -> Callable[[Options], _Data]:
    def parse(options: Options) -> _Data:
        path = options.get("path")
        if path is None:
            raise errors.chardev_without_path(what)
        return {"device": path}

    return parse


def _pty(options: Options) -> _Data:
    path = options.get("path")
    return {} if path is None else {"path": path}


def _stdio(options: Options) -> _Data:
    return {"signal": options.get_bool("signal", True)}


def _mux(options: Options) -> _Data:
    base = options.get("chardev")
    if base is None:
        raise errors.mux_without_chardev()
    return {"chardev": base}


def _hub(options: Options) -> _Data:
    below: list[str] = []
    for number in range(_HUB_MAX):
        name = options.get(f"chardevs.{number}")
        if name is None:
            break
        below.append(name)
    return {"chardevs": below}


def _console(options: Options) -> _Data:
    data: _Data = {}
    for name in _CONSOLE_SIZES:
        size = _int32(options.get_number(name) or 0)
        if size:
            data[name] = size
    encoding = options.get("encoding")
    if encoding is not None:
        if encoding not in _ENCODINGS:
            raise errors.enum_value_unknown(encoding)
        data["encoding"] = encoding
    return data


def _ring_buffer(options: Options) -> _Data:
    size = _int32(options.get_size("size") or 0)
    return {"size": size} if size else {}


def _agent(options: Options) -> _Data:
    return _given_booleans(options, "mouse", "clipboard")


def _spice_channel(options: Options) -> _Data:
    kind = options.get("name")
    if kind is None:
        raise errors.spice_channel_without_name()
    return {"type": kind}


def _udp(options: Options) -> _Data:
    host, port = options.get("host") or "localhost", options.get("port")
    if not port:
        raise errors.udp_without_port()
    remote = {"host": host, "port": port} | _given_booleans(options, "ipv4", "ipv6")
    data: _Data = {"remote": _address("inet", remote)}
    local_host, local_port = options.get("localaddr"), options.get("localport")
    if local_host or local_port:
        data["local"] = _address("inet", {"host": local_host or "", "port": local_port or "0"})
    return data


def _socket(options: Options) -> _Data:
    path, host, fd = (options.get(name) for name in ("path", "host", "fd"))
    if sum(address is not None for address in (path, host, fd)) > 1:
        raise errors.socket_address_ambiguous()
    if host is not None and options.get("port") is None:
        raise errors.socket_without_port()
    if options.get("delay") is not None and options.get("nodelay") is not None:
        raise errors.options_exclusive("delay", "nodelay")
    server = options.get_bool("server", False)
    if path is not None:
        address = _unix_address(options, path)
    elif host is not None:
        address = _inet_address(options, host)
    else:
        address = _address("fd", {"str": fd or ""})
    data: _Data = {"addr": address, "server": server}
    data |= _given_booleans(options, "telnet", "tn3270", "websocket")
    for name in ("tls-creds", "tls-authz"):
        value = options.get(name)
        if value is not None:
            data[name] = value
    if options.get("delay") is not None or options.get("nodelay") is not None:
        data["nodelay"] = not options.get_bool("delay", True) or options.get_bool("nodelay", False)
    # Unlike on QMP, a server waits unless told otherwise.
    if server or options.get("wait") is not None:
        data["wait"] = options.get_bool("wait", True)
    milliseconds = options.get_number("reconnect-ms")
    if milliseconds is not None:
        data["reconnect-ms"] = _wrapped(milliseconds, 64)
    return data


def _unix_address(options: Options, path: str) -> _Data:
    abstract, tight = options.get_bool("abstract", False), options.get_bool("tight", True)
    return _address("unix", {"path": path, "abstract": abstract, "tight": tight})


def _inet_address(options: Options, host: str) -> _Data:
    address: _Data = {"host": host, "port": options.get("port")}
    last = options.get_number("to")
    if last is not None:
        address["to"] = last & 0xFFFF  # cut off, as it is in C
    return _address("inet", address | _given_booleans(options, "ipv4", "ipv6"))


def _address(kind: str, data: _Data) -> _Data:
    """A ``SocketAddressLegacy``."""
    return {"type": kind, "data": data}


def _given_booleans(options: Options, *names: str) -> _Data:
    return {name: options.get_bool(name, False) for name in names if options.get(name) is not None}


def _int32(number: int) -> int:
    """What is left of a number in a C ``int``."""
    return _wrapped(number, 32)


def _wrapped(number: int, bits: int) -> int:
    half = 1 << (bits - 1)
    return (number + half) % (2 * half) - half


_PARSERS: Final[dict[str, Callable[[Options], _Data]]] = {
    "testdev": _plain,
    "stdio": _stdio,
    "wctablet": _plain,
    "file": _file,
    "udp": _udp,
    "memory": _ring_buffer,
    "parallel": _path_of("parallel"),
    "vc": _console,
    "socket": _socket,
    "msmouse": _plain,
    "null": _plain,
    "hub": _hub,
    "pty": _pty,
    "qemu-vdagent": _agent,
    "pipe": _path_of("pipe"),
    "mux": _mux,
    "serial": _path_of("serial/tty"),
    "ringbuf": _ring_buffer,
}
# What QEMU has in modules, which it loads, and lists, when one is made.
_IN_MODULES: Final[dict[str, Callable[[Options], _Data]]] = {"spicevmc": _spice_channel}
BACKENDS: Final = tuple(_PARSERS)
"""The kinds that there are, in the order in which query-chardev-backends lists them."""
