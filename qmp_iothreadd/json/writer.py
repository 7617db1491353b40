"""Values to JSON as QEMU's qobject/json-writer has it: ASCII, members in the order of dictionaries.

Values are None, bool, int, float, str, and lists and dicts (with str keys) of values. The types are
exact (except ``EncodedOnce``, a dict, and ``EncodedText``): anything else raises TypeError.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final

from qmp_iothreadd.json.encoded_once import EncodedOnce, EncodedText
from qmp_iothreadd.json.order import qdict_order

_Shape = tuple[Callable[[dict[str, Any]], tuple[Any, ...]], str]

# How to write a dict with these keys, inserted in this order: what fetches the values in the order
# of the wire, and what they are put into. Clients choose keys too (an id may be any value), so
# there are bounds.
_shapes: dict[tuple[str, ...], _Shape] = {}
_MAX_SHAPES: Final = 512
_MAX_TEMPLATE: Final = 2048

# Deeper values are left to the writer that does not recurse.
_MAX_RECURSION: Final = 32

_SPECIAL = re.compile(r"[^ !#-\[\]-~]")
_SHORT_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_INDENT: Final = "    "


def dumps(value: object, *, pretty: bool = False) -> bytes:
    """``value`` on one line or, if ``pretty``, on one per member; nothing follows it."""
    if pretty:
        return _write(value, pretty=True).encode("ascii")
    return _text(value, _MAX_RECURSION).encode("ascii")


def message(value: object) -> bytes:
    """``value`` as a monitor sends it: one line, ended by CRLF."""
    return (_text(value, _MAX_RECURSION) + "\r\n").encode("ascii")


def pretty_message(value: object) -> bytes:
    """``value`` as a monitor with ``pretty`` set sends it: indented, each line ended by CRLF."""
    return dumps(value, pretty=True).replace(b"\n", b"\r\n") + b"\r\n"


def _text(value: Any, depth: int) -> str:
    kind = type(value)
    if kind is dict:
        return _object(value, depth) if depth else _write(value)
    if kind is list:
        if not depth:
            return _write(value)
        return "[" + ", ".join([_text(element, depth - 1) for element in value]) + "]"
    if kind is str:
        return _string(value)
    if kind is EncodedOnce:
        encoded: str | None = value.encoded
        if encoded is None:
            encoded = value.encoded = _object(value, depth) if depth else _write(value)
        return encoded
    if kind is EncodedText:
        return str(value.encoded)
    return _scalar(value)


def _object(value: dict[str, Any], depth: int) -> str:
    if not value:
        return "{}"
    keys = tuple(value)
    shape = _shapes.get(keys)
    if shape is None:
        shape = _make_shape(keys)
    fetch, template = shape
    return template % tuple(
        [
            member
            if type(member) is int
            else _string(member)
            if type(member) is str
            else _text(member, depth - 1)
            for member in fetch(value)
        ]
    )


def _make_shape(keys: tuple[str, ...]) -> _Shape:
    order = qdict_order(keys)
    template = ", ".join([_string(key).replace("%", "%%") + ": %s" for key in order])
    # With a single key an itemgetter returns the value itself, not a tuple of one.
    fetch: Callable[[dict[str, Any]], tuple[Any, ...]]
    fetch = itemgetter(*order) if len(order) > 1 else lambda value: (value[order[0]],)
    shape = (fetch, "{" + template + "}")
    if len(template) <= _MAX_TEMPLATE:
        if len(_shapes) >= _MAX_SHAPES:
            _shapes.clear()
        _shapes[keys] = shape
    return shape


def _string(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + _SPECIAL.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    short = _SHORT_ESCAPES.get(character)
    if short is not None:
        return short
    units = character.encode("utf-16-be", "surrogatepass").hex().upper()
    return "".join(["\\u" + units[start : start + 4] for start in range(0, len(units), 4)])


def _scalar(value: object) -> str:
    kind = type(value)
    if kind is int:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if value is None:
        return "null"
    if kind is float:
        return f"{value:.17g}"
    if kind is str:
        return _string(str(value))
    raise TypeError(f"not a JSON value: {value!r}")


class _Container:
    """One that is being written: what is left of it."""

    def __init__(self, value: dict[str, Any] | list[Any]) -> None:
        self.first = True
        if isinstance(value, dict):
            self.members = iter([(_string(key) + ": ", value[key]) for key in qdict_order(value)])
            self.end = "}"
        else:
            self.members = iter([("", element) for element in value])
            self.end = "]"


def _write(value: object, *, pretty: bool = False) -> str:
    """``value`` at any depth."""
    if not isinstance(value, dict | list):
        return _scalar(value)
    pieces = ["{" if isinstance(value, dict) else "["]
    open_ones = [_Container(value)]
    while open_ones:
        container = open_ones[-1]
        following = next(container.members, None)
        if following is None:
            open_ones.pop()
            if pretty:
                pieces.append("\n" + _INDENT * len(open_ones))
            pieces.append(container.end)
            continue
        name, member = following
        if type(member) is EncodedText:
            member = member.make()
        if not container.first:
            pieces.append("," if pretty else ", ")
        container.first = False
        if pretty:
            pieces.append("\n" + _INDENT * len(open_ones))
        pieces.append(name)
        if isinstance(member, dict | list):
            pieces.append("{" if isinstance(member, dict) else "[")
            open_ones.append(_Container(member))
        else:
            pieces.append(_scalar(member))
    return "".join(pieces)
