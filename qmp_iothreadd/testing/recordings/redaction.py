"""Take out of a recording what others are not to read: the one table of it.

What is taken out is replaced by the same word wherever it stands, in replies and errors too, so
that what was equal stays equal: ``<password 1>``, ``<key 2>``, ``/redacted/3``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from qmp_iothreadd.testing.recordings.format import Entry, Recording
from qmp_iothreadd.testing.recordings.masks import PATH_PATTERN, Mask, mask_of
from qmp_iothreadd.testing.recordings.messages import Message

SECRETS: Final = (
    Mask(
        "password",
        "passwords, also in URLs and in lines of the human monitor",
        re.compile(r"(?:.*[-_])?(?:passw(?:or)?d|passphrase|pin)|cookie"),
        re.compile(
            r"(?<=://)[^/@\s:]*:([^/@\s]+)@"
            r"|\b(?:set_password\s+\w+|change\s+vnc\s+password)\s+(\S+)"
            r"|\bpassword=([^,\s]+)|\"password\":\s*\"([^\"]+)\""
        ),
    ),
    Mask(
        "key",
        "keys and their initialisation vectors",
        re.compile(
            r"(?:.*[-_])?(?:psk|(?:private|secret|master|access|session|dec|tls)[-_]key)|key"
        ),
        re.compile(
            r"-----BEGIN [^-]*KEY-----(.*?)-----END|\bsecret,(?:\S*,)?data=([^,\s]+)", re.DOTALL
        ),
    ),
)
"""Of ``text``, a group is what is secret. ``data`` and ``iv`` of an object of the type secret are
keys, too.
"""

_SECRET_TYPE: Final = "secret"
_OF_SECRETS: Final = ("data", "iv")

_FILE_MEMBERS: Final = ("filename", "backing-filename", "backing_file")
_WHOLE_PATH: Final = re.compile(r"(?=" + PATH_PATTERN.pattern + r")[^\n:'\",]+")

# A shorter secret is taken out where it stands, and not wherever the same letters do.
_SEARCHED_MIN: Final = 4


class Redaction:
    """Words for what is taken out. ``members`` are more names of members that are secret."""

    def __init__(self, members: Iterable[str] = (), *, paths: bool = True) -> None:
        self._members = frozenset(members)
        self._paths = paths
        self._words: dict[str, str] = {}
        self._secrets: dict[str, str] = {}
        self._search = PATH_PATTERN

    @property
    def count(self) -> int:
        """How many things were taken out."""
        return len(self._words)

    def apply(self, recording: Recording) -> Recording:
        """A recording without them. Bytes that are no value are taken out as a whole."""
        for entry in recording.entries:
            for _, message in entry.messages():
                self._learn(message.value)
        longest_first = sorted(self._secrets, key=len, reverse=True)
        found = [re.escape(text) for text in longest_first if len(text) >= _SEARCHED_MIN]
        if self._paths:
            found.append(PATH_PATTERN.pattern)
        self._search = re.compile("|".join(found) or r"(?!)")
        entries = [self._entry(entry) for entry in recording.entries]
        return Recording(entries, of=self._text(recording.of), began=recording.began)

    # -- What is secret ----------------------------------------------------------------------------

    def _learn(self, value: Any) -> None:
        for name, member, parent in _members(value):
            if isinstance(member, str) and member:
                kind = self._kind(name, parent) or self._kind_of_path(name, member)
                if kind is not None:
                    self._secrets.setdefault(member, self._word(kind, member))
                for secret in SECRETS:
                    for found in secret.text.finditer(member):
                        self._note(secret.name, found)

    def _kind_of_path(self, name: str, text: str) -> str | None:
        """Whether all of a string is a path; one with spaces in it is not seen within others."""
        found = name in _FILE_MEMBERS or _WHOLE_PATH.fullmatch(text)
        return "path" if self._paths and found else None

    def _note(self, kind: str, found: re.Match[str]) -> None:
        text = next((group for group in found.groups() if group), None)
        if text is not None:
            self._secrets.setdefault(text, self._word(kind, text))

    def _kind(self, name: str, parent: dict[str, Any]) -> str | None:
        if name in self._members:
            return name
        if name in _OF_SECRETS and parent.get("qom-type") == _SECRET_TYPE:
            return "key"
        if name == "value" and isinstance(parent.get("property"), str):  # qom-set's
            return self._kind(parent["property"], {"qom-type": _SECRET_TYPE})
        return mask_of(SECRETS, name)

    def _word(self, kind: str, text: str) -> str:
        if text not in self._words:
            number = len(self._words) + 1
            self._words[text] = f"/redacted/{number}" if kind == "path" else f"<{kind} {number}>"
        return self._words[text]

    # -- Without it --------------------------------------------------------------------------------

    def _entry(self, entry: Entry) -> Entry:
        made = replace(entry)
        for name, message in entry.messages():
            setattr(made, name, self._message(message))
        return made

    def _message(self, message: Message) -> Message:
        if message.value is not None and message.size is None:
            return Message(self._value(message.value))
        size = message.size or len(message.raw or b"")
        return Message(None, b"<redacted>", size)

    def _value(self, value: Any, name: str = "", parent: dict[str, Any] | None = None) -> Any:
        if isinstance(value, dict):
            inner = _context(name, value, parent or {})
            return {self._text(key): self._value(each, key, inner) for key, each in value.items()}
        if isinstance(value, list):
            return [self._value(element, name, parent) for element in value]
        if not isinstance(value, str):
            return value
        if parent is not None and value and self._kind(name, parent) is not None:
            return self._secrets[value]
        return self._text(value)

    def _text(self, text: str) -> str:
        return self._search.sub(self._replacement, text)

    def _replacement(self, found: re.Match[str]) -> str:
        text = found.group()
        return self._secrets.get(text) or self._word("path", text)


def _context(name: str, value: dict[str, Any], parent: dict[str, Any]) -> dict[str, Any]:
    """An object, with the type of it where that stands beside (as before QEMU 6.0)."""
    if name == "props" and "qom-type" in parent:
        return {**value, "qom-type": parent["qom-type"]}
    return value


def _members(value: Any) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """All members of objects, and the elements of their arrays, at any depth."""
    left: list[tuple[str, Any, dict[str, Any]]] = [("", value, {})]
    while left:
        name, member, parent = left.pop()
        if isinstance(member, dict):
            inner = _context(name, member, parent)
            left += [(key, each, inner) for key, each in member.items()]
        elif isinstance(member, list):
            left += [(name, each, parent) for each in member]
        else:
            yield name, member, parent


def redact(recording: Recording, members: Iterable[str] = (), *, paths: bool = True) -> Recording:
    """A recording without passwords, keys, and ``paths``; ``members`` are more that are secret."""
    return Redaction(members, paths=paths).apply(recording)
