"""The writer in Python, as short as it goes: what the native one is compared with."""

from __future__ import annotations

import re
from typing import Any

from qmp_iothreadd.json.encoded_once import EncodedText
from tests.json.reference.order import qdict_order

_SPECIAL = re.compile(r"[^ !#-\[\]-~]")
_SHORT = {'"': '"', "\\": "\\", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}


def dumps(value: object, *, pretty: bool = False) -> bytes:
    """``value`` on one line or, if ``pretty``, on one per member; at any depth."""
    pieces: list[str] = []
    rest: list[Any] = [(0, value)]  # what is to be written, the last one first: text, or a value
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        depth, value = item
        if type(value) is EncodedText:
            value = value.make()
        if isinstance(value, dict | list):
            rest += _container(value, depth + 1, pretty)[::-1]
        else:
            pieces.append(_scalar(value))
    return "".join(pieces).encode("ascii")


def _container(value: Any, depth: int, pretty: bool) -> list[Any]:
    """Its pieces: texts, and values with their depth."""
    is_dict = isinstance(value, dict)
    line = "\n" + "    " * depth if pretty else ""
    pieces: list[Any] = []
    for member in qdict_order(value) if is_dict else value:
        pieces.append(("," if pretty else ", ") + line if pieces else line)
        if is_dict:
            pieces.append(_string(member) + ": ")
        pieces.append((depth, value[member] if is_dict else member))
    return ["{" if is_dict else "[", *pieces, line[:-4], "}" if is_dict else "]"]


def _string(text: str) -> str:
    return '"' + _SPECIAL.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if character in _SHORT:
        return "\\" + _SHORT[character]
    units = character.encode("utf-16-be", "surrogatepass").hex().upper()
    return "".join(["\\u" + units[start : start + 4] for start in range(0, len(units), 4)])


def _scalar(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.17g}"
        case str():
            return _string(value)
    return str(value)
