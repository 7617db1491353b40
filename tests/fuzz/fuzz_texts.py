"""Byte-level fuzzing of the languages of the command line and of the human monitor.

    python tests/fuzz/fuzz_texts.py [--seconds N] [--random] [libFuzzer's options, a folder]

With atheris installed this is a libFuzzer target, guided by coverage; without it, or with --random,
random pieces of these languages are tried for the same time. A text of keyval, of an option list or
of a property is refused in QEMU's words, or is a value that the validators of QMP's commands take
for the same type, and so is the description of a character device; keys at the human monitor are
never a fault of the daemon's own. Exits with a status other than 0, and the input that did it, at
the first difference.
"""

from __future__ import annotations

import random
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import driver

with driver.instrumented(__name__):
    from qmp_iothreadd.chardev.compat import MalformedText, read_text
    from qmp_iothreadd.chardev.options import OPTION_KINDS, chardev_options, parse_devices
    from qmp_iothreadd.errors import QmpError
    from qmp_iothreadd.hmp.session import HMPSession
    from qmp_iothreadd.iothread import _engine
    from qmp_iothreadd.qapi import load_schema
    from qmp_iothreadd.qapi.cache import load_schema_cached
    from qmp_iothreadd.qapi.models import Models
    from qmp_iothreadd.qapi.schema import SchemaType
    from qmp_iothreadd.qmp.session_protocol import IDLE
    from qmp_iothreadd.qom import input_visitor, keyval
    from qmp_iothreadd.qom.option_lists import OptionList
    from qmp_iothreadd.testing.memory import make_dispatcher, make_machine
    from tests.monitors import human_monitor
    from tests.qom.conftest import SCHEMA

_NAMES = (
    *("type", "id", "count", "small", "offset", "big", "length", "flag", "ratio", "label"),
    *("colour", "limits", "cpus", "deltas", "words", "colours", "parts", "ref", "wordless"),
    *("nothing", "anything", "total", "rate", "must", "0", "1", "00", "help", "?", "x"),
)
_VALUES = (
    *("thing", "other", "bare", "a", "on", "off", "red", "0", "-1", "0x10", "255", "70000", "1.5k"),
    *("3-5", "0-65536", "-2-1", "9223372036854775808", "18446744073709551616", "1e400", "0x1p3"),
    *("", " 5", "5 ", ",,", "a,,b", "-", "--", "\udcff", "é"),
)
_KEYS = (
    *("info ", "iothreads", "object_add ", "iothread,id=io0", "object_del ", "io0", "qom-set "),
    *("-j ", "/objects/io0 ", "poll-weight ", "x-policy ", "63", "print ", "/x ", "(1+2)*'a'/0"),
    *("help ", '"', "\\", "\n", "\r\n", "\t", " ", "qom-list ", "qom-get ", "{'qom-type':", "quit"),
    *("\033[A", "\033[D", "\033[3~", "\033O", "\x01", "\x04", "\x15", "\x17", "\x7f", "\0", "é"),
)
_DEVICES = (
    *("null", "pty", "stdio", "vc", "mon:", "unix:", "tcp:", "telnet:", "websocket:", "udp:"),
    *("file:", "pipe:", "con:", "COM1", "/dev/", ":", "@", "::1", "127.0.0.1", "80x24", "80Cx24C"),
    *(
        ",server=on",
        ",wait=off",
        ",nodelay",
        ",to=70000",
        ",host=h,port=1",
        ",path=p",
        ",reconnect-ms=-1",
        ",logfile=l",
        ",mux=on",
    ),
    *(",abstract=on", ",ipv4=off", ",tls-creds=t", ",,", ",id=i", ",size=4G", ",chardevs.0=a"),
)


@cache
def models() -> Models:
    """The validators of a schema that has a member of every kind."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "schema.json")
        path.write_text(SCHEMA)
        return Models(load_schema(str(path)))


def accept(type_: SchemaType, value: Any, text: str, among: Models | None = None) -> None:
    """See that a value is one of the type, as QMP's commands would be given it."""
    if not text.isprintable():
        return  # half a character, a lone surrogate, is no string in JSON
    try:
        taken = (among or models()).validate(type_, value)
    except QmpError as error:
        raise AssertionError(f"{value!r} was taken, but: {error.desc}") from error
    assert taken == value


def try_keyval(text: str) -> None:
    values, _ = keyval.parse(text, "type")
    type_ = models().schema.types["Options"]
    accept(type_, input_visitor.from_keyval(type_, values), text)


def try_options(text: str) -> None:
    warnings: list[str] = []
    options = OptionList("object", implied="type").parse(text, "", warnings.append)
    assert options is not None
    type_ = models().schema.types["Options"]
    accept(type_, input_visitor.from_options(type_, options), text)


def try_property(text: str) -> None:
    for type_ in models().schema.types.values():
        try:
            value = input_visitor.from_text(type_, text, "p")
        except QmpError:
            continue
        accept(type_, value, text)


@cache
def packaged_models() -> Models:
    """The validators of the daemon's own schema."""
    return Models(load_schema_cached())


def try_devices(text: str) -> None:
    """As ``-chardev`` has it, and as ``-qmp`` has it."""
    lists = chardev_options()
    try:
        short = read_text(lists, "c", text, "")
    except (QmpError, MalformedText):
        assert not lists.given
        short = lists.create("c", "")
    options = lists.parse(f"{text},id=d", "", lambda _warning: None)
    type_ = packaged_models().schema.types["ChardevBackend"]
    for each in (short, options):
        for _, backend in parse_devices(each) if each is not None and each.pairs else ():
            accept(type_, backend, text, packaged_models())


def try_human_monitor(text: str) -> None:
    """Type it, and see that no command fails by a fault and nothing is left behind."""
    faults: list[Any] = []
    sys.excepthook = lambda *details: faults.append(details)
    machine = make_machine()
    try:
        session = HMPSession(make_dispatcher(machine), human_monitor(machine))
        session.receive_data(text.encode("utf-8", "surrogateescape"))
        while session.step() is not IDLE and not machine.shutting_down:
            session.data_to_send()
    finally:
        machine.close()
        sys.excepthook = sys.__excepthook__
    if faults:
        raise faults[0][1].with_traceback(faults[0][2])
    assert not any(_engine.live_counters().values()), _engine.live_counters()


_LANGUAGES = (try_keyval, try_options, try_property, try_human_monitor, try_devices)


def try_input(data: bytes) -> None:
    """The first byte says of which language the rest is."""
    text = data[1:].decode("utf-8", "surrogateescape")
    try:
        _LANGUAGES[data[0] % len(_LANGUAGES) if data else 0](text)
    except QmpError as error:
        assert error.error_class == "GenericError"  # noqa: PT017 -- either outcome will do


def make_text(source: random.Random, language: int) -> str:
    """A text that may well be of the language, or else nearly."""
    pick = source.choice
    if language == _LANGUAGES.index(try_property):
        return "".join(pick(_VALUES) for _ in range(source.randrange(1, 3)))
    if language == _LANGUAGES.index(try_human_monitor):
        return "".join(pick(_KEYS) for _ in range(source.randrange(30)))
    if language == _LANGUAGES.index(try_devices):
        first = pick((*_DEVICES, *OPTION_KINDS, "socket", "file", "ringbuf", "hub"))
        return first + "".join(pick(_DEVICES) for _ in range(source.randrange(6)))
    pairs = [pick(("thing", "thing", "other", "bare")), "id=a"] if source.randrange(10) else []
    for _ in range(source.randrange(5)):
        key = ".".join(pick(_NAMES) for _ in range(pick((1, 1, 1, 2, 3))))
        pairs.append(
            pick(("", "no")) + key if source.randrange(9) == 0 else f"{key}={pick(_VALUES)}"
        )
    return ",".join(pairs)


def make_input(source: random.Random) -> bytes:
    """Some text, and which language it is of."""
    language = source.randrange(len(_LANGUAGES))
    text = make_text(source, language).encode("utf-8", "surrogateescape")
    return bytes([language]) + driver.change_bytes(source, text, [0, 0, 0, 1, 3])


if __name__ == "__main__":
    driver.run("the languages", try_input, make_input, max_len=1000)
