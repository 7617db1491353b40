"""The keyval language: ``iothread,id=io0,limits.iops-total=5`` as nested dictionaries of strings.

HMP's object_add speaks it, and ``-machine``. A dotted key leads into a dictionary, or into a list
where it is a number; ``,,`` stands for a comma; of a repeated key the last value counts.
``input_visitor`` makes of the strings what a QAPI type asks for. The part of QEMU that shows the
language is util/keyval.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.json.order import qdict_order
from qmp_iothreadd.qom.option_lists import read_value

if TYPE_CHECKING:
    from collections.abc import Iterator

KeyVal = dict[str, Any]
"""Values are strings, ``KeyVal`` or lists of either."""

_FRAGMENT_MAX = 127
_INDEX_MAX = 2**31 - 1
# Not compiled before they are needed: the greeting waits for what starting up compiles.
_NAME = r"(?:__[0-9A-Za-z.-]*_)?[A-Za-z][0-9A-Za-z_-]*"
_NAME_OR_INDEX = rf"[0-9]+|{_NAME}"


def parse(text: str, implied_key: str | None = None) -> tuple[KeyVal, bool]:
    """The nested dictionary that ``text`` describes, and whether it asks for help.

    ``implied_key`` is the key of a first value that comes without one.

    Raises:
        QmpError: the text is not of the language, or contradicts itself.
    """
    result: KeyVal = {}
    wants_help = False
    position = 0
    while position < len(text):
        position, help_here = _parse_one(result, text, position, implied_key)
        wants_help |= help_here
        implied_key = None
    _listify(result)
    return result, wants_help


def _parse_one(result: KeyVal, text: str, start: int, implied: str | None) -> tuple[int, bool]:
    """Read one key and value at ``start``; return where the next begins, and if it was ``help``."""
    comma = text.find(",", start)
    end = len(text) if comma < 0 else comma
    equals = text.find("=", start, end)
    has_value = equals >= 0
    if has_value:
        end = equals
    key = text[start:end]
    if key and not has_value:
        if key in ("help", "?"):
            return end + 1, True
        if implied is not None:
            _put(result, implied, implied, key)
            return end + 1, False
    holder, last = _descend(result, key)
    if not has_value:
        raise errors.keyval_lacks_value(key)
    value, value_end = read_value(text, end + 1)
    _put(holder, last, key, value)
    return value_end + 1, False


def _fragments(key: str) -> Iterator[tuple[str, int]]:
    """The fragments of a dotted key, and where each ends.

    The first is a name, the others are names or indexes. Checked one by one, so that a conflict
    before a bad fragment is noticed first.
    """
    position = 0
    while True:
        pattern = re.compile(_NAME_OR_INDEX if position else _NAME)
        found = pattern.match(key, position)
        if found is None or (found.end() < len(key) and key[found.end()] != "."):
            raise errors.invalid_parameter(key)
        if len(found[0]) > _FRAGMENT_MAX:
            raise errors.keyval_too_long(found[0], fragment=found[0] != key)
        yield found[0], found.end()
        if found.end() == len(key):
            return
        position = found.end() + 1


def _descend(current: KeyVal, key: str) -> tuple[KeyVal, str]:
    """The dictionary that holds the last fragment (made on the way if need be), and that one."""
    fragments = _fragments(key)
    name, end = next(fragments)
    for following, next_end in fragments:
        below = current.setdefault(name, {})
        if not isinstance(below, dict):
            raise errors.keyval_inconsistent(key[:end] + ".")
        current, name, end = below, following, next_end
    return current, name


def _put(holder: KeyVal, name: str, key: str, value: str) -> None:
    if isinstance(holder.get(name), dict):
        raise errors.keyval_inconsistent(key + ".")
    holder[name] = value


def _index(key: str) -> int | None:
    if not (key.isascii() and key.isdecimal()):
        return None
    digits = key.lstrip("0")
    return min(int(digits or "0"), _INDEX_MAX)


class _Node:
    """A dictionary that may have to become a list, its name, and the node that it is in."""

    __slots__ = ("above", "name", "values")

    def __init__(self, values: KeyVal, name: str, above: _Node | None) -> None:
        self.values = values
        self.name = name
        self.above = above

    def prefix(self) -> str:
        """The keys that lead here, with a dot after each."""
        names: list[str] = []
        node: _Node | None = self
        while node is not None and node.above is not None:
            names.append(node.name + ".")
            node = node.above
        return "".join(reversed(names))


def _listify(root: KeyVal) -> None:
    """Replace the dictionaries whose keys are indexes by lists, from the leaves up.

    Without recursion, since keys can be deep; in the order in which QEMU's dictionaries iterate, so
    that the error that QEMU finds first is found.
    """
    pending = [_Node(root, "", None)]
    top_down: list[_Node] = []
    while pending:
        node = pending.pop()
        top_down.append(node)
        for name in qdict_order(node.values):
            value = node.values[name]
            if isinstance(value, dict):
                pending.append(_Node(value, name, node))
    # The last of several siblings came first, with all that is below it: backwards it is right.
    for node in reversed(top_down):
        elements = _elements(node)
        if elements is not None and node.above is not None:
            node.above.values[node.name] = elements


def _elements(node: _Node) -> list[Any] | None:
    """The list that a dictionary stands for, or None where it stands for itself."""
    values = node.values
    indexes = {name: index for name in values if (index := _index(name)) is not None}
    if not indexes:
        return None
    if len(indexes) < len(values):
        raise errors.keyval_inconsistent(node.prefix())
    elements: list[Any] = [None] * len(values)
    for name in qdict_order(values):
        if indexes[name] < len(values):
            elements[indexes[name]] = values[name]
    for index in range(min(len(values), max(indexes.values()) + 1)):
        if elements[index] is None:
            raise errors.keyval_gap(f"{node.prefix()}{index}")
    # Two keys can be one index ("0" and "00"); then the list is shorter than the dictionary.
    return [element for element in elements if element is not None]
