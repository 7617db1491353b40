"""Which texts are ids, as QEMU's util/id has it."""

from __future__ import annotations

_PUNCTUATION = {ord(char): "x" for char in "-._"}


def is_identifier(text: str) -> bool:
    """Whether QEMU takes ``text`` as an id: a letter, then letters, digits, ``-._``, all ASCII."""
    return text.isascii() and text[:1].isalpha() and text.translate(_PUNCTUATION).isalnum()
