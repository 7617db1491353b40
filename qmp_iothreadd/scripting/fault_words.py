"""The words of a fault: a Fault of the schema, checked for what its types do not say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.qapi.shipped import shipped_models
from qmp_iothreadd.scripting import delays
from qmp_iothreadd.scripting.fault_kinds import KINDS
from qmp_iothreadd.scripting.moments import AFTER, BEFORE, EVENT, REPLY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qmp_iothreadd.qapi.models import Models

_EXCLUDE: Final = (
    ("command", "event"),
    ("text", "hex"),
    ("size", "pieces"),
    ("at", "after"),
)
_VERSION: Final = r"\d{1,9}(\.\d{1,9}){0,2}"


def checked(models: Models, words: Mapping[str, Any], *, texts: bool = False) -> dict[str, Any]:
    """The words of a fault with ``on`` and ``when`` filled in, in the order of the schema.

    ``models`` are those of any schema: faults are the package's own. ``texts``: the values are
    texts, as ``keyval.parse`` finds them.

    Raises:
        QmpError: they do not fit the schema, are out of bounds, or contradict each other.
    """
    given = str(words.get("kind"))
    if "kind" in words and given not in KINDS:
        raise errors.fault_kind_unknown(given, ", ".join(KINDS))
    found = _typed(models, dict(words), texts=texts)
    _check_bounds(found)
    for one, other in _EXCLUDE:
        if one in found and other in found:
            raise errors.fault_words_exclude(one, other)
    _fill_in(found)
    _check_moment(found)
    _check_values(found)
    return found


def _typed(models: Models, words: dict[str, Any], *, texts: bool) -> dict[str, Any]:
    own = shipped_models(models)  # a schema of the user's has no faults
    fault = own.schema.types["Fault"]
    found: dict[str, Any]
    if texts:
        from qmp_iothreadd.qom.input_visitor import from_keyval  # only for command lines

        found = from_keyval(fault, words)
        return found
    found = own.validate(fault, words)
    return found


def _check_bounds(words: Mapping[str, Any]) -> None:
    bounds = {"nth": (1, 2**32), "probability": (0.0, 1.0), **KINDS[words["kind"]].bounds}
    for name, (low, high) in bounds.items():
        if name in words and not low <= words[name] <= high:
            raise errors.invalid_parameter_value(name, f"a number from {low:g} to {high:g}")


def _fill_in(words: dict[str, Any]) -> None:
    kind = KINDS[words["kind"]]
    on = EVENT if "event" in words else kind.on[0]
    words.setdefault("on", REPLY if "command" in words else on)
    first = kind.first and words["on"] == REPLY
    words.setdefault("when", BEFORE if first else AFTER)


def _check_moment(words: Mapping[str, Any]) -> None:
    name, on = words["kind"], words["on"]
    kind = KINDS[name]
    if on not in kind.on:
        raise errors.fault_cannot_meet(name, on, ", ".join(kind.on))
    for word, needed in (("command", REPLY), ("event", EVENT)):
        if word in words and on != needed:
            raise errors.fault_word_without(word, f"on={needed}")
    if words["when"] == BEFORE:
        if on != REPLY:
            raise errors.fault_word_without(f"when={BEFORE}", f"on={REPLY}")
        if not kind.before:
            raise errors.fault_needs_a_reply(name)
        for word in ("at", "after"):
            if word in words:
                raise errors.fault_word_without(word, f"when={AFTER}")


def _check_values(words: Mapping[str, Any]) -> None:
    if words["kind"] == "delay":
        _check_delay(words)
    if not re.fullmatch(_VERSION, words.get("version", "0")):
        raise errors.invalid_parameter_value("version", "MAJOR.MINOR.MICRO")
    if not re.fullmatch(r"(?:[0-9a-fA-F]{2})*", words.get("hex", "")):
        raise errors.invalid_parameter_value("hex", "an even number of hexadecimal digits")


def _check_delay(words: Mapping[str, Any]) -> None:
    kind = delays.distribution(words)
    if kind == "uniform":
        for word in ("min-seconds", "max-seconds"):
            if word not in words:
                raise errors.fault_word_without("distribution=uniform", word)
    if words.get("min-seconds", 0.0) > words.get("max-seconds", delays.LONGEST_S):
        raise errors.invalid_parameter_value("max-seconds", "no less than min-seconds")
    if "sigma" in words and kind != "lognormal":
        raise errors.fault_word_without("sigma", "distribution=lognormal")
