"""Option lists, the older key=value language of QEMU: ``socket,id=c,path=/run/s,server=on``.

Most options of the command line speak it, ``-object`` among them. A list is flat: keys are taken as
they are, ``,,`` stands for a comma, of a repeated key the last value counts, except ``id``, where
the first does. A key alone is short for ``key=on``, and ``nokey`` for ``key=off``; both cause a
warning.

An :class:`OptionList` describes one kind of list and keeps those that were given. Their values are
texts; ``input_visitor`` makes of them what a QAPI type asks for. The part of QEMU that shows the
language is util/qemu-option.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qmp_iothreadd import errors
from qmp_iothreadd.qom import c_numbers
from qmp_iothreadd.qom.identifiers import is_identifier

STRING, BOOL, NUMBER, SIZE = "string", "bool", "number", "size"

Warn = Callable[[str], None]
"""Takes a warning; what follows its first line is said without a prefix."""
HELP = ("help", "?")
"""What asks for help instead of being a name or a value."""


def option_kinds(text: str) -> dict[str, str]:
    """The kinds of options, by name: ``"path to:number"``. Without a kind it is a string."""
    pairs = [word.partition(":") for word in text.split()]
    return {name: kind or STRING for name, _, kind in pairs}


class Options:
    """The options of one list, in the order given.

    ``id`` is the list's identifier, if it has one; it is not among ``pairs``. ``location`` says
    where the list stands, for messages: ``-chardev null,id=c``.
    """

    __slots__ = ("id", "location", "pairs")

    def __init__(self, identifier: str | None, location: str) -> None:
        self.id = identifier
        self.location = location
        self.pairs: list[tuple[str, str]] = []

    def get(self, name: str) -> str | None:
        """The value of an option as it was written, the last one if there are several."""
        for key, value in reversed(self.pairs):
            if key == name:
                return value
        return None

    def get_bool(self, name: str, default: bool) -> bool:
        """The value of an option that its description calls boolean."""
        value = self.get(name)
        return default if value is None else bool(c_numbers.boolean(value))

    def get_size(self, name: str) -> int | None:
        """The value, in bytes, of an option that its description calls a size."""
        value = self.get(name)
        return None if value is None else c_numbers.size(value)

    def get_number(self, name: str) -> int | None:
        """The value of an option that its description calls a number."""
        value = self.get(name)
        return None if value is None else c_numbers.uint64(value)


class OptionList:
    """One kind of list.

    ``description`` maps the names that are allowed to their kinds; without it any name is.
    ``implied`` is the key of a first value that comes without one. ``merge``: all that are given
    add up to a single list.
    """

    def __init__(
        self,
        name: str,
        *,
        implied: str | None = None,
        merge: bool = False,
        description: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.implied = implied
        self.merge = merge
        self.description = description
        self.given: list[Options] = []

    def parse(self, text: str, location: str, warn: Warn) -> Options | None:
        """Read a list and keep it; None if it asks for help, which only described lists can give.

        Raises:
            QmpError: a bad or duplicate id, an unknown name, a value of the wrong kind.
        """
        options = self.create(_find_id(text), location)
        try:
            if not self.read(options, text, implied=self.implied, warn=warn, help_allowed=True):
                self.given.remove(options)
                return None
        except errors.QmpError:
            self.given.remove(options)
            raise
        return options

    def create(self, identifier: str | None, location: str) -> Options:
        """An empty list, kept; the one there is if they merge.

        Raises:
            QmpError: a bad or duplicate id, or an id where none is allowed.
        """
        if self.merge:
            if identifier is not None:
                raise errors.invalid_parameter("id")
            if self.given:
                return self.given[0]
        elif identifier is not None:
            if not is_identifier(identifier):
                raise errors.not_an_identifier("id")
            if any(other.id == identifier for other in self.given):
                raise errors.duplicate_id(identifier, self.name)
        options = Options(identifier, location)
        self.given.append(options)
        return options

    def read(
        self,
        options: Options,
        text: str,
        *,
        implied: str | None = None,
        warn: Warn | None = None,
        help_allowed: bool = False,
    ) -> bool:
        """Add what ``text`` says to ``options``; False where it asks for help and that is allowed.

        Raises:
            QmpError: an unknown name, or a value of the wrong kind.
        """
        may_help = help_allowed and self.description is not None
        position = 0
        while position < len(text):
            name, value, position = _read_one(text, position, implied, warn, may_help)
            if may_help and name in HELP:
                return False
            implied = None
            if name != "id":
                self.set(options, name, value)
        return True

    def set(self, options: Options, name: str, value: str) -> None:
        """Add one option.

        Raises:
            QmpError: an unknown name, or a value of the wrong kind.
        """
        if self.description is not None:
            kind = self.description.get(name)
            if kind is None:
                raise errors.invalid_parameter(name)
            _check_kind(name, kind, value)
        options.pairs.append((name, value))

    def help(self) -> str:
        """The options that the description allows, one per line."""
        shown = {STRING: "<str>", BOOL: "<bool (on/off)>", NUMBER: "<num>", SIZE: "<size>"}
        lines = [f"  {name}={shown[kind]}" for name, kind in (self.description or {}).items()]
        return "\n".join([f"{self.name} options:", *sorted(lines)])


def _find_id(text: str) -> str | None:
    position = 0
    while position < len(text):
        name, value, position = _read_one(text, position, None, None, False)
        if name == "id":
            return value
    return None


def _read_one(
    text: str, start: int, implied: str | None, warn: Warn | None, may_help: bool
) -> tuple[str, str, int]:
    """The name and value at ``start``, and where the next begins."""
    comma = text.find(",", start)
    key_end = len(text) if comma < 0 else comma
    equals = text.find("=", start, key_end)
    if equals >= 0:
        value, end = read_value(text, equals + 1)
        return text[start:equals], value, end + 1
    if implied is not None:
        value, end = read_value(text, start)
        return implied, value, end + 1
    key = text[start:key_end]
    if may_help and key in HELP:
        return key, "", key_end + 1
    name, value = _expand_flag(key, warn)
    return name, value, key_end + 1


def read_value(text: str, start: int) -> tuple[str, int]:
    """The value at ``start``, in which ``,,`` stands for a comma, and where it ends."""
    end = text.find(",", start)
    while end >= 0 and text.startswith(",", end + 1):
        end = text.find(",", end + 2)
    if end < 0:
        end = len(text)
    return text[start:end].replace(",,", ","), end


def _expand_flag(key: str, warn: Warn | None) -> tuple[str, str]:
    """What a key without a value is short for."""
    name, value = (key[2:], "off") if key.startswith("no") else (key, "on")
    if warn is not None and key not in HELP:
        advice = f"{name}={value}"
        if name == "delay":
            advice = f"nodelay={'on' if value == 'off' else 'off'}"
        warn(f"short-form boolean option '{key}' deprecated\nPlease use {advice} instead")
    return name, value


def _check_kind(name: str, kind: str, value: str) -> None:
    if kind == BOOL and c_numbers.boolean(value) is None:
        raise errors.invalid_parameter_value(name, "'on' or 'off'")
    if kind == NUMBER and c_numbers.uint64(value) is None:
        found = c_numbers.scan(value)
        if found is not None and found[1] == len(value):
            raise errors.number_too_large(name, value)
        raise errors.invalid_parameter_value(name, "a number")
    if kind == SIZE and c_numbers.size(value) is None:
        if c_numbers.is_size(value):
            raise errors.size_out_of_range(name, value)
        raise errors.not_a_size(name)
