"""How two recordings differ, in words.

Clients are compared in the order in which they came, and of each its exchanges, and apart from them
its events: when these come, between two replies, differs from run to run. The members of what a
server sends are compared in their order, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Final

from qmp_iothreadd.testing.recordings.format import Entry, Recording
from qmp_iothreadd.testing.recordings.masks import Masking
from qmp_iothreadd.testing.recordings.messages import Message

_SHOWN: Final = 200
# Above, what differs in the middle is compared place by place: to align it takes the square of it.
_ALIGNED_MAX: Final = 2000


class _Missing:
    """The type of MISSING."""

    def __repr__(self) -> str:
        return "nothing"


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Difference:
    """``where`` is an exchange or an event, ``path`` what in it; ``a``, ``b`` are the values."""

    where: str
    path: str
    a: Any
    b: Any

    def __str__(self) -> str:
        return f"{self.where}: {self.path}: {shown(self.a)}, not {shown(self.b)}"


def shown(value: Any) -> str:
    """A value in at most some 200 characters."""
    text = repr(value) if isinstance(value, _Missing | bytes) else json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"


def differences(a: Recording, b: Recording, masking: Masking | None = None) -> list[Difference]:
    """What ``b`` has otherwise than ``a``; ``masking`` is what does not count, MASKS if None."""
    masking = masking or Masking()
    found: list[Difference] = []
    of_clients = zip_longest(a.clients().values(), b.clients().values(), fillvalue=())
    for number, (ours, theirs) in enumerate(of_clients, 1):
        for of_events in (False, True):
            found += _of_sequences(
                _items(ours, number, masking, of_events=of_events),
                _items(theirs, number, masking, of_events=of_events),
            )
    return found


# -- What is compared with what --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Item:
    """An entry: ``label`` is equal for those that belong together, ``parts`` are compared."""

    where: str
    label: str
    parts: dict[str, Any]


def _items(
    entries: Sequence[Entry], client: int, masking: Masking, *, of_events: bool
) -> list[_Item]:
    chosen = [entry for entry in entries if (entry.event is not None) == of_events]
    return [_item(entry, number, client, masking) for number, entry in enumerate(chosen, 1)]


def _item(entry: Entry, number: int, client: int, masking: Masking) -> _Item:
    parts = {name: _part(message, masking) for name, message in entry.messages()}
    if entry.closed:
        parts["closed"] = entry.closed
    if entry.event is not None:
        label = str((entry.event.value or {}).get("event"))
        return _Item(f"client {client}, event {number} ({label})", label, parts)
    if entry.request is None:
        label = next(iter(parts))
        return _Item(f"client {client}, {label}", label, parts)
    label = entry.command or "no command"
    return _Item(f"client {client}, line {number} ({label})", label, parts)


def _part(message: Message, masking: Masking) -> Any:
    """What is compared of a message: its value without what differs, else its bytes."""
    value = message.value
    if value is None or message.size is not None:
        return repr(message.raw)
    if masking.ids:
        value = {name: member for name, member in value.items() if name != "id"}
    return masking.apply(value)


def _of_sequences(a: list[_Item], b: list[_Item]) -> Iterator[Difference]:
    for ours, theirs in _pairs(a, b):
        if ours is None and theirs is not None:
            yield Difference(theirs.where, "all", MISSING, theirs.parts)
        elif ours is not None and theirs is None:
            yield Difference(ours.where, "all", ours.parts, MISSING)
        elif ours is not None and theirs is not None:
            for name in dict.fromkeys([*ours.parts, *theirs.parts]):
                mine, other = ours.parts.get(name, MISSING), theirs.parts.get(name, MISSING)
                ordered = name != "request"  # a client may write it as it likes
                for path, *values in _of_values(mine, other, name, ordered=ordered):
                    yield Difference(ours.where, path, *values)


def _pairs(a: list[_Item], b: list[_Item]) -> Iterator[tuple[_Item | None, _Item | None]]:
    """Items that belong together; what only one side has stands alone."""
    labels_a, labels_b = [item.label for item in a], [item.label for item in b]
    if labels_a == labels_b or len(a) + len(b) > _ALIGNED_MAX:
        yield from zip_longest(a, b)
        return
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, labels_a, labels_b, False).get_opcodes():
        if kind == "equal":
            yield from zip(a[a1:a2], b[b1:b2], strict=True)
        else:
            yield from ((item, None) for item in a[a1:a2])
            yield from ((None, item) for item in b[b1:b2])


# -- Values ----------------------------------------------------------------------------------------

_Found = tuple[str, Any, Any]


def _of_values(a: Any, b: Any, path: str, *, ordered: bool) -> Iterator[_Found]:
    if isinstance(a, dict) and isinstance(b, dict):
        yield from _of_objects(a, b, path, ordered=ordered)
    elif isinstance(a, list) and isinstance(b, list):
        yield from _of_arrays(a, b, path, ordered=ordered)
    elif type(a) is not type(b) or a != b:
        yield path, a, b


def _of_objects(
    a: dict[str, Any], b: dict[str, Any], path: str, *, ordered: bool
) -> Iterator[_Found]:
    for name in dict.fromkeys([*a, *b]):
        one, other = a.get(name, MISSING), b.get(name, MISSING)
        yield from _of_values(one, other, f"{path}.{name}", ordered=ordered)
    order_a, order_b = [name for name in a if name in b], [name for name in b if name in a]
    if ordered and order_a != order_b:
        yield f"{path}, order of members", order_a, order_b


_NAMES: Final = ("name", "id", "node-name", "label", "qom-path", "qom-type", "event", "capability")
"""The members that say which element of an array is which."""


def _of_arrays(a: list[Any], b: list[Any], path: str, *, ordered: bool) -> Iterator[_Found]:
    key = next((key for key in _NAMES if _names_all(a, key) and _names_all(b, key)), None)
    if key is None:
        for index, (one, other) in enumerate(zip_longest(a, b, fillvalue=MISSING)):
            yield from _of_values(one, other, f"{path}[{index}]", ordered=ordered)
        return
    by_name_a, by_name_b = ({each[key]: each for each in array} for array in (a, b))
    for name in dict.fromkeys([*by_name_a, *by_name_b]):
        one, other = by_name_a.get(name, MISSING), by_name_b.get(name, MISSING)
        yield from _of_values(one, other, f"{path}[{name}]", ordered=ordered)
    order_a = [name for name in by_name_a if name in by_name_b]
    order_b = [name for name in by_name_b if name in by_name_a]
    if ordered and order_a != order_b:
        yield f"{path}, order of elements", order_a, order_b


def _names_all(elements: list[Any], key: str) -> bool:
    """Whether each element has a name of its own under ``key``."""
    names = [each.get(key) if isinstance(each, dict) else None for each in elements]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
