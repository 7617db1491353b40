"""Faults that are asked for."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def asked_for() -> QmpError:
    """The error that is replied where only an error was asked for."""
    return QmpError("This error was asked for")


def fault_not_found(number: int) -> QmpError:
    """A fault that was never there, or was removed."""
    return QmpError(f"There is no fault {number}; x-query-faults lists them")


def fault_kind_unknown(kind: str, known: str) -> QmpError:
    """A kind that the table does not have."""
    return QmpError(f"There is no fault '{kind}'; there are {known}")


def too_many_faults(most: int) -> QmpError:
    """More of them than can be kept."""
    return QmpError(f"There are {most} faults that still wait for messages: remove some")


def fault_cannot_meet(kind: str, message: str, possible: str) -> QmpError:
    """A fault on messages that it can do nothing to."""
    return QmpError(f"'{kind}' cannot be on={message}; it can be on={possible}")


def fault_needs_a_reply(kind: str) -> QmpError:
    """A fault before execution that acts on what a command replies."""
    return QmpError(f"'{kind}' cannot be when=before: it acts on a message that is sent")


def fault_word_without(word: str, needed: str) -> QmpError:
    """A word that says nothing without another."""
    return QmpError(f"'{word}' needs {needed}")


def fault_words_exclude(word: str, other: str) -> QmpError:
    """Two words that contradict each other."""
    return QmpError(f"'{word}' and '{other}' exclude each other")
