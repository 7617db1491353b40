"""What libvirt 12.8 and QEMU 11.1.3 said to each other: the recordings, taken apart and compared.

A line is `> request`, `< reply` or `E event`. Long ones were cut off when they were recorded: what
is left of a value is a ``CutDict`` or ``CutList``, whose end is not known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.recordings import recording_path

Message = dict[str, Any]


class CutDict(dict[str, Any]):
    """The first members of an object, the last of which may be cut itself."""


class CutList(list[Any]):
    """The first elements of an array."""


class _CutError(Exception):
    """The text ends here; ``value`` is what there is."""

    def __init__(self, value: Any = None) -> None:
        self.value = value


_END = " …"  # stands where a line was cut, if anything does
_scan = json.JSONDecoder().raw_decode


def parse_cut(text: str) -> Any:
    """The value of JSON that may be cut off."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass
    try:
        _value(text.removesuffix(_END), 0)
    except _CutError as cut:
        return cut.value
    raise AssertionError(f"no JSON: {text}")


def _value(text: str, at: int) -> tuple[Any, int]:
    match text[at : at + 1]:
        case "{":
            return _members(text, at + 1)
        case "[":
            return _elements(text, at + 1)
    try:
        value, end = _scan(text, at)
    except json.JSONDecodeError:
        raise _CutError from None
    if end == len(text):
        raise _CutError  # a number may go on
    return value, end


def _members(text: str, at: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while text[at : at + 1] != "}":
        try:
            name, at = _value(text, at)
            found[name], at = _value(text, _after(text, at, ":"))
        except _CutError as cut:
            if cut.value is not None:
                found[name] = cut.value
            raise _CutError(CutDict(found)) from None
        at = _after(text, at, ",")
    return found, at + 1


def _elements(text: str, at: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while text[at : at + 1] != "]":
        try:
            value, at = _value(text, at)
        except _CutError as cut:
            raise _CutError(CutList(found if cut.value is None else [*found, cut.value])) from None
        found.append(value)
        at = _after(text, at, ",")
    return found, at + 1


def _after(text: str, at: int, separator: str) -> int:
    at += text.startswith(separator, at)
    return at + text.startswith(" ", at)


# -- Sessions -------------------------------------------------------------------------------------


@dataclass
class Exchange:
    """A request, its reply, and the events until the next request."""

    request: Message
    reply: Message = field(default_factory=dict)
    events: list[Message] = field(default_factory=list)

    @property
    def command(self) -> str:
        """The name of what was asked for."""
        return str(self.request["execute"])


def sessions(file: str) -> list[list[Exchange]]:
    """The sessions of a recording: libvirt numbers its requests in each from the first on."""
    found: list[list[Exchange]] = []
    current: list[Exchange] = []
    for line in recording_path(f"libvirt/{file}").read_text(encoding="utf-8").splitlines():
        kind, text = line[:2], line[2:]
        if kind == "> ":
            request = parse_cut(text)
            if request["execute"] == "qmp_capabilities":
                current = []
                found.append(current)
            elif "id" in request:
                before = int(request["id"].partition("-")[2]) - 1
                current = next(each for each in (current, *found) if len(each) == before)
            current.append(Exchange(request))
        elif kind == "< ":
            current[-1].reply = parse_cut(text)
        elif kind == "E ":
            current[-1].events.append(parse_cut(text))
    return found


# -- Comparison -----------------------------------------------------------------------------------

_NAMES = (
    "event",
    "name",
    "node-name",
    "capability",
    "id",
    "label",
    "option",
    "qom-path",
    "qom-type",
)
"""The members that say which element of a list is which."""


def differences(recorded: Any, ours: Any, path: str = "") -> Iterator[str]:
    """How ``ours`` differs, one line each: `PATH: KIND…`; order is compared, too."""
    if type(ours) is not _plain(recorded):
        yield f"{path}: type {_plain(recorded).__name__}, not {type(ours).__name__}"
    elif isinstance(recorded, dict) and isinstance(ours, dict):
        yield from _of_members(recorded, ours, path, cut=isinstance(recorded, CutDict))
    elif isinstance(recorded, list) and isinstance(ours, list):
        yield from _of_elements(recorded, ours, path, cut=isinstance(recorded, CutList))
    elif recorded != ours:
        yield f"{path}: value {recorded!r}, not {ours!r}"


def _plain(value: Any) -> type:
    if isinstance(value, CutDict):
        return dict
    return list if isinstance(value, CutList) else type(value)


def _of_members(
    recorded: dict[str, Any], ours: dict[str, Any], path: str, *, cut: bool
) -> Iterator[str]:
    for name, value in recorded.items():
        if name not in ours:
            yield f"{path}.{name}: missing"
        else:
            yield from differences(value, ours[name], f"{path}.{name}")
    if not cut:
        yield from (f"{path}.{name}: extra" for name in ours if name not in recorded)
    shared = [name for name in ours if name in recorded]
    if shared != [name for name in recorded if name in ours]:
        yield f"{path}: order {shared}"


def _of_elements(recorded: list[Any], ours: list[Any], path: str, *, cut: bool) -> Iterator[str]:
    key = next((key for key in _NAMES if _names_all(recorded, key) and _names_all(ours, key)), None)
    wanted, got = _labelled(recorded, key), _labelled(ours, key)
    yield from _of_members(wanted, got, path, cut=cut)


def _names_all(elements: list[Any], key: str) -> bool:
    """Whether each element has a name of its own under ``key``; the last may be cut before that."""
    names = [each.get(key) if isinstance(each, dict) else None for each in elements]
    names = names[:-1] if isinstance(elements, CutList) else names
    return None not in names and len(set(names)) == len(names)


def _labelled(elements: list[Any], key: str | None) -> dict[str, Any]:
    """Elements by their names, or by their places where they have none."""
    if key is None:
        return {f"[{index}]": each for index, each in enumerate(elements)}
    return {f"[{each[key]}]": each for each in elements if key in each}
