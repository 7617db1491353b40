"""Values to JSON as QEMU's qobject/json-writer has it: ASCII, members in the order of dictionaries.

Values are None, bool, int, float, str, and lists and dicts (with str keys) of values, at any depth.
The types are exact (except ``EncodedOnce``, a dict, and ``EncodedText``): anything else raises
TypeError, and a value that is inside itself ValueError.
"""

from collections.abc import Iterable

def dumps(value: object, *, pretty: bool = False) -> bytes:
    """``value`` on one line or, if ``pretty``, on one per member; nothing follows it."""

def message(value: object) -> bytes:
    """``value`` as a monitor sends it: one line, ended by CRLF."""

def pretty_message(value: object) -> bytes:
    """``value`` as a monitor with ``pretty`` set sends it: indented, each line ended by CRLF."""

def qdict_order(keys: Iterable[str]) -> list[str]:
    """Distinct ``keys``, given in order of insertion, as QEMU iterates over them.

    Chains ascending; within one, the newest first.
    """
