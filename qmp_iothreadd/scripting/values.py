"""Values that somebody scripted: copied as JSON has them, and held against the schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.qapi.replies import ReplyError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.qapi.schema import SchemaType


def as_json(meta: str, name: str, value: object) -> Any:
    """A copy of the value, as it is after its way over the wire: tuples are lists.

    ``meta`` and ``name`` say what it is for, such as ``command`` and ``stop``.

    Raises:
        QmpError: JSON has no such value.
    """
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise errors.scripted_value_not_json(meta, name, str(error)) from None


def check_fits(
    machine: Machine, meta: str, name: str, type_: SchemaType | None, value: object
) -> None:
    """Refuse a value that the schema does not allow.

    Raises:
        QmpError: it is not of the type; None is the type of what carries nothing.
    """
    try:
        machine.models.check_reply(type_, value)
    except ReplyError as error:
        raise errors.scripted_value_unfit(meta, name, str(error)) from None


def check_name(meta: str, name: object, known: Iterable[str], *, strict: bool) -> None:
    """Refuse what is no name; if ``strict``, also one that is not known, and name similar ones.

    Raises:
        QmpError: it is refused.
    """
    if not isinstance(name, str) or not name:
        raise errors.scripted_name_malformed(meta)
    names = [*known] if strict else [name]
    if name not in names:
        from difflib import get_close_matches  # seldom

        raise errors.scripted_name_unknown(meta, name, get_close_matches(name, names, 2))
