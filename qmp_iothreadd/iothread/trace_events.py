"""The names of the engine's trace events, and patterns of names."""

from __future__ import annotations

from qmp_iothreadd import errors


def event_names() -> tuple[str, ...]:
    """All events that there are."""
    # The extension is loaded when somebody traces: the greeting need not wait for it.
    from qmp_iothreadd.iothread._engine import TRACE_EVENTS

    return TRACE_EVENTS


def is_pattern(text: str) -> bool:
    """Whether ``text`` may fit several events; it need not fit any then."""
    return "*" in text


def matching_events(text: str) -> list[str]:
    """The events that a name or a pattern fits: ``*`` is any characters, and ``?`` any one.

    ``?`` is that only in a text that has a ``*`` too: for QEMU's trace/control.c nothing else is a
    pattern.
    """
    if not is_pattern(text):
        return [name for name in event_names() if name == text]
    return [name for name in event_names() if _fits(text, name)]


def _fits(pattern: str, name: str) -> bool:
    """Whether all of ``name`` fits; an expression with many ``.*`` would take exponential time."""
    at = behind = 0  # of name and of pattern, what is still to be compared
    star: tuple[int, int] | None = None  # behind the last ``*``; the name from where it ends so far
    while at < len(name):
        char = pattern[behind : behind + 1]
        if char == "*":
            behind += 1
            star = behind, at
        elif char in ("?", name[at]):
            at += 1
            behind += 1
        elif star is not None:
            behind, at = star[0], star[1] + 1
            star = behind, at
        else:
            return False
    return not pattern[behind:].strip("*")


def existing_events(text: str) -> list[str]:
    """The events that a name or a pattern fits.

    Raises:
        QmpError: a name that no event has.
    """
    found = matching_events(text)
    if not found and not is_pattern(text):
        raise errors.unknown_trace_event(text)
    return found
